"""What the black-box tests share: a daemon in a directory of its own, and a runner that ends with one line of counts.

    with Daemon() as d, d.client() as c:
        c.call("ticket.create", channel="app", text="...")
        d.kill(); d.start()

The program is build/tocsind of this repository, or what the environment variable TOCSIND names.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from tocsin_client import Client, RpcError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOCSIND = os.environ.get("TOCSIND", os.path.join(ROOT, "build", "tocsind"))
PACK = os.path.join(ROOT, "lua")
ME = pwd.getpwuid(os.geteuid()).pw_name  # the owner of the daemons that tests start, and so an admin
START = "2026-09-22T10:00"
START_MS = 1790042400000  # that, in the pack's zone
DIGEST = re.compile("[0-9a-f]{32,}")
NUMBER = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


class Daemon:
    """tocsind on a fresh data directory; what it writes on stderr is kept over all its starts."""

    def __init__(self, rules=PACK, clock="virtual:" + START, listen=(), data=None, options=(), env=None):
        self.dir = tempfile.mkdtemp(prefix="tocsin-")
        self.data = data or os.path.join(self.dir, "data")
        os.makedirs(self.data, exist_ok=True)
        self.rules, self.clock, self.listen = rules, clock, listen
        self.options, self.env = options, env  # further words of the command line; what its environment has more
        self.address = "unix:" + os.path.join(self.data, "tocsin.sock")
        self.lines = []
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, within=20.0):
        """Until `ready`; returns the seconds it took. A daemon that ends instead raises with what it said."""
        began = time.monotonic()
        command = [TOCSIND, "--data", self.data, "--rules", self.rules, "--share", PACK, "--clock", self.clock]
        for address in (self.address, *self.listen):
            command += ["--listen", address]
        command += self.options
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C", **(self.env or {})})
        ready = threading.Event()
        self.reader = threading.Thread(target=self._read, args=(self.process, ready), daemon=True)
        self.reader.start()
        if not ready.wait(within) or not self.is_ready:
            self.kill()
            raise RuntimeError("tocsind is not ready:\n" + "\n".join(self.lines[-20:]))
        return time.monotonic() - began

    def _read(self, process, ready):
        self.is_ready = False
        for raw in process.stderr:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.lines.append(line)
            if line == "ready":
                self.is_ready = True
                ready.set()
        ready.set()

    def client(self, address=None, **more):
        return Client(address or self.address, **more)

    def kill(self):
        """kill -9, and nothing of it is left running."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.reader.join(5)
            self.process.stderr.close()
            self.process = None

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.reader.join(5)
        self.process.stderr.close()
        self.process = None
        return code

    def restart(self):
        self.kill()
        return self.start()

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self, event=None):
        return [line for line in self.lines if event is None or " event=%s " % event in line + " "]

    def numbers_in_log(self):
        return [line for line in self.lines if NUMBER.search(DIGEST.sub("digest", line))]

    def close(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def free_port():
    """A port of the loopback that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(condition, within=10.0, what="the condition"):
    """The first true answer of condition()."""
    end = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("%s did not come about within %.0f s" % (what, within))
        time.sleep(0.02)


def history(client, ticket):
    """All events of a ticket, page after page."""
    out, after = [], 0
    while after is not None:
        page = client.call("ticket.history", id=ticket, after=after, limit=1000)
        out += page["events"]
        after = page.get("after")
    return out


class Case(unittest.TestCase):
    """A test on one daemon, started for each test; classes that change nothing may share one by `shared = True`."""

    maxDiff = 1500
    listen = ()
    shared = False

    @classmethod
    def setUpClass(cls):
        cls.shared_daemon = cls.daemon_new() if cls.shared else None

    @classmethod
    def tearDownClass(cls):
        if cls.shared_daemon is not None:
            cls.shared_daemon.close()

    @classmethod
    def daemon_new(cls):
        d = Daemon(listen=cls.listen)
        try:
            d.start()
        except BaseException:
            d.close()
            raise
        return d

    def setUp(self):
        self.d = self.shared_daemon or self.daemon_new()
        if not self.shared:
            self.addCleanup(self.d.close)
        self.addCleanup(self.check_log, self.d)
        self.c = self.connect()

    def check_log(self, d):
        self.assertEqual([], d.numbers_in_log())

    def connect(self, address=None, **more):
        c = self.d.client(address, **more)
        self.addCleanup(c.close)
        return c

    def restart(self):
        """kill -9, start again, connect again."""
        self.c.close()
        took = self.d.restart()
        self.c = self.connect()
        return took

    def published(self, topic, after=0):
        """All events of a topic behind that seq, as {seq, topic, at, data}."""
        c = self.connect()
        c.call("topic.subscribe", topics=[topic], after=after)
        n = quiet = 0
        while quiet < 20:
            c.call("session.ping")
            quiet, n = (quiet + 1 if len(c.events) == n else 0), len(c.events)
        c.close()
        return [params[0] for _, params in c.events]

    def create(self, **more):
        args = {"channel": "app", "text": "the bill is wrong"}
        args.update(more)
        return self.c.call("ticket.create", args)

    def refused(self, method, args=None, c=None, **expected):
        """The call must be refused with exactly these members of the error (code, message, argument, value, reason)."""
        with self.assertRaises(RpcError) as caught:
            (c or self.c).call(method, args or {})
        error = caught.exception.error
        self.assertEqual(expected, {key: error.get(key) for key in expected}, error)
        return error

    def history(self, ticket, c=None):
        return history(c or self.c, ticket)

    def head(self):
        return self.c.call("server.stats")["head"]


def main():
    """Run the tests of the calling file; the last line is "N passed, N failed, N skipped"."""
    program = unittest.main(module="__main__", exit=False, verbosity=1, buffer=False)
    result = program.result
    bad = [test for test, _ in result.failures + result.errors] + result.unexpectedSuccesses
    n_bad = len({getattr(test, "test_case", test).id() for test in bad})  # a test whose subtests fail is one
    n_skipped = len(result.skipped)
    print("%d passed, %d failed, %d skipped" % (max(result.testsRun - n_bad - n_skipped, 0), n_bad, n_skipped), flush=True)
    sys.exit(1 if n_bad > 0 or result.testsRun == 0 else 0)
