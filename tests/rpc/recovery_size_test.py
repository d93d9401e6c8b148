"""S5 at its own size: 9,870 affected customers of Guangdong are told once each, not before probe and complaints agree, not at night; 40 of them
who complain again raise the same case."""

import os

from daemon import HOUR_MS, ROOT, START_MS, Case, Daemon, main

GUANGDONG = os.path.join(ROOT, "examples", "guangdong")
CATEGORY, CITY = "recharge.not_credited", "shenzhen"
KEY = CITY + "/" + CATEGORY
BIN_MS = 300000
CURVE = [2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1, 2]
BEFORE = 12
AFFECTED, FAILURES = 9870, 12640


def number(i):
    return "138%08d" % i


class Size(Case):
    start = "2026-09-22T09:00"

    def setUp(self):
        self.d = Daemon(rules=GUANGDONG, clock="virtual:" + self.start)
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()
        self.n = 0

    def person(self, name):
        c = self.connect()
        c.call("session.hello", {"as": name})
        return c

    def act(self, who, action, **data):
        return self.person(who).call("ticket.act", id=self.case, action=action, data=data)

    def push(self, kind, numbers):
        at = self.c.call("clock.now")["now"]
        code = {"code": "E1023"} if kind == "txn_failed" else {}
        signals = [{"at": at, "source": "boss", "kind": kind, "city": CITY, "component": "recharge_gateway", "number": number(i), **code} for i in numbers]
        for first in range(0, len(signals), 1200):
            part = signals[first:first + 1200]
            self.assertEqual({"accepted": len(part), "rejected": []}, self.c.call("signal.push", signals=part))

    def args(self, i):
        return {"channel": "hotline_10086", "number": number(i), "category": CATEGORY, "city": CITY, "text": "充值没有到账",
                "fields": {"amount": 5000, "paid_at": START_MS}}

    def play(self, counts):
        """Bins of complaints of affected numbers, each once; ends at the close of the last."""
        for count in counts:
            answers = self.c.pipeline([("ticket.create", self.args(self.n + i)) for i in range(count)])
            self.assertEqual([], [a for a in answers if not isinstance(a, dict)])
            self.n += count
            self.c.call("clock.advance", by=BIN_MS)

    def at(self, hour, minute):
        return START_MS - 10 * HOUR_MS + (hour * 60 + minute) * 60000

    def until(self, hour, minute):
        done = (self.c.call("clock.now")["now"] - self.at(10, 0)) // BIN_MS
        self.play(CURVE[done:(self.at(hour, minute) - self.at(10, 0)) // BIN_MS])

    def incidents(self):
        return sorted(i["id"] for i in self.c.call("incident.list")["incidents"])

    def field(self, name):
        return self.c.call("ticket.get", id=self.case)["fields"].get(name)

    def stage(self):
        return self.c.call("ticket.get", id=self.case)["stage"]

    def level(self):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == KEY]
        return (found[0]["level"], found[0].get("incident")) if found else ("none", None)

    def sms(self):
        out, more = [], {}
        while True:
            page = self.c.call("task.list", {"kind": "sms", **more})
            out += [t for t in page["tasks"] if t["ticket"] == self.case]
            if "cursor" not in page:
                return out
            more = {"cursor": page["cursor"]}

    def claim(self, kind, limit=20):
        return self.c.call("task.claim", worker="gateway", kinds=[kind], limit=limit)["tasks"]

    def send(self, tasks):
        """The gateway sends them; the numbers."""
        out = []
        for task in tasks:
            numbers = task["data"]["numbers"]
            self.c.call("task.done", id=task["id"], ok=True, result={"numbers": [{"number": n, "ok": True} for n in numbers]})
            out += numbers
        return out

    def stages(self):
        return self.c.call("number.list", incident=self.case, list="affected", limit=1)["counts"]["stages"]

    def outage(self):
        """To 11:10: the case holds version 1, BOSS has claimed the recovery at 11:00, the prompt plays."""
        self.play([2] * BEFORE)
        self.until(10, 25)
        level, self.case = self.level()
        self.assertEqual("orange", level)
        self.push("txn_failed", [i % AFFECTED for i in range(FAILURES)])
        self.act("wu.qiang", "script", zh="充值平台故障", en="recharges are late", prompt="P-RECHARGE-01")
        self.act("lin.tao", "approve_script")
        self.claim_ivr("play")
        self.assertEqual({"failed": AFFECTED, "fixed": 0, "told": 0, "silent": 0, "total": AFFECTED}, self.stages())
        self.until(11, 0)
        self.act("feng.lei", "claim", text="BOSS已恢复")
        self.act("feng.lei", "probe", ok=False)
        self.until(11, 10)
        self.assertEqual((148, "recovering", []), (sum(CURVE[11:14]), self.stage(), self.sms()))

    def claim_ivr(self, op):
        tasks = self.claim("ivr")
        self.assertEqual([op], [t["data"]["op"] for t in tasks])
        self.c.call("task.done", id=tasks[0]["id"], ok=True, result={})

    def test_told_once_and_a_relapse_raises_the_same_case(self):
        self.outage()
        self.until(11, 30)  # three closes under the exit of red, but the probe is bad
        self.assertEqual(("recovering", "black", []), (self.stage(), self.level()[0], self.sms()))
        self.act("feng.lei", "probe", ok=True)
        self.push("txn_ok", range(AFFECTED))
        self.assertEqual({"failed": 0, "fixed": AFFECTED, "told": 0, "silent": 0, "total": AFFECTED}, self.stages())
        self.until(11, 35)  # now both agree
        self.assertEqual(self.at(11, 35), self.field("proven_at"))
        self.claim_ivr("withdraw")  # with the proof: within no second of the 60
        self.c.call("clock.advance", by="1s")
        self.assertEqual("off", self.field("ivr"))
        told = self.send(self.claim("sms", 3))
        self.d.restart()  # in the middle of it
        self.c = self.connect()
        while True:
            self.c.call("clock.advance", by="1s")
            tasks = self.claim("sms", 3)
            if not tasks:
                break
            told += self.send(tasks)
        self.assertEqual([number(i) for i in range(AFFECTED)], sorted(told))
        self.assertEqual({"failed": 0, "fixed": 0, "told": AFFECTED, "silent": 0, "total": AFFECTED}, self.stages())
        self.assertEqual(("watched", AFFECTED), (self.stage(), self.c.call("incident.effect", id=self.case)["numbers_told"]))
        self.n = 50000  # those who call now were never told
        self.until(13, 0)
        self.assertEqual((("none", self.case), "watched"), (self.level(), self.stage()))
        before = self.incidents()
        for i in range(AFFECTED - 39, AFFECTED):
            self.c.call("ticket.create", self.args(i))
        self.assertEqual(("watched", 39), (self.stage(), self.field("again")))
        self.c.call("ticket.create", self.args(AFFECTED - 40))
        self.assertEqual(("restoring", True), (self.stage(), self.field("relapse")))
        self.assertEqual(("orange", self.case), self.level())
        self.assertEqual(before, self.incidents())  # no new one
        self.assertTrue(self.c.call("incident.get", id=self.case)["relapse"])
        self.assertEqual(10, len(self.sms()))  # and nobody was told a second time

    def test_nobody_at_night(self):
        self.c.call("clock.advance", by="14h")  # 23:00
        self.push("txn_failed", range(AFFECTED))
        self.case = self.c.call("ticket.create", kind="incident", channel="webhook", title="x", text="x", category=CATEGORY, city=CITY,
                                fields={"level": "red"})["id"]
        self.push("txn_ok", range(AFFECTED))
        self.act("lin.tao", "resolve", text="已恢复")
        self.c.call("clock.advance", by="10m")
        self.assertEqual((10, []), (len(self.sms()), self.claim("sms")))
        self.c.call("clock.advance", to="2026-09-23T07:59:59.999+08:00")
        self.assertEqual([], self.claim("sms"))
        self.c.call("clock.advance", by="1ms")
        told = self.send(self.claim("sms"))
        self.assertEqual([number(i) for i in range(AFFECTED)], sorted(told))


if __name__ == "__main__":
    main()
