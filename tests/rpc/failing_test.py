"""S18 under Guangdong's pack: failed transactions alone open a case, of any service, whether or not BOSS says in which city."""

import os
import subprocess

from daemon import ROOT, START_MS, Case, Daemon, main

PACK = os.path.join(ROOT, "examples", "guangdong")
CITIES = ["guangzhou", "shenzhen", "zhuhai", "shantou", "foshan", "shaoguan", "heyuan", "meizhou", "huizhou", "shanwei", "dongguan",
    "zhongshan", "jiangmen", "yangjiang", "zhanjiang", "maoming", "zhaoqing", "qingyuan", "chaozhou", "jieyang", "yunfu"]


class Failing(Case):
    def daemon_new(self):
        d = Daemon(rules=PACK, clock="virtual:2026-09-22T14:00:30")
        self.addCleanup(d.close)
        d.start()
        return d

    def push(self, n, cities=(None,), first=0, **more):
        now = self.c.call("clock.now")["now"]
        signals = [dict(at=now, source="boss", kind="txn_failed", number="136%08d" % (first + i), **{"code": "TIMEOUT", **more}) for i in range(n)]
        for i, s in enumerate(signals):
            if cities[i % len(cities)] is not None:
                s["city"] = cities[i % len(cities)]
        for i in range(0, n, 1000):
            self.assertEqual([], self.c.call("signal.push", signals=signals[i:i + 1000])["rejected"])

    def cases(self):
        return self.c.call("incident.list")["incidents"]

    def keys(self):
        return {w["key"]: w["level"] for w in self.c.call("warning.list")["warnings"] if w["key"].startswith("signal:")}

    def test_every_service_of_the_configuration_database(self):
        for i, (service, component) in enumerate((("recharge", "card_platform"), ("payment", "bank_gateway"), ("billing", "billing"),
                ("suspend_resume", "suspend_resume"), ("crm", "crm"), ("network", "network_access"), ("sms", "sms_centre"))):
            self.push(1200, [CITIES[i]], first=i * 2000, component=component)
            self.c.call("clock.advance", by="1m")
            found = [c for c in self.cases() if c["city"] == CITIES[i]]
            self.assertEqual([("orange", component)], [(c["level"], c["suspect"]) for c in found], service)
            self.c.call("clock.advance", by="2h")

    def test_without_a_city(self):
        desk = self.connect()
        desk.call("topic.subscribe", topics=["frontdesk.yunfu", "frontdesk.shenzhen"])
        self.push(2000, component="card_platform")
        self.c.call("clock.advance", by="30s")
        (case,) = self.cases()
        self.assertEqual(("orange", "card_platform", 2000, None, "signal:*/txn_failed/recharge"),
            (case["level"], case["suspect"], case["affected"], case.get("city"), case["key"]))
        desk.call("session.ping")
        self.assertEqual({"frontdesk.yunfu", "frontdesk.shenzhen"}, {p[0]["topic"] for _, p in desk.events if p[0]["data"].get("event") == "opened"})
        self.assertTrue(case["title"].startswith("充值未到账 近1分钟交易失败2000笔，平时21笔，"), case["title"])
        self.assertEqual(case["id"], self.create(city="yunfu", category="recharge.not_credited")["incident"])

    def test_mistakes_of_customers_are_not_when_it_began(self):
        """A case that a person opened began with what failed, not with the wrong cards twenty minutes before."""
        self.c.call("clock.advance", by="70m")
        for n, code in ((18, "WRONG_CARD"), (18, "TIMEOUT")):
            self.push(n, ["heyuan"], component="card_platform", **{"code": code})
            self.c.call("clock.advance", by="20m")
        case = self.create(kind="incident", city="heyuan", category="recharge.not_credited", title="x")["id"]
        self.assertEqual((5 * 60 + 30, []), ((self.c.call("incident.effect", id=case)["during"]["from"] - START_MS) // 60000, list(self.keys())))

    def test_within_half_a_minute(self):
        """Not at the end of the minute; a kill between both changes nothing, and the level ends as if nobody had looked early."""
        self.c.call("clock.advance", by="30s")  # 14:01:00
        self.push(2000, ["heyuan"], component="card_platform")
        self.c.call("clock.advance", by="19s")
        self.assertEqual([], self.cases())
        self.c.call("clock.advance", by="1s")
        (case,) = self.cases()
        self.assertEqual(("orange", "card_platform", "heyuan"), (case["level"], case["suspect"], case["city"]))
        changes = lambda: [(e["at"] - case["created"], e["data"]["from"], e["data"]["to"]) for e in self.published("warning")
            if e["data"]["key"] == "signal:heyuan/txn_failed/recharge"]
        self.assertEqual([(0, "none", "orange")], changes())
        self.restart()
        self.assertEqual("orange", self.keys()["signal:heyuan/txn_failed/recharge"])
        self.push(4000, ["heyuan"], first=3000, component="card_platform")  # the same minute: red by now
        self.c.call("clock.advance", by="20s")
        self.assertEqual([(0, "none", "orange"), (20000, "orange", "red")], changes())
        self.c.call("clock.advance", by="20s")  # the minute ends: nothing new
        self.assertEqual(2, len(changes()))
        self.assertNotIn("floor", [w for w in self.c.call("warning.list")["warnings"] if w["key"].startswith("signal:heyuan")][0])
        self.c.call("clock.advance", by="15m")
        self.assertEqual([("none", "orange"), ("orange", "red"), ("red", "orange"), ("orange", "yellow"), ("yellow", "none")],
            [(a, b) for _, a, b in changes()])
        self.assertEqual([8, 11, 14], [(at + 20000) // 60000 for at, _, _ in changes()[2:]])
        self.c.close()
        self.assertEqual(0, self.d.stop())
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual("%s: 0 findings\n" % self.d.data, said.stdout)

    def test_a_little_in_every_city(self):
        self.push(1995, CITIES, component="card_platform")
        self.c.call("clock.advance", by="30s")
        self.assertEqual({"signal:*/txn_failed/recharge": "orange"}, self.keys())
        self.assertEqual(1, len(self.cases()))

    def test_one_city_is_one_case(self):
        """Seen in the city and in the province's sum."""
        self.push(1500, ["dongguan"], component="card_platform")
        self.c.call("clock.advance", by="30s")
        self.assertEqual({"signal:dongguan/txn_failed/recharge": "orange", "signal:*/txn_failed/recharge": "orange"}, self.keys())
        (case,) = self.cases()
        self.assertEqual(("dongguan", ["dongguan"]), (case["city"], case["cities"]))
        self.assertIsNone(self.create(city="yunfu", category="recharge.not_credited").get("incident"))

    def test_the_customers_own_mistakes(self):
        """Counted under their code; no warning, no suspect, no number."""
        now = self.c.call("clock.now")["now"]
        wrong = [dict(at=now, source="boss", kind="txn_failed", component="card_platform", city="foshan", code="WRONG_CARD",
            number="137%08d" % i) for i in range(1500)]
        self.assertEqual(1500, self.c.call("signal.push", signals=wrong)["accepted"])
        self.push(30, ["foshan"], component="recharge_gateway")
        self.c.call("clock.advance", by="2m")
        self.assertEqual(({}, []), (self.keys(), self.cases()))
        self.assertEqual({"WRONG_CARD": 1500, None: 30}, {c.get("name"): c["n"] for c in self.c.call("signal.counts")["counts"]})
        answer = self.c.call("incident.suspects", service="recharge")
        self.assertEqual(("recharge_gateway", 30), (answer["suspect"], answer["failures"]))
        self.restart()
        self.assertEqual("clear", self.c.call("number.check", number="13700000007")["state"])


if __name__ == "__main__":
    main()
