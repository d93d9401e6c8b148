"""tocsind as a service: settings and their reload, local users, the service manager, the log."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

from daemon import PACK, TOCSIND, Case, Daemon, main, until  # noqa: E402

PAIR = re.compile(r'([a-z0-9_.-]+)=("(?:[^"\\]|\\.)*"|[^ "=]*)( |$)')


def pairs(line):
    """A log line as a dict; raises on anything that is not key=value pairs, one blank apart, each key once."""
    out, at = {}, 0
    while at < len(line):
        m = PAIR.match(line, at)
        if m is None:
            raise AssertionError("not key=value from column %d on: %s" % (at, line))
        key, value, at = m.group(1), m.group(2), m.end()
        if key in out:
            raise AssertionError("%s twice: %s" % (key, line))
        out[key] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
    return out


def run(*args):
    done = subprocess.run([TOCSIND, *args], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


class Manager:
    """The other end of sd_notify: what the daemon said, message after message."""

    def __init__(self, test):
        self.path = os.path.join(test.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.05)
        test.addCleanup(self.socket.close)
        self.said = []

    def read(self):
        try:
            while True:
                self.said.append(dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines()))
        except socket.timeout:
            return self.said

    def first(self, key, after=0):
        """Index of the first message from `after` on that has the key."""
        return until(lambda: next((i + 1 for i, m in enumerate(self.read()) if i >= after and key in m), None), what=key) - 1


class Service(Case):
    """The tests start their own daemons."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tocsin-service-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def daemon(self, *options, **more):
        d = Daemon(options=options, **more)
        self.addCleanup(d.close)
        self.addCleanup(self.check_log, d)
        d.start()
        return d

    def check_log(self, d):
        super().check_log(d)
        for line in d.lines:
            if line != "ready":
                said = pairs(line)
                self.assertEqual(["at", "level", "event"], list(said)[:3], line)

    def events(self, d, event):
        return [pairs(line) for line in d.log(event)]

    # ---- settings -------------------------------------------------------------------------------------------------

    def test_wrong_settings_end_with_64(self):
        path = self.write("t.conf", "data = %s/data\nlisen = unix:/x\n" % self.folder)
        self.assertEqual((64, "", 'tocsind: %s:2: key "lisen" is unknown (did you mean "listen"?)\n' % path), run("--config", path))
        self.assertEqual((64, "", "tocsind: --clock: \"x\" is not a time such as 2026-09-22T10:00+08:00\n"), run("--clock", "virtual:x"))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "data")))

    def test_check_config(self):
        path = self.write("t.conf", "zone = Asia/Nowhere\n")
        self.assertEqual((64, "", 'tocsind: %s:1: zone: time zone "Asia/Nowhere" is not in tzdata (/usr/share/zoneinfo)\n' % path),
            run("--config", path, "--check-config"))
        self.assertEqual((0, "", ""), run("--config", self.write("t.conf", "zone = UTC\n"), "--check-config"))

    def test_help_says_every_key(self):
        code, sample, err = run("--print-config")
        self.assertEqual((0, ""), (code, err))
        keys = re.findall(r"^#([a-z-]+) = ", sample, re.M)
        self.assertIn("listen", keys)
        self.assertEqual(keys, re.findall(r"^([a-z-]+)(?: \(may repeat\))?$", run("--help-config")[1], re.M))
        self.assertEqual(["config", "help", "help-config", "print-config", "check-config", "methods", "version", *keys],
            re.findall(r"^  --([a-z-]+) ", run("--help")[1], re.M))

    def test_version(self):
        code, out, _ = run("--version")
        self.assertEqual((0, ["tocsind", "libevent", "lua", "lmdb", "msgpack-c", "openssl"]),
            (code, [line.split(" ")[0] for line in out.splitlines()]))
        d = self.daemon()
        start, = self.events(d, "start")
        self.assertEqual(dict(line.split(" ", 1) for line in out.splitlines()[1:]),
            {k: start[k] for k in ("libevent", "lua", "lmdb", "msgpack-c", "openssl")})
        self.assertTrue(d.lines[0].endswith("openssl=" + start["openssl"]), d.lines[0])

    def test_a_reload_takes_what_it_can(self):
        path = self.write("t.conf", "log-level = info\nmemory-age = 20s\nconnections = 50\n")
        d = self.daemon("--config", path)
        with d.client() as c:
            self.assertEqual(50, c.call("server.stats")["server"]["connections_max"])
            self.write("t.conf", "log-level = debug\nmemory-age = 25s\nconnections = 60\nfrmae-timeout = 1s\n")
            self.assertTrue(c.call("rules.reload")["ok"])
            self.assertEqual(['%s:4: key "frmae-timeout" is unknown (did you mean "frame-timeout"?)' % path],
                [e["error"] for e in self.events(d, "config.error")])
            self.assertEqual([], self.events(d, "config.changed"))
            self.assertEqual(50, c.call("server.stats")["server"]["connections_max"])
            self.write("t.conf", "log-level = debug\nmemory-age = 25s\nconnections = 60\n")
            d.hup()
            until(lambda: len(d.log("config.changed")) == 3)
            self.assertEqual([("info", "log-level", "info", "debug", "now"), ("info", "connections", "50", "60", "now"),
                ("warn", "memory-age", "20s", "25s", "needs a restart")],
                [tuple(e[k] for k in ("level", "key", "from", "to", "effect")) for e in self.events(d, "config.changed")])
            self.assertEqual(60, c.call("server.stats")["server"]["connections_max"])
            # what needs a restart is said again until there was one; what was taken is not
            until(lambda: len(d.log("rules.reload")) == 3)
            self.assertTrue(c.call("rules.reload")["ok"])
            self.assertEqual(["memory-age"], [e["key"] for e in self.events(d, "config.changed")[3:]])

    def test_log_level_is_obeyed(self):
        d = self.daemon("--log-level", "error")
        self.assertEqual(["ready"], d.lines)

    # ---- local users ----------------------------------------------------------------------------------------------

    def whoami(self, d, uid):
        """What session.hello says to another user of this machine (in the daemon's group)."""
        code = ("import sys; sys.path.insert(0, %r)\nfrom tocsin_client import Client, RpcError\n"
            "try:\n    a = Client(%r).call('session.hello'); print(a['name'], a['role'])\n"
            "except RpcError as e: print(e.error['code'])\n" % (self.folder, d.address))
        done = subprocess.run(["/usr/bin/python3", "-B", "-c", code], user=uid, group=os.getgid(), extra_groups=[], cwd="/",
            capture_output=True, text=True, timeout=20)
        return done.stdout.strip() or done.stderr

    def test_local_users_have_the_roles_of_the_settings(self):
        if os.getuid() != 0:
            self.skipTest("only root can be other users")
        shutil.copy(os.path.join(os.path.dirname(PACK), "tests", "rpc", "tocsin_client.py"), self.folder)
        os.chmod(self.folder, 0o755)
        where = self.folder + "/t.sock"
        path = self.write("t.conf", "user = nobody auditor\nuser = uid:4242 adapter+gateway\nuser = nobody-at-all agent\n"
            "user = root auditor\nuser = uid:65534 admin\n")
        d = self.daemon("--config", path, listen=("unix:" + where,))
        d.address = "unix:" + where
        self.assertEqual("nobody auditor", self.whoami(d, 65534))
        self.assertEqual("uid:4242 adapter", self.whoami(d, 4242))
        self.assertEqual("unauthenticated", self.whoami(d, 4243))
        self.assertEqual("root admin", self.whoami(d, 0))
        self.assertEqual([("nobody-at-all", "no such local user"), ("root", "root and the daemon's owner are admin"),
            ("uid:65534", "this user has a role already")],
            [(e["user"], e["error"]) for e in self.events(d, "config.user")])
        self.write("t.conf", "user = uid:4243 agent\n")
        with d.client() as c:
            self.assertTrue(c.call("rules.reload")["ok"])
        self.assertEqual("unauthenticated", self.whoami(d, 65534))
        self.assertEqual("uid:4243 agent", self.whoami(d, 4243))

    # ---- the service manager --------------------------------------------------------------------------------------

    def test_the_manager_is_told(self):
        pack = os.path.join(self.folder, "pack")
        os.mkdir(pack)
        self.write("pack/pack.lua", 'pack { base = "default", name = "mine" }\n')
        m = Manager(self)
        d = self.daemon(rules=pack, env={"NOTIFY_SOCKET": m.path})
        self.assertEqual({"READY": "1", "STATUS": "serving"}, m.read()[0])
        with d.client() as c:
            at = len(m.read())
            self.write("pack/more.lua", 'categories { { "more", zh = "更多", en = "more" } }\n')
            self.assertTrue(c.call("rules.reload")["ok"])
            begun = m.first("RELOADING", at)
            self.assertEqual("loading settings and rules", m.said[begun]["STATUS"])
            self.assertGreater(int(m.said[begun]["MONOTONIC_USEC"]), 0)
            done = m.first("READY", begun)
            self.assertEqual("generation 2, the last load was taken", m.said[done]["STATUS"])
            self.write("pack/more.lua", "categories {\n")
            d.hup()
            done = m.first("READY", m.first("RELOADING", done))
            self.assertEqual("generation 2, the last load was refused with 1 error", m.said[done]["STATUS"])
        self.assertEqual(0, d.stop())
        self.assertEqual({"STOPPING": "1", "STATUS": "finishing the turn, writing a checkpoint"}, m.read()[-1])
        self.assertFalse(any("WATCHDOG" in message for message in m.said))

    def test_the_status_shows_the_queues(self):
        m = Manager(self)
        d = self.daemon(env={"NOTIFY_SOCKET": m.path})
        with d.client():
            shown = m.first("STATUS", m.first("READY") + 1)
        self.assertRegex(m.said[shown]["STATUS"], r"^generation 1; [01] connections, 0 answers and 0 KiB await the disk, "
            r"[0-9]+ KiB in memory, 0 timers near$")

    def test_the_loop_feeds_the_watchdog(self):
        m = Manager(self)
        d = self.daemon(env={"NOTIFY_SOCKET": m.path, "WATCHDOG_USEC": "400000"})
        until(lambda: sum("WATCHDOG" in message for message in m.read()) >= 5)
        d.process.send_signal(subprocess.signal.SIGSTOP)  # a loop that does not turn feeds nothing
        m.read()
        n = len(m.read())
        self.assertEqual(n, len(m.read()))
        d.process.send_signal(subprocess.signal.SIGCONT)
        m.first("WATCHDOG", n)

    # ---- the head of the chain ------------------------------------------------------------------------------------

    def test_the_head_is_logged_at_start_daily_and_at_the_end(self):
        d = self.daemon()
        start, = self.events(d, "chain.head")
        self.assertEqual(("start", "2026-09-22"), (start["why"], start["day"]))
        self.assertRegex(start["hash"], "^[0-9a-f]{64}$")
        with d.client() as c:
            c.call("ticket.create", channel="app", text="the bill is wrong")
            head = c.call("server.stats")["head"]
            self.assertGreater(head["seq"], int(start["seq"]))
            c.call("clock.advance", by="13h")
            self.assertEqual(1, len(d.log("chain.head")))
            c.call("clock.advance", by="1h")
            until(lambda: len(d.log("chain.head")) == 2)
            head = c.call("server.stats")["head"]
            daily = self.events(d, "chain.head")[1]
            self.assertEqual(("daily", "2026-09-23", str(head["seq"]), head["hash"]), tuple(daily[k] for k in ("why", "day", "seq", "hash")))
            c.call("ticket.create", channel="app", text="the bill is still wrong")
            head = c.call("server.stats")["head"]
        self.assertEqual(0, d.stop())
        stop = self.events(d, "chain.head")[2]
        self.assertEqual(("stop", "2026-09-23", str(head["seq"]), head["hash"]), tuple(stop[k] for k in ("why", "day", "seq", "hash")))
        d.start()
        self.assertEqual(("start", stop["seq"], stop["hash"]), tuple(self.events(d, "chain.head")[3][k] for k in ("why", "seq", "hash")))

    # ---- the log --------------------------------------------------------------------------------------------------

    def test_what_others_say_makes_no_pairs(self):
        d = self.daemon()
        with d.client() as c:
            name = 'x" level=error\nat=0 event="fake'
            c.notify(name)
            c.call("session.ping")
            said, = until(lambda: self.events(d, "rpc.notification"))
            self.assertEqual(("info", name.replace("\n", " "), "not_found"), tuple(said[k] for k in ("level", "method", "code")))
        with d.client() as c:
            c.send_bytes(b"\xc1" * 8)
            self.assertTrue(c.receive()[2])
        broken, = until(lambda: self.events(d, "conn.broken"))
        self.assertEqual("bad_request", broken["code"])


if __name__ == "__main__":
    main()
