"""What a warning says of itself: seen, usual, how likely that is by chance, in words; under Guangdong's pack, from its first day on."""

import os

from daemon import DAY_MS, HOUR_MS, ROOT, START_MS, Case, Daemon, main

BIN_MS = 5 * 60 * 1000
PACK = os.path.join(ROOT, "examples", "guangdong")
CITIES = ["guangzhou", "shenzhen", "zhuhai", "shantou", "foshan", "shaoguan", "heyuan", "meizhou", "huizhou", "shanwei", "dongguan",
    "zhongshan", "jiangmen", "yangjiang", "zhanjiang"]


class Line(Case):
    def daemon_new(self):
        d = Daemon(rules=PACK, clock="virtual:2026-09-22T09:00")
        self.addCleanup(d.close)
        d.start()
        return d

    def setUp(self):
        super().setUp()
        self.now = self.c.call("clock.now")["now"]

    def complain(self, counts, category="recharge.not_credited"):
        """{city: how many} within the bin, which then ends."""
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category=category)) for city, n in counts.items()
            for _ in range(n)])
        self.now += BIN_MS
        self.c.call("clock.advance", to=self.now)

    def transactions_fail(self, n, service="recharge", component="card_platform", city="dongguan"):
        signals = [dict(at=self.now, source="boss", kind="txn_failed", service=service, component=component, city=city,
            number="136%08d" % i, code="TIMEOUT") for i in range(n)]
        for i in range(0, n, 1000):
            self.c.call("signal.push", signals=signals[i:i + 1000])

    def one(self, key):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == key]
        return found[0] if found else None

    def said(self, key):
        line = self.one(key)["line"]
        return line["en"], line["zh"]

    def test_chance_in_words(self):
        self.complain({"shenzhen": 2})
        self.complain({"shenzhen": 2})
        self.complain({"shenzhen": 12})
        self.assertEqual(("16 seen, 6 expected in 15 min, by chance 1 in 2,000 (p = 5.1e-04)",
            "近15分钟16件，平时6件，偶然的可能约2000分之一（p = 5.1e-04）"), self.said("shenzhen/recharge.not_credited"))
        self.complain({"shenzhen": 400})
        self.assertEqual(("414 seen, 6 expected in 15 min, by chance under 1 in a billion (p = <1e-300)",
            "近15分钟414件，平时6件，偶然的可能不到十亿分之一（p = <1e-300）"), self.said("shenzhen/recharge.not_credited"))
        for _ in range(4):
            self.complain({})
        self.assertEqual("0 seen, 6 expected in 15 min, by chance 100 % (p = 1.0e+00)", self.said("shenzhen/recharge.not_credited")[0])

    def test_on_the_first_day_what_the_pack_takes_for_usual(self):
        for n in (1, 500, 700):
            self.complain({"foshan": n}, "network.no_service")
        w = self.one("foshan/network.no_service")
        self.assertEqual(("black", 1201, 6.6, True), (w["level"], w["count"], round(w["expected"], 3), w["assumed"]))
        self.assertEqual(("1201 seen, 6.6 expected in 15 min (assumed, not learned yet), by chance under 1 in a billion (p = <1e-300)",
            "近15分钟1201件，平时6.6件（尚在学习，按设定），偶然的可能不到十亿分之一（p = <1e-300）"), self.said("foshan/network.no_service"))
        self.restart()
        self.assertEqual(w, self.one("foshan/network.no_service"))

    def test_numbers_that_are_hit(self):
        """Red by ten thousand of them, while three have complained."""
        self.transactions_fail(12000)
        self.complain({"dongguan": 3})
        self.assertEqual(("12000 numbers affected; 3 seen, 1.2 expected in 5 min, by chance 12 % (p = 1.2e-01)",
            "受影响号码12000个；近5分钟3件，平时1.2件，偶然的可能12%（p = 1.2e-01）"), self.said("dongguan/recharge.not_credited"))
        self.assertEqual(("red", 12000), tuple(self.one("dongguan/recharge.not_credited")[k] for k in ("level", "affected")))

    def test_failed_transactions(self):
        self.transactions_fail(2000)
        self.c.call("clock.advance", by="1m")
        key = "signal:dongguan/txn_failed/recharge"
        self.assertEqual(("failed transaction: 2000 seen, 1 expected in 1 min, by chance under 1 in a billion (p = <1e-300)",
            "近1分钟交易失败2000笔，平时1笔，偶然的可能不到十亿分之一（p = <1e-300）"), self.said(key))
        w = self.one(key)
        self.assertEqual(("recharge", {"zh": "充值未到账", "en": "recharge not credited"}), (w["service"], w["service_label"]))
        (case,) = self.c.call("incident.list")["incidents"]
        self.assertEqual(("东莞 充值未到账 " + w["line"]["zh"], "important"), (case["title"], case["grade"]))

    def test_many_cities(self):
        """The roll-up stands under a key whose own watch has learned nothing: its figures are those of its cities."""
        self.complain({city: 12 for city in CITIES[2:]})
        self.complain({city: 17 for city in CITIES[:2]})
        w = self.one("cluster:payment")
        expected = sum({"guangzhou": 2.1, "shenzhen": 2.0, "zhuhai": 0.28, "shantou": 0.63, "foshan": 1.1, "shaoguan": 0.33, "heyuan": 0.32,
            "meizhou": 0.44, "huizhou": 0.69, "shanwei": 0.3, "dongguan": 1.2, "zhongshan": 0.5, "jiangmen": 0.55, "yangjiang": 0.3,
            "zhanjiang": 0.8}.values()) * 2
        self.assertEqual((190, round(expected, 6), 15), (w["count"], round(w["expected"], 6), w["cities"]))
        self.assertEqual("15 cities warned within 20 minutes: 190 seen, 23.08 expected, by chance under 1 in a billion (p = %.1e)" % w["p"],
            w["line"]["en"])
        self.complain({city: 12 for city in CITIES[2:]})
        self.assertEqual(190 + 12 * 13, self.one("cluster:payment")["count"])

    def test_a_branch_of_no_cluster_is_one_case_too(self):
        """What agents call something else in each city: value-added services here."""
        self.complain({city: 40 for city in CITIES[:7]}, "vas.unordered")
        self.restart()
        self.complain({city: 40 for city in CITIES[7:]}, "vas.unordered")
        self.complain({}, "vas.unordered")
        whole = self.one("*/vas")
        self.assertEqual((15, "orange"), (whole["cities"], whole["level"]))
        self.assertEqual([whole["incident"]] * 15, [self.one(key)["incident"] for key in whole["children"]])
        calls = [(e["person"], e["level"]) for e in self.told("duty") if e.get("event") == "call" and not e["key"].startswith("source:")]
        self.assertEqual(len(set(calls)), len(calls))

    def told(self, topic):
        return [e["data"] for e in self.published(topic)]

    def bulletins(self, key):
        return [e for e in self.told("bulletin") if e["key"] == key and e["to"] == "wall"]

    def test_a_slow_climb_is_said_by_what_came_in(self):
        """Not by the sum that found it, of which nobody expects anything."""
        for back in range(20, 0, -1):
            self.c.pipeline([("ticket.import", dict(channel="import", text="x", city="foshan", category="billing.cdr",
                created=self.now - 9 * HOUR_MS - back * DAY_MS + i * BIN_MS)) for i in range(96, 240)])
        self.c.call("clock.advance", by="1m")
        while self.one("foshan/billing.cdr") is None and self.now < START_MS + 6 * HOUR_MS:
            self.complain({"foshan": 2}, "billing.cdr")
        w = self.one("foshan/billing.cdr")
        self.assertEqual((True, "S60", 24), (w["climbs"], w["input"], w["count"]))
        self.assertRegex(w["line"]["en"], "^a slow climb; 24 seen, 1[0-9.]* expected in 1 h, by chance ")
        self.assertRegex(w["line"]["zh"], "^缓慢爬升；近1小时24件，平时1[0-9.]*件，")

    def test_downtime_is_not_quiet(self):
        self.complain({"jieyang": 40})
        self.complain({"jieyang": 40})
        self.c.close()
        self.d.kill()
        self.d.clock = "virtual:2026-09-22T10:26"
        self.d.start()
        self.c = self.connect()
        self.c.call("clock.advance", by="1s")
        self.assertEqual(("nothing was watched for 15 min: the system was down", "近15分钟没有监视（停机）"),
            self.said("jieyang/recharge.not_credited"))
        self.assertEqual("orange", self.one("jieyang/recharge.not_credited")["level"])

    def test_disaster_mode_says_who_and_until_when_and_what_stands(self):
        c = self.connect()
        c.hello(**{"as": "zhou.gang"})
        c.call("warning.act", key="*", action="raise", reason="typhoon", until=self.now + 3 * HOUR_MS)
        self.assertEqual(("disaster mode until 12:00, signed by Zhou Gang", "灾害模式至12:00：周刚签发"), self.said("*"))
        self.complain({"jieyang": 200})
        self.c.call("clock.advance", to=self.now + HOUR_MS - BIN_MS)
        first, rhythm = self.bulletins("*")
        self.assertEqual([], first["warnings"])
        self.assertEqual(("rhythm", "disaster mode until 12:00, signed by Zhou Gang"), (rhythm["event"], rhythm["line"]["en"]))
        self.assertIn(("jieyang/recharge.not_credited", "yellow"), [(w["key"], w["level"]) for w in rhythm["warnings"]])
        self.assertTrue(all("line" in w and "level_label" in w for w in rhythm["warnings"]))

    def test_what_makes_most_of_it(self):
        """Also when but one stream is left in memory behind a restart."""
        self.complain({"shenzhen": 1, "foshan": 1}, "billing.cdr")
        self.complain({city: 40 for city in CITIES})
        self.restart()
        self.complain({"foshan": 7})
        w = self.one("cluster:payment")
        self.assertEqual(("foshan", "recharge.not_credited", 47), tuple(w["top"][0][k] for k in ("city", "category", "n")))


if __name__ == "__main__":
    main()
