"""tocsin rules: packs checked, tried and compared, with a daemon and without one."""

import json
import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from tocsin_run import TOCSIN, environment, tocsin

from daemon import PACK, Daemon, main

BAD = '''rules "routing" {
  rule "a" { when = { categry = "other" }, to = queue "duty" },
  rule "b" { when = { city = "atlantis" }, to = queue "dutty" },
  otherwise { to = queue "duty" },
}
'''
GOLD = '''rules.before "routing" {
  rule "gold" { when = { star = at_least(4), category = under "billing" }, to = queue "expert", because = "gold first" },
  rule "silver" { when = { star = 3, category = under "billing" }, to = queue "expert", because = "then silver" },
}
spec "a gold customer's bill goes to the experts" {
  given  = ticket { channel = "app", number = "13800138000", category = "billing.cdr", text = "call records", star = 4 },
  expect = { queue = "expert", by = "gold" },
}
'''


class Packs(unittest.TestCase):
    maxDiff = 3000

    def pack(self, **files):
        path = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        for name, text in {"pack": 'pack { base = "default", name = "mine" }\n', **files}.items():
            with open(os.path.join(path, name + ".lua"), "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    def said(self, code, out, *args, err="", **more):
        said = tocsin(*args, **more)
        self.assertEqual((code, out, err), (said.code, said.out, said.err))


class Check(Packs):
    def test_every_error_in_english(self):
        self.said(1, 'routing.lua:2:23: rule "a": when.categry is not a ticket field (did you mean "category"?)\n'
            '    cure: write "category"\n'
            'routing.lua:3:30: rule "b": when.city: "atlantis" is not one of the cities\n'
            'routing.lua:3:55: rule "b": to: "dutty" is not a declared queue (did you mean "duty"?)\n'
            '    cure: write "duty"\n'
            "check: refused, 3 errors\n", "rules", "check", self.pack(routing=BAD))

    def test_every_error_in_chinese(self):
        said = ("routing.lua:2:23: 规则“a”：when.categry 不是工单字段（是不是“category”？）\n"
            '    办法：请写成 "category"\n'
            'routing.lua:3:30: 规则“b”：when.city："atlantis" 不在 cities 之中\n'
            'routing.lua:3:55: 规则“b”：to："dutty" 不是已声明的队列（是不是“duty”？）\n'
            '    办法：请写成 "duty"\n'
            "检查：不通过，3 处错误\n")
        pack = self.pack(routing=BAD)
        self.said(1, said, "rules", "check", pack, lang="zh_CN.UTF-8")
        self.said(1, said, "rules", "check", pack, "--lang", "zh")
        self.said(1, said, "--lang", "zh", "rules", "check", pack, lang="en_US.UTF-8")

    def test_columns_and_cures_of_what_editors_do(self):
        pack = self.pack(routing='rules "routing" {\n  rule "a" { when = { category = “other” } to = queue "duty" },\n')
        self.said(1, 'routing.lua:2:34: full-width "“" as a quotation mark\n    cure: write "…" with straight quotation marks\n'
            "check: refused, 1 error\n", "rules", "check", pack)
        self.said(1, 'routing.lua:2:34: 引号 “ 是全角的\n    办法：请用半角引号 "…"\n检查：不通过，1 处错误\n', "rules", "check", pack,
            "--lang=zh")
        pack = self.pack(more='rules "x" { rule "限制" {} }\n'.encode("gbk"))
        self.said(1, "more.lua:1:19: saved as GBK, not UTF-8\n    cure: save it again with the encoding UTF-8\ncheck: refused, 1 error\n",
            "rules", "check", pack)
        self.said(1, "more.lua:1:19: 文件存成了 GBK 编码，应为 UTF-8\n    办法：请用 UTF-8 编码另存\n检查：不通过，1 处错误\n", "rules", "check",
            pack, lang="zh")

    def test_rules_no_spec_reaches(self):
        pack = self.pack(gold=GOLD)
        self.said(0, "gold.lua:3: no spec reaches rule routing/silver\ncheck: ok, 107 rules, 1 spec passed, no spec reaches 1 rule\n".replace(
            "107", str(self.n_rules() + 2)), "rules", "check", pack)
        self.said(0, "gold.lua:3：没有用例覆盖规则 routing/silver\n检查：通过，107 条规则，1 个用例全部通过，1 条规则没有用例覆盖\n".replace(
            "107", str(self.n_rules() + 2)), "rules", "check", pack, lang="zh_CN")

    @staticmethod
    def n_rules():
        return int(tocsin("rules", "check", PACK).out.split("ok, ")[1].split()[0])

    def test_the_default_pack_is_good_and_covered(self):
        self.assertRegex(tocsin("rules", "check", PACK).out, r"^check: ok, \d+ rules, \d+ specs passed, no spec reaches 0 rules\n$")

    def test_one_spec(self):
        pack = self.pack(gold=GOLD)
        name = "a gold customer's bill goes to the experts"
        self.said(0, 'check: ok, spec "%s" passed\n' % name, "rules", "check", pack, "--spec", name)
        self.said(1, 'there is no spec "a gold customers bill goes to the experts" (did you mean "%s"?)\ncheck: refused, 1 error\n' % name,
            "rules", "check", pack, "--spec", "a gold customers bill goes to the experts")
        self.said(1, "没有用例“nonsense”\n检查：不通过，1 处错误\n", "rules", "check", pack, "--spec", "nonsense", lang="zh")
        pack = self.pack(gold=GOLD.replace("at_least(4)", "5"))
        self.said(1, 'gold.lua:5: %s: expected queue "expert", got "second_line" (rule "money", default/routing.lua:46)\n'
            "check: refused, 1 error\n" % name, "rules", "check", pack, "--spec", name)
        self.said(1, "gold.lua:5: 用例“%s”没有通过：queue 应为 \"expert\"，实际是 \"second_line\"（规则“money”，default/routing.lua:46）\n"
            "检查：不通过，1 处错误\n" % name, "rules", "check", pack, "--spec", name, lang="zh")

    def test_a_folder_that_is_none(self):
        self.said(1, "/nowhere: the folder cannot be opened: No such file or directory\ncheck: refused, 1 error\n", "rules", "check", "/nowhere")
        self.said(1, "/nowhere: 无法打开文件夹：No such file or directory\n检查：不通过，1 处错误\n", "rules", "check", "/nowhere", lang="zh")
        pack = self.pack(gold=GOLD)
        os.chmod(os.path.join(pack, "gold.lua"), 0o666)
        self.said(1, "gold.lua: others may write to it (mode 0666)\n    cure: take that away: chmod go-w\ncheck: refused, 1 error\n",
            "rules", "check", pack)
        self.said(1, "gold.lua: 其他人可以写入（权限 0666）\n    办法：请收回权限：chmod go-w\n检查：不通过，1 处错误\n", "rules", "check", pack, lang="zh")

    def test_usage(self):
        for args, err in (
                (["a", "b"], "check takes one DIR, not 2"),
                (["--spec", "x"], "--spec needs DIR: the daemon runs all specs, in its own zone"),
                (["x", "--lang", "fr"], '--lang must be zh or en, not "fr"'),
                (["x", "--zone", "Mars/Olympus"], 'time zone "Mars/Olympus" is not in tzdata (/usr/share/zoneinfo)'),
                (["--spce", "x"], 'unknown option "--spce" (did you mean "--spec"?)')):
            said = tocsin("rules", "check", *args)
            self.assertEqual((2, "", "tocsin: " + err), (said.code, said.out, said.err.splitlines()[0]))

    def test_progress_on_a_terminal_only(self):
        ours, theirs = pty.openpty()
        done = subprocess.run([TOCSIN, "rules", "check", PACK], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=theirs, timeout=60)
        os.close(theirs)
        seen = os.read(ours, 4096).decode()
        os.close(ours)
        self.assertEqual(0, done.returncode)
        self.assertEqual("\r\x1b[Kloading %s, running its specs ...\r\x1b[K" % PACK, seen)


TRIED = """2026-09-22 10:00+08:00 by the pack in %s, without a store: no earlier tickets, nothing from CRM
DECISION    
category    billing.cdr
grade       normal
priority    5
stage       accepted
queue       expert
department  expert
on duty     ye.feng
"""
TRIED_ZH = """2026-09-22 10:00+08:00，按 %s 的规则包；没有存储：不知道以前的工单和客户资料
决定    
分类    billing.cdr
等级    normal
优先级  5
阶段    accepted
队列    expert
部门    expert
当班    ye.feng
"""
BILL = ("channel=app", "text=call records", "number=13800138000", "category=billing.cdr", "customer.star:=4")


class Try(Packs):
    def test_without_a_daemon(self):
        pack = self.pack(gold=GOLD)
        said = tocsin("rules", "try", "--rules", pack, *BILL, "--at", "2026-09-22T10:00", "--why-not", "routing/silver")
        self.assertEqual((0, ""), (said.code, said.err))
        self.assertEqual(TRIED % pack, "".join(said.out.splitlines(True)[:9]))
        self.assertRegex(said.out, r"(?m)  answer: 15 natural_days, due 2026-10-09 00:00\+08:00, by law$")
        self.assertRegex(said.out, r"(?m)^routing/gold +gold\.lua:2 +gold first$")
        self.assertTrue(said.out.endswith("\nwhy not\nRULE            WHERE       BECAUSE\n"
            "routing/silver  gold.lua:3  star is 4, not 3\n"), said.out)

    def test_in_chinese(self):
        pack = self.pack(gold=GOLD)
        said = tocsin("rules", "try", "--rules", pack, *BILL, "--at", "2026-09-22T10:00", "--why-not", "routing/otherwise", lang="zh")
        self.assertEqual((0, ""), (said.code, said.err))
        self.assertEqual(TRIED_ZH % pack, "".join(said.out.splitlines(True)[:9]))
        self.assertRegex(said.out, r"(?m)  answer: 15 natural_days，到期 2026-10-09 00:00\+08:00，法定$")
        self.assertRegex(said.out, r"\n为什么没有\n规则 +位置 +原因\nrouting/otherwise  default/routing\.lua:\d+  "
            r"routing/gold 成立，并且在它前面\n$")

    def test_of_each_clock_one_rule_counts(self):
        said = tocsin("rules", "try", "--rules", PACK, *BILL, "fields.region=henan", "--at", "2026-09-22T10:00", "--why-not", "answer, national")
        self.assertEqual((0, ""), (said.code, said.err))
        why, why_not = said.out.split("\nwhy not\n")
        self.assertRegex(why, r"(?m)^clocks +answer: 5 working_days, due 2026-10-01 00:00\+08:00, by law$")
        self.assertEqual(["clocks/answer, Henan"], re.findall(r"(?m)^clocks/answer, \w+", why))
        self.assertRegex(why_not, r"(?m)^clocks/answer, national +statutory\.csv:7 +clocks/answer, Henan holds, and stands before it$")

    def test_each_condition_in_both_languages(self):
        """What a rule wants that did not fire, for every form of condition."""
        forms = (
            ('city = "foshan"', 'city is unknown, not "foshan"', 'city 未知，要求 "foshan"'),
            ('city = any_of("foshan", "shenzhen")', 'city is unknown, not any of "foshan", "shenzhen"', 'city 未知，要求 "foshan", "shenzhen" 之一'),
            ('channel = none_of("app", "hall")', 'channel is app, not none of "app", "hall"', 'channel 是 app，要求 不是 "app", "hall"'),
            ("star = at_least(5)", "star is 4, not >= 5", "star 是 4，要求 >= 5"),
            ("star = between(1, 2)", "star is 4, not from 1 to 2", "star 是 4，要求 1 到 2"),
            ('contacts = at_least(3, within "7d")', "contacts is 0, not >= 3 within 7d", "contacts 是 0，要求 >= 3（7d 以内）"),
            ('said = has_word("outage", "断网")', 'said is call records, not has "outage", "断网"', 'said 是 call records，要求 含 "outage", "断网"'),
            ('said = has_word("a1", "b1", "c1", "d1", "e1", "f1", "g1")', "said is call records, not has one of 7 words (a1, …)",
                "said 是 call records，要求 含这 7 个词之一（a1……）"),
            ('number = starts_with("139")', 'number is 13800138000, not starts with "139"', 'number 是 13800138000，要求 以 "139" 开头'),
            ('category = under "network"', 'category is billing.cdr, not under "network"', 'category 是 billing.cdr，要求 "network" 或其下级'),
            ("city = present, vip = true", "city is unknown, not present", "city 未知，要求 已知"),
            ("star = absent", "star is 4, not absent", "star 是 4，要求 未知"),
            ("unless { star = 4 }", "when is unknown, not unless (star 4)", "when 未知，要求 以下不成立：(star 4)"),
            ("any_of_these({ star = 1 }, { vip = true })", "when is unknown, not any of (star 1), (vip true)", "when 未知，要求 (star 1), (vip true) 之一"),
            ('any_of_these({ category = under "network" }, { channel = none_of("app", "hall") })',
                'when is unknown, not any of (category under "network"), (channel none of "app", "hall")',
                'when 未知，要求 (category "network" 或其下级), (channel 不是 "app", "hall") 之一'),
            ('unless { contacts = at_most(3, within "7d"), star = between(1, 4) }, unless { star = 4 }',
                "when is unknown, not unless (contacts <= 3 within 7d, star from 1 to 4)",
                "when 未知，要求 以下不成立：(contacts <= 3（7d 以内）, star 1 到 4)"),
            ('any_of_these({ unless({ star = 4 }, { vip = present }) }, { function(t) return t.star == 9 end })',
                "when is unknown, not any of (unless (star 4) or (vip present)), (function)",
                "when 未知，要求 (以下不成立：(star 4) 或 (vip 已知)), (函数成立) 之一"),
            ('form = "report"', 'form is unknown, not "report"', 'form 未知，要求 "report"'),
            ('title = "any of them"', 'title is unknown, not "any of them"', 'title 未知，要求 "any of them"'),
            ("function(t) return t.star == 9 end", "when is unknown, not function", "when 未知，要求 函数成立"),
        )
        rules = "\n".join('  rule "r%d" { when = { %s }, to = queue "expert" },' % (i, form[0]) for i, form in enumerate(forms))
        pack = self.pack(gold='rules.before "routing" {\n%s\n}\n' % rules)
        for lang, column in (("en", 1), ("zh", 2)):
            said = tocsin("--lang", lang, "rules", "try", "--rules", pack, *BILL, "--at", "2026-09-22T10:00", "--why-not", "all")
            self.assertEqual((0, ""), (said.code, said.err), said)
            found = dict(re.findall(r"(?m)^routing/r(\d+) +gold\.lua:\d+ +(.*)$", said.out))
            self.assertEqual({str(i): form[column] for i, form in enumerate(forms)}, found)

    def test_bad_input(self):
        pack = self.pack(gold=GOLD)
        for args, code, err in (
                ((), 2, "what is the complaint? At least channel=... and text=..."),
                (("chanel=app", "text=x"), 1, 'bad_request: ticket.create has no argument "chanel" (did you mean "channel"?) (argument chanel)'),
                (("channel=ap", "text=x"), 1,
                    'bad_request: channel "ap" is not in the catalog (did you mean "app"?) (argument channel = ap)'),
                (("channel=app", "text=x", "--why-not", "routing/golt"), 1,
                    'bad_request: no rule "routing/golt" is asked about a new ticket (did you mean "routing/gold"?) '
                    "(argument why_not = routing/golt)"),
                (("channel=app", "text=x", "--at", "noon"), 1,
                    'bad_request: --at: "noon" is not a time such as 2026-09-22T10:00+08:00')):
            said = tocsin("rules", "try", "--rules", pack, *args)
            self.assertEqual((code, "", "tocsin: " + err), (said.code, said.out, said.err.splitlines()[0]))
        said = tocsin("rules", "try", "--rules", self.pack(routing=BAD), *BILL)
        self.assertEqual(1, said.code)
        self.assertRegex(said.err, r"^tocsin: rejected: the pack in \S+ is bad: 3 errors, listed above\n$")

    def test_the_live_pack_knows_history_and_stores_nothing(self):
        with Daemon() as d, d.client() as c:
            c.call("ticket.create", channel="app", text="call records", number="13800138000", category="billing.cdr")
            before = c.call("server.stats")["head"]
            said = tocsin("rules", "try", *BILL, server=d.address)
            self.assertEqual((0, ""), (said.code, said.err))
            self.assertTrue(said.out.startswith("2026-09-22 10:00+08:00 by generation 1, nothing stored\n"), said.out)
            self.assertRegex(said.out, r"(?m)^duplicate of +1$")
            self.assertEqual(before, c.call("server.stats")["head"])
            said = tocsin("--json", "rules", "try", *BILL, server=d.address)
            self.assertEqual((1, 1), (json.loads(said.out)["duplicate_of"], json.loads(said.out)["generation"]))
            said = tocsin("rules", "try", "channel=app", "text=x", "priority=high", server=d.address)
            self.assertEqual((1, 'tocsin: bad_request: priority must be an integer, not "high" (argument priority = high)\n'),
                (said.code, said.err))


FIRST = '\nrules.before "routing" {\n  rule "gold" { when = { star = at_least(4), category = under "billing" }, to = queue "expert" },\n}\n'


class Diff(Packs):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.start()
        with cls.daemon.client() as c:
            for i in range(30):
                c.call("ticket.create", channel="app", text="话费不对", number="1380013%04d" % i, city="foshan" if i % 3 else "shenzhen",
                    category="billing.cdr" if i % 2 else "network.slow", customer={"star": i % 6})
            c.call("ticket.act", id=2, action="accept")
            c.call("contact.add", ticket=3, channel="app", kind="urge")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def test_what_would_change(self):
        pack = self.pack(gold=FIRST)
        self.said(0, "5 of 32 decisions would change under %s\n"
            "COUNT  AT      WHAT        NOW          THEN     TICKETS, SUCH AS\n"
            "    5  create  department  second_line  expert   C20260922-000030 C20260922-000024 C20260922-000018\n"
            "    5  create  owner       wu.qiang     ye.feng  C20260922-000030 C20260922-000024 C20260922-000018\n"
            "    5  create  queue       second_line  expert   C20260922-000030 C20260922-000024 C20260922-000018\n" % pack,
            "rules", "diff", pack, server=self.daemon.address)
        self.said(0, "5/32 个决定在 %s 之下会改变\n"
            "件数  时机    内容        现在         改后     例如工单\n"
            "   5  create  department  second_line  expert   C20260922-000030 C20260922-000024 C20260922-000018\n"
            "   5  create  owner       wu.qiang     ye.feng  C20260922-000030 C20260922-000024 C20260922-000018\n"
            "   5  create  queue       second_line  expert   C20260922-000030 C20260922-000024 C20260922-000018\n" % pack,
            "rules", "diff", pack, server=self.daemon.address, lang="zh")

    def test_the_last_few(self):
        said = tocsin("--json", "rules", "diff", self.pack(gold=FIRST), "--last", "10", server=self.daemon.address)
        answer = json.loads(said.out)
        self.assertEqual((10, 2, 0), (answer["asked"], answer["changed"], answer["unknown"]))
        self.assertEqual({"count": 2, "point": "create", "what": "queue", "now": "second_line", "then": "expert",
            "tickets": ["C20260922-000030", "C20260922-000024"]}, answer["groups"][2])

    def test_the_same_pack_changes_nothing(self):
        self.said(0, "0 of 32 decisions would change under %s\n" % PACK, "rules", "diff", PACK, server=self.daemon.address)

    def test_numbers_are_masked(self):
        pack = self.pack(more='rules.before "advice" { kinds = { "complaint" }, rule "say" { when = { number = present }, say = { zh = "回电 13800138000", '
            'en = "call 13800138000" } } }\n')
        out = tocsin("rules", "diff", pack, server=self.daemon.address).out
        self.assertIn("30 of 32 decisions would change", out)
        self.assertIn("138****8000", out)
        self.assertNotIn("13800138000", out)

    def test_decisions_of_earlier_generations(self):
        pack = self.pack()
        with Daemon(rules=pack) as d, d.client() as c:
            c.call("ticket.create", channel="app", text="a", number="13800138001", category="billing.cdr", customer={"star": 5})
            with open(os.path.join(pack, "gold.lua"), "w", encoding="utf-8") as f:
                f.write(FIRST)
            self.assertTrue(c.call("rules.reload")["ok"])
            c.call("ticket.create", channel="app", text="a", number="13800138002", category="billing.cdr", customer={"star": 5})
            answer = json.loads(tocsin("--json", "rules", "diff", PACK, server=d.address).out)
            self.assertEqual((2, 1, 0), (answer["asked"], answer["changed"], answer["unknown"]))
            self.assertEqual({("queue", "expert", "second_line", "C20260922-000002")},
                {(g["what"], g["now"], g["then"], *g["tickets"]) for g in answer["groups"] if g["what"] == "queue"})

    def test_bad_input(self):
        said = tocsin("rules", "diff", self.pack(routing=BAD), server=self.daemon.address)
        self.assertEqual(1, said.code)
        self.assertRegex(said.err, r"^tocsin: rejected: the pack in \S+ is bad: 3 errors, listed above\n$")
        said = tocsin("rules", "diff", server=self.daemon.address)
        self.assertEqual((2, "tocsin: diff needs the DIR of one pack to compare with"), (said.code, said.err.splitlines()[0]))


if __name__ == "__main__":
    main()
