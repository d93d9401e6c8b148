"""tocsin against a running daemon: every command, its tables, its errors, its exit."""

import csv
import hashlib
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from tocsin_run import ROOT, TOCSIN, environment, tocsin

from daemon import START_MS, Case, Daemon, main, until

MAPPING = """[columns]
text = what
created = when
source_ref = ref
category = category
[constants]
channel = import
[times]
created = YYYY-MM-DD
"""


class Commands(Case):
    maxDiff = 3000

    def tocsin(self, *args, **more):
        return tocsin(*args, server=self.d.address, **more)

    def ok(self, *args, **more):
        said = self.tocsin(*args, **more)
        self.assertEqual((0, ""), (said.code, said.err), said)
        return said.out

    def fails(self, code, err, *args, **more):
        said = self.tocsin(*args, **more)
        self.assertEqual((code, "", err), (said.code, said.out, said.err))

    def folder(self):
        path = tempfile.mkdtemp(prefix="tocsin-cli-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    # ---- help and usage ---------------------------------------------------------------------------------------------

    def test_help(self):
        out = self.ok("--help")
        names = re.findall(r"^  ([a-z]+) +[A-Z]", out, re.M)
        self.assertEqual(["new", "show", "list", "act", "history", "explain", "cases", "warn", "report", "drill", "watch", "export", "import", "detect", "drop", "hook", "rules", "now", "top", "stats", "backup",
            "token", "restore", "fsck", "call"], names)
        for name in names:
            self.assertTrue(self.ok(name, "--help").startswith("Usage: tocsin %s " % name), name)

    def test_wrong_usage_is_2(self):
        for args, err in (
                (["shwo", "1"], 'tocsin: there is no command "shwo" (did you mean "show"?)\n'),
                (["show", "x"], 'tocsin: ID must be an integer from 1 to 9007199254740991, not "x"\nUsage: tocsin show ID\n'),
                (["history"], "tocsin: one ID is needed\nUsage: tocsin history ID\n"),
                (["list", "--limt", "3"], 'tocsin: unknown option "--limt" (did you mean "--limit"?)\n'
                    "Usage: tocsin list [where] [field=value ...] [--order FIELD|-FIELD] [--limit N]\n"),
                (["--sever", "x", "list"], 'tocsin: unknown option "--sever" (did you mean "--server"?)\n'),
                (["call", "ticket.get", "id"], 'tocsin: expected key=value, not "id"\n'
                    "Usage: tocsin call METHOD [key=value ... | JSON]\n")):
            with self.subTest(args=args):
                self.fails(2, err, *args)

    def test_no_daemon(self):
        said = tocsin("list", server="unix:/nonexistent/s")
        self.assertEqual((1, "tocsin: unreachable: /nonexistent/s: no such socket; is tocsind running there?\n"), (said.code, said.err))
        said = tocsin("--server", "http://x", "list")
        self.assertEqual((1, "tocsin: unreachable: http://x: expected unix:PATH or tcp:HOST:PORT\n"), (said.code, said.err))

    # ---- call ---------------------------------------------------------------------------------------------------------

    def test_call_types_by_the_table(self):
        made = json.loads(self.ok("call", "ticket.create", "channel=app", "number=13800138000", "text=7", "priority=2",
            'customer={"vip":true}', "customer.name=王女士", "fields.code=007", "fields.n:=7", "occurred=2026-09-22T09:00"))
        got = self.c.call("ticket.get", id=made["id"])
        self.assertEqual({"number": "13800138000", "text": "7", "priority": 2, "customer": {"vip": True, "name": "王女士"},
            "fields": {"code": "007", "n": 7}, "occurred": START_MS - 3600000},
            {k: got[k] for k in ("number", "text", "priority", "customer", "fields", "occurred")})
        self.assertEqual({"now": START_MS + 1800000},
            {"now": json.loads(self.ok("call", "clock.advance", "by=30m"))["now"]})
        self.assertEqual(made["id"], json.loads(self.ok("call", "ticket.get", '{"id": %d}' % made["id"]))["id"])

    def test_call_errors(self):
        self.fails(1, 'tocsin: bad_request: id must be an integer, not "abc" (argument id = abc)\n', "call", "ticket.get", "id=abc")
        self.fails(1, "tocsin: not_found: ticket 9 does not exist (argument id = 9)\n", "call", "ticket.get", "id=9")
        self.fails(1, 'tocsin: not_found: method "ticket.gett" does not exist (did you mean "ticket.get"?)\n', "call", "ticket.gett")
        self.fails(1, "tocsin: bad_request: customer: no JSON: line 1 column 1: '[' or '{' expected near 'x'\n"
            .replace("'[' or '{' expected", "invalid token"), "call", "ticket.create", "customer=x")

    # ---- tickets --------------------------------------------------------------------------------------------------------

    def test_tables_align_chinese(self):
        self.create(text="没有信号", title="信号", number="13800138000", category="network.no_service", city="foshan")
        self.create(text="slow", number="13800138001", category="network.slow", city="foshan")
        lines = self.ok("list", "where", "city=foshan").splitlines()
        self.assertEqual(["ID", "NO", "STATUS", "STAGE", "CATEGORY", "CITY", "QUEUE", "DUE", "TITLE"], lines[0].split())
        self.assertEqual(3, len(lines))
        self.assertEqual(" 1  C20260922-000001  acknowledged  accepted  network.no_service  foshan", lines[1][:72])
        self.assertTrue(lines[1].endswith("  信号"), lines[1])
        self.assertTrue(lines[2].endswith("  slow"), lines[2])
        self.assertEqual(len(lines[2]) - len("slow"), len(lines[1]) - len("信号"))

    def test_list_conditions(self):
        for i, category in enumerate(("network.slow", "network.5g", "billing.cdr", "billing.cdr")):
            self.create(category=category, number="1380013800%d" % i)

        def ids(*args):
            return [t["id"] for t in json.loads(self.ok("--json", "list", *args))]

        self.assertEqual([3, 4], ids("category=billing.cdr"))
        self.assertEqual([1, 2], ids("category=network.slow,network.5g", "--order", "id"))
        self.assertEqual([2, 3], ids("id>=2", "id<4", "--order", "id"))
        self.assertEqual([4, 3], ids("--order", "-id", "--limit", "2", "created>=2026-09-22T10:00"))
        self.assertEqual([], ids("created<2026-09-22T10:00"))
        self.assertEqual([2], ids("number=13800138001"))
        for field in ("urges", "transfers", "escalation", "reopened", "duplicate_of", "ping_pong"):
            self.assertEqual([], ids(field + ">=1"))
        self.c.call("contact.add", ticket=2, channel="app", kind="urge")
        self.assertEqual([[2]] * 4, [ids("urges=1"), ids("urges=1,7"), ids("last_contact>=2026-09-22T10:00", "urges>0"), ids("complete=false", "id=2")])
        self.fails(1, 'tocsin: bad_request: urges must be an integer, not "one" (argument urges = one)\n', "list", "urges=one")
        self.assertEqual([], ids("title=true"))
        for _ in range(48):
            self.create()
        said = self.tocsin("list")
        self.assertEqual((51, "there are more; --limit N shows them\n"), (len(said.out.splitlines()), said.err))
        self.assertEqual(53, len(self.ok("list", "--limit", "60").splitlines()))

    def test_new_act_history_explain(self):
        out = self.ok("new", "channel=hotline_10086", "number=13800138000", "text=实名制", "category=account.realname", "city=foshan")
        self.assertIn("queue         second_line\n", out)
        out = self.ok("act", "1", "dispatch", "queue=city_support.foshan", "--note", "客户催办")
        self.assertRegex(out, r"(?m)^queue +city_support\.foshan$")
        self.fails(1, self.tocsin("act", "1", "confirm").err, "act", "1", "confirm")
        self.assertRegex(self.tocsin("act", "1", "confirm").err, r"^tocsin: rejected: ")
        lines = self.ok("history", "1").splitlines()
        self.assertEqual(["SEQ", "AT", "WHO", "WHAT", "CHANGED"], lines[0].split())
        self.assertIn("2026-09-22 10:00:00+08:00", lines[1])
        self.assertIn("ticket.act dispatch", lines[2])
        self.assertIn("queue: second_line → city_support.foshan", lines[2])
        self.assertTrue(lines[2].endswith("“客户催办”"), lines[2])
        seq = lines[1].split()[0]
        out = self.ok("explain", "1", "--seq", seq)
        self.assertTrue(out.startswith("ticket 1, entry " + seq + " of 2026-09-22 10:00:00+08:00, rules of generation 1 (* fired)\n\ncreate\n"), out[:200])
        self.assertRegex(out, r"(?m)^ \*  clocks/dispatch +clocks\.lua:\d+")
        self.assertRegex(out, r'(?m)^    clocks/dispatch, major +clocks\.lua:\d+ +grade is normal, not ')
        self.assertEqual({"clocks/dispatch"}, {rule["rule"] for d in json.loads(
            self.ok("--json", "explain", "1", "--seq", seq, "--rule", "clocks/dispatch"))["decisions"] for rule in d["rules"]})

    def test_times_of_fields_of_their_own(self):
        case = self.c.call("ticket.create", kind="incident", channel="app", title="t", text="x", category="recharge.not_credited", city="foshan")["id"]
        self.ok("act", case, "ask_green", "service=recharge", "until_time=2026-09-22T18:30", "reason=all of it is down")
        shown = dict(line.split(None, 1) for line in self.ok("show", case).splitlines() if line.startswith("fields.green"))
        self.assertEqual({"fields.green": "asked", "fields.green_asked_at": "2026-09-22 10:00:00+08:00", "fields.green_asked_by": self.who(),
            "fields.green_reason": "all of it is down", "fields.green_service": "recharge", "fields.green_until": "2026-09-22 18:30:00+08:00"},
            {name: text.strip() for name, text in shown.items()})
        self.assertTrue(self.ok("history", case).splitlines()[2].endswith("fields.green:  → asked; fields.green_asked_at:  → 2026-09-22 10:00:00+08:00; "
            "fields.green_asked_by:  → %s; fields.green_reason:  → all of it is down; fields.green_service:  → recharge; "
            "fields.green_until:  → 2026-09-22 18:30:00+08:00" % self.who()))
        with Daemon(rules=os.path.join(ROOT, "examples", "guangdong")) as d:
            server = ("--server", d.address)
            with d.client() as c:
                case = c.call("ticket.create", kind="emergency", channel="app", text="x")["id"]
            self.assertEqual(0, tocsin(*server, "act", case, "tick", "step=fuel", "text=two tanks", cwd=d.dir).code)
            (line,) = [line for line in tocsin(*server, "show", case).out.splitlines() if line.startswith("fields.ticked ")]
            self.assertIn('"at":"2026-09-22 10:00:00+08:00"', line)

    def test_act_reads_values_as_the_action_asks(self):
        self.create(number="13800138000", category="billing.cdr")
        self.ok("act", 1, "dispatch")
        self.ok("act", 1, "handle")
        self.fails(1, 'tocsin: bad_request: refund must be an integer, not "much" (argument refund = much)\n', "act", 1, "reply", "text=x", "refund=much")
        self.ok("act", 1, "reply", "text=2026", "refund=100")
        self.assertEqual(100, self.c.call("ticket.get", id=1)["approval"]["amount"])
        self.ok("act", 1, "reply", "text=2026")
        self.fails(1, 'tocsin: bad_request: satisfied must be true or false, not "yes" (argument satisfied = yes)\n', "act", 1, "confirm", "satisfied=yes")
        self.assertEqual("tocsin: bad_request: satisfied 应为 true 或 false，而不是“yes”（参数 satisfied = yes）\n",
            self.tocsin("--lang", "zh", "act", 1, "confirm", "satisfied=yes").err)
        self.ok("act", 1, "confirm", "satisfied=true")
        self.fails(1, "tocsin: not_found: ticket 9 does not exist (argument id = 9)\n", "act", 9, "confirm", "satisfied=true")
        case = self.c.call("ticket.create", kind="incident", channel="app", title="t", text="x", category="recharge.not_credited", city="foshan")["id"]
        self.fails(1, 'tocsin: bad_request: until_time: "tomorrow" is not a time such as 2026-09-22T10:00+08:00\n',
            "act", case, "ask_green", "service=recharge", "until_time=tomorrow", "reason=x")
        for words in ("numbers=13800138000,13800138001", 'numbers=["13800138000","13800138001"]', 'numbers:=["13800138000","13800138001"]'):
            self.ok("act", case, "restore_numbers", words)
            self.assertEqual(2, self.c.call("task.list", ticket=case)["tasks"][-1]["n_numbers"])
        self.ok("act", case, "widen", "cities=guangzhou,foshan")
        self.assertEqual(["guangzhou", "foshan"], self.c.call("ticket.get", id=case)["fields"]["cities"])

    def test_texts_in_two_languages_are_shown_in_the_readers(self):
        self.create(number="13800138000", category="billing.cdr")
        for lang, advice in (("en", "information is missing, please ask"), ("zh", "信息不完整，请补充")):
            shown = dict(line.split(None, 1) for line in self.ok("--lang", lang, "new", "channel=app", "text=x", "category=billing.cdr").splitlines())
            self.assertEqual('["%s"]' % advice, shown["advice"].strip())
        self.assertEqual([{"en": "information is missing, please ask", "zh": "信息不完整，请补充"}],
            json.loads(self.ok("--json", "new", "channel=app", "text=x", "category=billing.cdr"))["advice"])

    def test_a_rule_is_named_with_or_without_its_set(self):
        self.create(number="13800138000", category="billing.cdr")
        whole = self.ok("explain", 1, "--rule", "routing/major")
        self.assertIn("routing/major", whole)
        self.assertEqual(whole, self.ok("explain", 1, "--rule", "major"))
        tried = self.ok("rules", "try", "channel=app", "text=x", "--why-not", "routing/major")
        self.assertIn("routing/major", tried)
        self.assertEqual(tried, self.ok("rules", "try", "channel=app", "text=x", "--why-not", "major"))

    def who(self):
        return self.c.call("session.hello")["name"]

    def test_export(self):
        self.create(text='a "quoted", text\nof two lines', number="13800138000", title="=1+1")
        for i in range(1200):
            self.c.call("ticket.create", channel="app", text="t%d" % i)
        tickets = [json.loads(line) for line in self.ok("export").splitlines()]
        self.assertEqual(list(range(1, 1202)), [t["id"] for t in tickets])
        rows = list(csv.DictReader(io.StringIO(self.ok("export", "where", "id<=2", "--format", "csv"), newline="")))
        self.assertEqual([("1", "13800138000", "'=1+1", 'a "quoted", text\nof two lines', "2026-09-22 10:00:00"),
            ("2", "", "", "t0", "2026-09-22 10:00:00")],
            [(r["id"], r["number"], r["title"], r["text"], r["created"]) for r in rows])

    # ---- watch ------------------------------------------------------------------------------------------------------------

    def watch(self, *args):
        p = subprocess.Popen([TOCSIN, "--json", "watch", *args], env=environment(self.d.address), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (p.kill(), p.wait(), p.stdout.close(), p.stderr.close()))
        return p

    def subscribed(self):
        return self.c.call("server.stats")["rpc"]["methods"].get("topic.subscribe", {}).get("calls", 0)

    def test_watch_survives_the_daemon_and_ends_cleanly(self):
        p = self.watch("#", "--consumer", "desk")
        until(lambda: self.subscribed() == 1)
        self.create()
        first = json.loads(p.stdout.readline())
        self.assertEqual(("ticket.second_line", 1), (first["topic"], first["data"]["id"]))
        self.restart()
        until(lambda: self.subscribed() == 1)
        self.create()
        self.assertEqual(2, json.loads(p.stdout.readline())["data"]["id"])
        p.send_signal(signal.SIGINT)
        self.assertEqual(0, p.wait(10))
        self.create()  # while nobody watches
        p = self.watch("#", "--consumer", "desk")
        self.assertEqual(3, json.loads(p.stdout.readline())["data"]["id"])

    def test_watch_shows_times_of_the_daemons_zone(self):
        p = subprocess.Popen([TOCSIN, "watch", "#"], env=environment(self.d.address), stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.terminate)
        until(lambda: self.subscribed() == 1)
        self.create()
        self.assertRegex(p.stdout.readline(), r"^2026-09-22 10:00:00\+08:00  ticket\.second_line  \{")

    # ---- rules ------------------------------------------------------------------------------------------------------------

    def test_rules_reload_and_status(self):
        self.assertRegex(self.ok("rules", "reload").splitlines()[-1], r"^reload: ok, generation 1 decides \(\d+ rules, \d+ specs, ")
        self.assertRegex(self.ok("rules", "status"), r"(?m)^generation +1$")
        said = self.tocsin("rules", "relod")
        self.assertEqual((2, 'tocsin: rules has no "relod"; it has status, check, try, diff, reload, rollback (did you mean "reload"?)'),
            (said.code, said.err.splitlines()[0]))

    def test_reload_and_rollback(self):
        pack = self.folder()
        self.write(os.path.join(pack, "pack.lua"), 'pack { base = "default", name = "mine" }\n')
        with Daemon(rules=pack) as d:
            self.write(os.path.join(pack, "more.lua"), 'categories { { "more", zh = "更多", en = "more" } }\n')
            said = tocsin("rules", "reload", server=d.address)
            self.assertRegex(said.out.splitlines()[-1], r"^reload: ok, generation 2 decides ")
            self.write(os.path.join(pack, "more.lua"), "categories {\n")
            said = tocsin("rules", "reload", server=d.address)
            self.assertEqual(1, said.code, said)
            self.assertRegex(said.out, r"(?m)^more\.lua:\d+:\d+: ")
            self.assertRegex(said.out.splitlines()[-1], r"^reload: refused, 1 error; generation 2 goes on deciding$")
            said = tocsin("rules", "rollback", "1", server=d.address)
            self.assertRegex(said.out.splitlines()[-1], r"^rollback: ok, generation 3 decides ", said)

    # ---- operators --------------------------------------------------------------------------------------------------------

    def test_token(self):
        data = self.folder()
        said = tocsin("token", "add", "bob", "agent", "--data", data)
        self.assertEqual(0, said.code, said)
        token = said.out.strip()
        self.assertRegex(token, "^[0-9a-f]{64}$")
        path = os.path.join(data, "tokens")
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        with open(path, encoding="ascii") as f:
            self.assertEqual("bob agent %s\n" % hashlib.sha256(token.encode()).hexdigest(), f.read())
        for lang, note in (("en", "token of ann (agent): shown this once; its digest is in %s. The daemon reads it on SIGHUP or restart.\n"),
                           ("zh", "ann（agent）的令牌：只显示这一次；摘要在 %s。守护进程在 SIGHUP 或重启时读取。\n")):
            there = self.folder()
            self.assertEqual(note % os.path.join(there, "tokens"), tocsin("--lang", lang, "token", "add", "ann", "agent", "--data", there).err)
        for lang, note in (("en", "%s: there is no such data directory; name it with --data, or make it first"), ("zh", "%s：没有这个数据目录；请用 --data 写明，或先创建")):
            said = tocsin("--lang", lang, "token", "add", "ann", "agent", "--data", os.path.join(data, "none"))
            self.assertEqual((1, "tocsin: not_found: %s\n" % (note % os.path.join(data, "none", "tokens"))), (said.code, said.err))
        said = tocsin("token", "add", "bob", "agnet", "--data", data)
        self.assertEqual((2, 'tocsin: "agnet" is no role; roles are: intake agent supervisor leader analyst operator adapter auditor '
            'admin (did you mean "agent"?)\nUsage: tocsin token add NAME ROLE [--data DIR]\n'), (said.code, said.err))
        with socket.create_server(("127.0.0.1", 0)) as s:
            address = "tcp:127.0.0.1:%d" % s.getsockname()[1]
        with Daemon(data=data, listen=(address,)) as d:
            file = self.write(os.path.join(data, "mine"), token + "\n")
            said = tocsin("--server", address, "--token-file", file, "list")
            self.assertEqual((0, ""), (said.code, said.err), said)
            said = tocsin("--server", address, "list")
            self.assertEqual(1, said.code)
            self.assertRegex(said.err, "^tocsin: unauthenticated: ")
            later = tocsin("token", "add", "ann", "auditor", "--data", data).out
            self.write(file, later)
            d.hup()
            until(lambda: tocsin("--server", address, "--token-file", file, "list").code == 0)

    def test_stats(self):
        self.create()
        self.assertRegex(self.ok("stats"), r"(?m)^tickets\.created +1$")
        self.assertEqual(1, json.loads(self.ok("--json", "stats"))["tickets"]["created"])

    def test_backup_fsck_restore(self):
        self.create(text="kept")
        where = self.folder()
        backup, data = os.path.join(where, "backup"), os.path.join(where, "data")
        said = self.tocsin("backup", backup)
        self.assertEqual(0, said.code, said)
        self.assertEqual((0, "%s: 0 findings\n" % backup), (lambda s: (s.code, s.out))(tocsin("fsck", backup)))
        said = tocsin("restore", backup, data)
        self.assertEqual((0, "%s was verified and is restored as %s; outbound work starts paused there\n" % (backup, data)),
            (said.code, said.out), said)
        with Daemon(data=data) as d, d.client() as c:
            self.assertEqual("kept", c.call("ticket.get", id=1)["text"])
        said = tocsin("fsck", os.path.join(where, "nothing"))
        self.assertEqual(1, said.code)
        self.assertRegex(said.err, "^tocsin: (storage|not_found): ")

    @unittest.skipUnless(os.geteuid() == 0, "only root can write for others")
    def test_root_writes_what_the_daemon_can_read(self):
        """The installed daemon runs as a user of its own; who calls these is root."""
        data = self.folder()
        os.chown(data, 65534, 65534)
        self.assertEqual(0, tocsin("token", "add", "bob", "agent", "--data", data).code)
        made = os.stat(os.path.join(data, "tokens"))
        self.assertEqual((65534, 65534, 0o600), (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)))
        other = self.folder()
        os.chown(other, 65534, 65534)
        for lang, text in (("en", "%s belongs to nobody: restore as that user (runuser -u nobody -- tocsin restore …), or the daemon cannot open it"),
                           ("zh", "%s 属于 nobody：请以该用户恢复（runuser -u nobody -- tocsin restore …），否则守护进程打不开")):
            said = tocsin("--lang", lang, "restore", data, other)
            self.assertEqual((1, "tocsin: rejected: %s\n" % (text % other)), (said.code, said.err))
        self.assertEqual([], os.listdir(other))

    # ---- import -----------------------------------------------------------------------------------------------------------

    def test_import_is_restartable(self):
        where = self.folder()
        self.write(os.path.join(where, "m.txt"), MAPPING)
        rows = ["what,when,ref,category"] + ["text %d,2020-01-%02d,r%d,%s" % (i, i % 28 + 1, i, "nonsense" if i == 70 else "other")
            for i in range(200)]
        self.write(os.path.join(where, "f.csv"), "\n".join(rows + [rows[5]]) + "\n")
        said = self.tocsin("import", "f.csv", "--map", "m.txt", cwd=where)
        self.assertEqual(1, said.code)
        self.assertEqual("f.csv: 201 rows: 199 imported, 1 known, 1 rejected\n"
            "ROWS  REJECTED BECAUSE\n   1  bad_request: category\neach with its line and reason in f.csv.rejects.csv\n", said.out)
        with open(os.path.join(where, "f.csv.rejects.csv"), encoding="utf-8", newline="") as f:
            self.assertEqual([["line", "reason", "what", "when", "ref", "category"],
                ["72", 'bad_request: category "nonsense" is not in the catalog', "text 70", "2020-01-15", "r70", "nonsense"]],
                list(csv.reader(f)))
        self.assertIn("201 rows: 0 imported, 200 known, 1 rejected\n", self.tocsin("import", "f.csv", "--map", "m.txt", cwd=where).out)
        self.assertEqual(199, len(self.ok("export").splitlines()))
        said = self.tocsin("import", "f.csv", "--map", "m.txt", "--resume", cwd=where)
        self.assertEqual((1, "tocsin: not_found: nothing to resume: there is no f.csv.rejects.csv.resume; without --resume the import "
            "begins at the first row, and rows that are there already count as known\n"), (said.code, said.err))

    def test_import_shows_a_bar_on_a_terminal(self):
        where = self.folder()
        self.write(os.path.join(where, "m.txt"), MAPPING)
        self.write(os.path.join(where, "f.csv"), "what,when,ref,category\n" + "".join(
            "text %d,2020-01-%02d,r%d,other\n" % (i, i % 28 + 1, i) for i in range(200)))
        ours, theirs = pty.openpty()
        p = subprocess.run([TOCSIN, "import", "f.csv", "--map", "m.txt"], env=environment(self.d.address), cwd=where,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], 0)[0]:  # what is there, which one read may not give
            try:
                seen += os.read(ours, 65536)
            except OSError:
                break
        os.close(ours)
        seen = seen.decode("ascii")
        self.assertEqual((0, b"f.csv: 200 rows: 200 imported, 0 known, 0 rejected\n"), (p.returncode, p.stdout))
        pictures = seen.split("\r")[1:]
        self.assertRegex(pictures[-2], r"^100 % \[#{24}\] 200 rows  \d+ rows/s  took \d+:\d\d  $")
        for one in pictures[:-2]:
            self.assertRegex(one, r"^ *\d+ % \[#* *\] \d+ rows  \d+ rows/s  left \d+:\d\d  $")
            self.assertEqual(24, len(one.split("[")[1].split("]")[0]))

    def test_import_resumes_after_a_killed_daemon(self):
        where = self.folder()
        self.write(os.path.join(where, "m.txt"), MAPPING)
        self.write(os.path.join(where, "f.csv"), "what,when,ref,category\n" + "".join(
            "text %d,2020-01-%02d,r%d,other\n" % (i, i % 28 + 1, i) for i in range(30000)))
        p = subprocess.Popen([TOCSIN, "import", "f.csv", "--map", "m.txt"], env=environment(self.d.address), cwd=where,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: self.c.call("server.stats")["tickets"]["last_id"] > 3000)
        self.c.close()
        self.d.kill()
        _, err = p.communicate(timeout=20)
        self.assertEqual(1, p.returncode)
        self.assertIn("tocsin: unreachable: the import stopped; once that is cured, repeat it with --resume", err)
        self.d.start()
        self.c = self.connect()
        said = self.tocsin("--json", "import", "f.csv", "--map", "m.txt", "--resume", cwd=where)
        answer = json.loads(said.out)
        self.assertGreater(answer["skipped"], 2000)
        self.assertLessEqual(answer["known"], 64)
        self.assertEqual(30000, answer["skipped"] + answer["known"] + answer["imported"])
        refs = [json.loads(line)["source_ref"] for line in self.ok("export").splitlines()]
        self.assertEqual({"r%d" % i for i in range(30000)}, set(refs))
        self.assertEqual(30000, len(refs))
        self.assertEqual(["f.csv", "m.txt"], sorted(os.listdir(where)))


if __name__ == "__main__":
    main()
