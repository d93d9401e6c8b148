"""A pack that drops what is in use is refused and names all of it: kinds and stages of open tickets, faults whose numbers a case has, the
recording that a drill plays. A ticket whose kind no pack has any more cannot be acted on."""

import os
import shutil
import tempfile

from daemon import Case, Daemon, RpcError, main

KIND = """kind "visit" { zh = "上门", en = "visit", first = "asked",
  stage "asked" { zh = "已申请", en = "asked", status = "acknowledged" },
  stage "made" { zh = "已上门", en = "made", status = "closed" },
  action "make" { zh = "上门", en = "make", from = { "asked" }, to = "made" },
  action "stamp" { zh = "盖章", en = "stamp", from = { "asked" }, count = "title" },
}
"""
PACK = 'pack { base = "default", name = "visits" }\n'


class Kinds(Case):
    def daemon_new(self):
        self.pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.pack, True)
        self.write(PACK + KIND)
        d = Daemon(rules=self.pack)
        self.addCleanup(d.close)
        d.start()
        return d

    def write(self, text):
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(text)

    def visits(self, n):
        return [self.c.call("ticket.create", kind="visit", channel="app", text="x") for _ in range(n)]

    def refuses(self, status, en, zh):
        cure = ('keep kind "visit", or bring these tickets to an end first', "请保留 kind “visit”，或先办结这些工单")
        self.assertEqual((False, [(en, zh) + cure]),
            (status["ok"], [(e["message"], e["message_zh"], e["cure"], e["cure_zh"]) for e in status["errors"]]))

    def test_an_act_that_raises_is_not_done(self):
        """Its count is of a text: who acts is told, and nothing changes."""
        t = self.c.call("ticket.create", kind="visit", channel="app", title="a text", text="x")
        why = "attempt to perform arithmetic on a string value"
        for lang, start in (("en", "the pack could not decide, and nothing was done: "), ("zh", "规则包无法作出决定，什么也没有做：")):
            self.c.call("session.hello", lang=lang)
            with self.assertRaises(RpcError) as raised:
                self.c.call("ticket.act", id=t["id"], action="stamp")
            self.assertEqual("rejected", raised.exception.code)
            self.assertRegex(raised.exception.message, "^%s.*%s" % (start, why))
        self.assertEqual((1, 1), (self.c.call("ticket.get", id=t["id"])["version"], len(self.c.call("ticket.history", id=t["id"])["events"])))
        self.assertEqual(2, self.c.call("server.stats")["rules"]["failures"])

    def test_one_is_open(self):
        made, one = self.visits(2)
        self.c.call("ticket.act", id=made["id"], action="make")
        texts = ('1 ticket of kind "visit" is open (%s), but this pack does not have the kind' % one["no"],
            "有 1 件“visit”工单未结（%s），而这个规则包没有这种工单" % one["no"])
        generation = self.c.call("rules.status")["generation"]
        self.write(PACK)
        self.refuses(self.c.call("rules.reload"), *texts)
        self.refuses(self.c.call("rules.check"), *texts)
        self.restart()
        self.refuses(self.c.call("rules.status"), *texts)
        self.assertEqual(generation, self.c.call("rules.status")["generation"])
        self.c.call("ticket.act", id=one["id"], action="make")
        self.assertTrue(self.c.call("rules.reload")["ok"])
        with self.assertRaises(RpcError) as raised:
            self.c.call("ticket.act", id=one["id"], action="make")
        self.assertEqual(("rejected", 'ticket %d is of kind "visit", which the rules do not have: nothing can be done with it' % one["id"]),
            (raised.exception.error["code"], raised.exception.error["message"]))
        self.assertEqual(2, self.c.call("ticket.get", id=one["id"])["version"])

    def test_many_are_open(self):
        nos = [v["no"] for v in self.visits(7)]
        self.write(PACK)
        self.refuses(self.c.call("rules.reload"), '7 tickets of kind "visit" are open (%s and 2 more), but this pack does not have the kind'
            % ", ".join(nos[:5]), "有 7 件“visit”工单未结（%s 等），而这个规则包没有这种工单" % "、".join(nos[:5]))

    def test_a_rollback(self):
        self.write(PACK)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        before = self.c.call("rules.status")["generation"]
        self.write(PACK + KIND)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        (one,) = self.visits(1)
        self.refuses(self.c.call("rules.rollback", generation=before),
            '1 ticket of kind "visit" is open (%s), but this pack does not have the kind' % one["no"],
            "有 1 件“visit”工单未结（%s），而这个规则包没有这种工单" % one["no"])

    def test_a_stage_that_tickets_are_at(self):
        """Where another stage has its name they are only to be moved on; those that are over stay."""
        made, one, two = self.visits(3)
        self.c.call("ticket.act", id=made["id"], action="make")
        changed = KIND.replace('"asked"', '"wanted"')
        self.write(PACK + changed)
        status = self.c.call("rules.reload")
        said = 'at stage "asked" (%s, %s), which the kind does not have in this pack' % (one["no"], two["no"])
        self.assertEqual((False, [("pack.lua", 2, '2 tickets of kind "visit" are ' + said,
            "有 2 件“visit”工单处于环节“asked”（%s、%s），而这个规则包的这种工单没有该环节" % (one["no"], two["no"]),
            'keep stage "asked", or move these tickets on first', "请保留 stage “asked”，或先把这些工单办到别的环节")]), (status["ok"],
            [tuple(e[k] for k in ("file", "line", "message", "message_zh", "cure", "cure_zh")) for e in status["errors"]]))
        for t in (one, two):
            self.c.call("ticket.act", id=t["id"], action="make")
        self.assertTrue(self.c.call("rules.reload")["ok"])

    FAULT = """component "till" { zh = "充值终端", en = "till", service = "recharge" }
fault "till" { zh = "充值未到账", en = "recharge not credited", components = { "till" }, categories = { "recharge.not_credited" } }
"""

    def hit(self, *numbers):
        at = self.c.call("clock.now")["now"]
        self.c.call("signal.push", signals=[{"at": at, "source": "boss", "kind": "txn_failed", "component": "till", "city": "shenzhen",
            "number": number} for number in numbers])

    def test_a_fault_whose_numbers_a_case_has(self):
        self.write(PACK + KIND + self.FAULT)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.write(PACK + KIND)
        self.hit("13800000001")
        self.assertTrue(self.c.call("rules.reload")["ok"])  # no case has it
        self.write(PACK + KIND + self.FAULT)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        case = self.c.call("ticket.create", kind="incident", channel="app", city="shenzhen", category="recharge.not_credited", text="x")
        self.hit("13800000001", "13800000002")
        self.write(PACK + KIND)
        status = self.c.call("rules.reload")
        self.assertEqual((False, [("pack.lua", 9, '2 numbers are on the lists of fault "till" (open cases: %s), but this pack does not have the fault'
            % case["no"], "故障“till”的名单上有 2 个号码（未结事件：%s），而这个规则包没有这个故障" % case["no"],
            'keep fault "till", or close these cases first', "请保留 fault “till”，或先关闭这些事件")]), (status["ok"],
            [tuple(e[k] for k in ("file", "line", "message", "message_zh", "cure", "cure_zh")) for e in status["errors"]]))
        self.restart()
        self.assertFalse(self.c.call("rules.status")["ok"])
        self.c.call("ticket.act", id=case["id"], action="cancel", data={"reason": "x"})
        self.assertTrue(self.c.call("rules.reload")["ok"])

    DRILL = 'drill "outage" { zh = "演练", en = "outage", csv = "outage", bin = "5m" }\n'

    def test_a_recording_that_is_played(self):
        with open(os.path.join(self.pack, "outage.csv"), "w", encoding="utf-8") as f:
            f.write("bin,city,category,n\n0,shenzhen,recharge.not_credited,5\n1,shenzhen,recharge.not_credited,50\n")
        watch = """levels "x" { { "yellow", enter = { S5 = at_least(16) }, leave = { S5 = less_than(8) }, closes = 3 } }
watch "x" { by = { "city", "category" }, bin = "5m", sums = { S5 = 1 }, levels = "x" }
"""
        self.write(PACK + KIND + watch + self.DRILL)
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)
        drill = self.c.call("drill.start", drill="outage")
        no = self.c.call("ticket.get", id=drill["id"])["no"]
        self.write(PACK + KIND + watch)
        status = self.c.call("rules.reload")
        self.assertEqual((False, [("pack.lua", 10, 'drill "outage" is being played (%s), but this pack does not have its recording' % no,
            "演练“outage”正在进行（%s），而这个规则包没有它的记录" % no, 'keep drill "outage", or stop it first', "请保留 drill “outage”，或先停止它")]),
            (status["ok"], [tuple(e[k] for k in ("file", "line", "message", "message_zh", "cure", "cure_zh")) for e in status["errors"]]))
        self.c.call("ticket.act", id=drill["id"], action="cancel", data={"reason": "enough"})
        self.assertTrue(self.c.call("rules.reload")["ok"])

    def test_all_of_it_in_one_go(self):
        other = KIND.replace('"visit"', '"survey"').replace("visit", "survey")
        self.write(PACK + KIND + other + self.FAULT)
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)
        self.visits(1)
        self.c.call("ticket.create", kind="survey", channel="app", text="x")
        self.c.call("ticket.create", kind="incident", channel="app", city="shenzhen", category="recharge.not_credited", text="x")
        self.hit("13800000001")
        self.write(PACK)
        status = self.c.call("rules.reload")
        self.assertEqual([("pack.lua", 8, '1 ticket of kind "survey" is open'), ("pack.lua", 2, '1 ticket of kind "visit" is open'),
            ("pack.lua", 15, '1 number is on the lists of fault "till"')], [(e["file"], e["line"], e["message"].split(" (")[0]) for e in status["errors"]])


main()
