"""S16: many cities are one case; S19: a source that falls silent is a warning of its own, a quiet one is none."""

from daemon import HOUR_MS, START_MS, main
from warning_test import BIN_MS, MINUTE_MS, S1, Warning, clock

CITIES = ["guangzhou", "shenzhen", "zhuhai", "shantou", "foshan", "shaoguan", "heyuan", "meizhou", "huizhou", "shanwei", "dongguan",
    "zhongshan", "jiangmen", "yangjiang", "zhanjiang"]


WHOLE = "*/recharge.not_credited"


class Cities(Warning):
    source = "province"
    WHOLE = WHOLE

    def complain(self, cities, n):
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category="recharge.not_credited"))
            for city in cities for _ in range(n)])
        self.bin += BIN_MS
        self.c.call("clock.advance", to=self.bin)

    def calls(self):
        return [(e["data"]["level"], e["data"]["person"]) for e in self.events("duty") if e["data"].get("event") == "call"
            and not e["data"]["key"].startswith("source:")]


class Province(Cities):
    def test_fifteen_cities_are_one_case(self):
        self.complain(CITIES[:5], 16)
        self.complain(CITIES[5:10], 16)
        self.complain(CITIES[10:14], 16)
        self.assertEqual([], self.changes("*/recharge.not_credited"))
        self.restart()
        self.complain(CITIES[14:], 16)
        self.assertEqual([("09:20", "none", "yellow")], self.changes("*/recharge.not_credited"))
        whole = self.one("*/recharge.not_credited")
        self.assertEqual(sorted(c + "/recharge.not_credited" for c in CITIES), whole["children"])
        self.assertEqual((15, "15 cities warned within 20 minutes: 160 seen, 90 expected, by chance under 1 in a billion (p = 1.9e-11)", 160, 90),
            (whole["cities"], whole["line"]["en"], whole["count"], whole["expected"]))
        self.assertEqual("*/recharge.not_credited", self.one("shenzhen/recharge.not_credited")["parent"])
        self.assertEqual(len(set(self.calls())), len(self.calls()))
        self.complain(CITIES, 20)  # orange in all of them
        self.assertEqual("orange", self.one("*/recharge.not_credited")["level"])
        self.assertEqual(len(set(self.calls())), len(self.calls()))
        for _ in range(16):
            self.complain([], 0)
        self.assertEqual([], [w["key"] for w in self.c.call("warning.list")["warnings"] if not w["key"].startswith("source:")])

    def test_fourteen_or_slower_are_none(self):
        self.complain(CITIES[:7], 16)
        for _ in range(4):
            self.complain(CITIES[:7], 16)
        self.complain(CITIES[7:], 16)
        self.assertEqual([], self.changes("*/recharge.not_credited"))

    def test_the_case_of_many_cities_is_one(self):
        self.complain(CITIES, 16)  # yellow in fifteen: a case of the province; orange comes later
        whole = self.one("*/recharge.not_credited")
        (incident,) = self.c.call("incident.list")["incidents"]
        self.assertEqual(("yellow", incident["id"], "yellow"), (whole["level"], whole.get("incident"), incident["level"]))
        self.complain([], 0)
        self.assertEqual([incident["id"]] * 15, [self.one(key).get("incident") for key in whole["children"]])
        self.complain(CITIES, 20)
        self.complain([], 0)
        (incident,) = self.c.call("incident.list")["incidents"]
        whole = self.one("*/recharge.not_credited")
        self.assertEqual(whole["incident"], incident["id"])
        self.assertEqual(sorted(CITIES), self.cities_of(whole))
        self.assertEqual(whole["incident"], self.create(city="foshan", category="recharge.not_credited")["incident"])
        self.assertEqual(None, self.create(city="maoming", category="recharge.not_credited").get("incident"))
        self.complain(["maoming"], 40)  # another city joins, at once at orange
        self.assertEqual(("orange", "*/recharge.not_credited"), (self.one("maoming/recharge.not_credited")["level"],
            self.one("maoming/recharge.not_credited")["parent"]))
        self.assertEqual(1, len(self.c.call("incident.list")["incidents"]))
        self.assertEqual(sorted(CITIES) + ["maoming"], self.cities_of(whole))
        self.assertEqual(whole["incident"], self.create(city="maoming", category="recharge.not_credited")["incident"])
        self.c.call("clock.advance", by=1000)  # the job takes in what came before
        self.assertEqual(42, len([t for t in self.c.call("ticket.find", where=dict(city="maoming", kind="complaint"), limit=100)["tickets"]
            if t.get("parent") == whole["incident"]]))

    def test_what_is_orange_in_all_cities_at_once_is_one_case(self):
        """The cities that make the roll-up are parts of it in the very close in which they rise; so it is after kill -9."""
        self.complain(CITIES, 30)
        cities = sorted(c + "/recharge.not_credited" for c in CITIES)
        (incident,) = self.c.call("incident.list")["incidents"]
        case = self.c.call("ticket.get", id=incident["id"])
        self.assertEqual((None, sorted(CITIES), [self.WHOLE] + cities, "orange"),
            (case.get("city"), *(case["fields"][k] for k in ("cities", "keys", "level"))))
        self.assertEqual({(k, "orange", incident["id"]) for k in [self.WHOLE] + cities},
            {(w["key"], w["level"], w["incident"]) for w in self.c.call("warning.list")["warnings"] if not w["key"].startswith("source:")})
        self.assertEqual({self.WHOLE}, {self.one(k)["parent"] for k in cities})
        self.assertEqual([("09:05", "none", "orange")], self.changes(self.WHOLE))
        self.assertEqual("15 cities warned within 20 minutes: 450 seen, 30 expected, by chance under 1 in a billion (p = <1e-300)", self.one(self.WHOLE)["line"]["en"])
        self.assertEqual(len(set(self.calls())), len(self.calls()))
        self.restart()
        self.complain(CITIES, 30)
        self.assertEqual([incident["id"]], [i["id"] for i in self.c.call("incident.list")["incidents"]])

    def test_one_orange_city_among_many_yellow_ones_is_a_part(self):
        self.bin += BIN_MS
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city="dongguan", category="recharge.not_credited"))] * 14)
        self.complain(CITIES, 16)
        (incident,) = self.c.call("incident.list")["incidents"]
        self.assertEqual((None, "orange"), (incident.get("city"), incident["level"]))
        self.assertEqual((self.WHOLE, incident["id"]),
            tuple(self.one("dongguan/recharge.not_credited")[k] for k in ("parent", "incident")))

    def test_a_roll_up_that_is_watched_itself_is_told_once(self):
        self.add_to_pack('levels "whole" { { "orange", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) }, closes = 3, stay = 3 } } '
            'watch "province" { by = { "category" }, bin = "5m", sums = { S15 = 3 }, expected = 8.0, levels = "whole", '
            'categories = { "recharge" } }\n')
        self.complain(CITIES, 30)
        self.assertEqual(1, len(self.c.call("incident.list")["incidents"]))
        self.assertEqual([("09:05", "none", self.one(self.WHOLE)["level"])], self.changes(self.WHOLE))

    def test_who_was_called_the_last_time_is_called_again(self):
        self.complain(CITIES, 30)
        first = self.calls()
        (incident,) = self.c.call("incident.list")["incidents"]
        self.c.call("ticket.act", id=incident["id"], action="cancel", data={"reason": "over"})
        while self.one("shenzhen/recharge.not_credited") or self.one(self.WHOLE):
            self.complain([], 0)
        before = self.calls()
        self.complain(CITIES, 30)
        self.assertEqual((2, before + first), (len(first), self.calls()))
        self.assertEqual(1, len(self.c.call("incident.list")["incidents"]))

    def test_a_roll_up_over_a_city_that_has_a_case_is_evidence_of_it(self):
        """The outbreak begins in one city and spreads: one case, which takes in the others and has the level of the worst."""
        self.complain(["shenzhen"], 40)
        (incident,) = self.c.call("incident.list")["incidents"]
        self.assertEqual(("shenzhen", ["shenzhen"], "orange"), (incident["city"], incident["cities"], incident["level"]))
        self.complain(CITIES, 16)
        whole = self.one("*/recharge.not_credited")
        self.assertEqual(("orange", incident["id"]), (whole["level"], whole["incident"]))
        self.complain([], 0)
        self.assertEqual({incident["id"]}, {self.one(key).get("incident") for key in whole["children"]})
        self.complain(["foshan"], 160)
        (case,) = self.c.call("incident.list")["incidents"]
        self.assertEqual((incident["id"], "red", ["shenzhen"] + sorted(set(CITIES) - {"shenzhen"})), (case["id"], case["level"], case["cities"]))
        self.assertEqual(case["id"], self.create(city="foshan", category="recharge.not_credited")["incident"])
        self.assertEqual(None, self.create(city="maoming", category="recharge.not_credited").get("incident"))
        calls = self.calls()
        self.assertEqual(len(set(calls)), len(calls))

    def test_a_case_of_the_whole_province_stays_one(self):
        """A roll-up that is evidence of it does not cut it down to the cities that are warned by then."""
        case = self.create(kind="incident", category="recharge.not_credited", title="province")["id"]
        self.complain(CITIES, 30)
        self.assertEqual(case, self.one(self.WHOLE)["incident"])
        self.assertEqual((None, case), (self.c.call("ticket.get", id=case)["fields"].get("cities"),
            self.create(city="maoming", category="recharge.not_credited").get("incident")))

    def cities_of(self, whole):
        return self.c.call("ticket.get", id=whole["incident"])["fields"]["cities"]

    def test_a_decision_that_cannot_be_done_hides_no_roll_up_and_no_silence(self):
        self.add_to_pack('rules.before "warning" { rule "broken" { when = { warning = "change", level = at_least("yellow") }, open = "incident", '
            'act = "note" } }\n')
        self.complain(CITIES, 16)
        self.assertEqual([("09:05", "none", "yellow")], self.changes("*/recharge.not_credited"))
        told = [e["data"] for e in self.events("duty") if "failed" in e["data"]]
        self.assertIn("*/recharge.not_credited", [t["key"] for t in told])
        self.c.call("clock.advance", by=HOUR_MS)
        self.assertEqual("yellow", self.one("source:app")["level"])
        self.assertEqual(1, len([c for c in self.changes("source:app") if c[2] == "yellow"]))

    def act(self, action, key=WHOLE, **more):
        c = self.connect()
        c.hello(**{"as": "zhou.gang"})
        return c.call("warning.act", key=key, action=action, reason="because", **more)

    def test_what_a_leader_lowers_stays_down(self):
        """For an hour, over a restart and though the cities stand; a worse level than he saw is new."""
        self.complain(CITIES, 16)
        self.assertEqual("none", self.act("lower", level="none")["level"])
        lowered = self.bin
        for _ in range(3):
            self.complain(CITIES, 6)
        self.restart()
        self.complain(CITIES + ["maoming"], 6)
        self.assertEqual((None, 15), (self.one(self.WHOLE), sum(w["level"] == "yellow" for w in self.c.call("warning.list")["warnings"]
            if w["key"].endswith("/recharge.not_credited"))))
        self.complain(["foshan"], 30)  # orange
        self.assertEqual([("09:05", "none", "yellow"), ("09:05", "yellow", "none")], self.changes(self.WHOLE))
        self.assertGreater(lowered + HOUR_MS, self.bin)

    def test_also_what_is_lowered_step_by_step(self):
        self.complain(CITIES, 16)
        self.complain(CITIES, 15)
        self.assertEqual("orange", self.one(self.WHOLE)["level"])
        self.assertEqual(["yellow", "none"], [self.act("lower", level=level)["level"] for level in ("yellow", "none")])
        self.complain(CITIES, 15)  # orange still, as it was seen
        self.restart()
        self.complain(CITIES, 15)
        self.assertIsNone(self.one(self.WHOLE))

    def test_a_roll_up_that_becomes_worse_is_back(self):
        self.complain(CITIES, 16)
        self.act("lower", level="none")
        self.complain(CITIES, 15)  # orange in all of them, within the twenty minutes
        self.assertEqual([("09:05", "none", "yellow"), ("09:05", "yellow", "none"), ("09:10", "none", "orange")], self.changes(self.WHOLE))

    def test_a_roll_up_whose_cities_become_worse_later_is_back(self):
        """No city is new to it within the twenty minutes: those that stand become worse."""
        self.complain(CITIES, 16)
        for _ in range(5):
            self.complain(CITIES, 6)
        self.act("lower", level="none")
        self.complain(CITIES, 20)
        self.assertEqual([("09:05", "none", "yellow"), ("09:30", "yellow", "none"), ("09:35", "none", "orange")], self.changes(self.WHOLE))

    def test_a_roll_up_whose_cities_stand_is_back_when_the_time_is_over(self):
        self.complain(CITIES, 16)
        self.act("lower", level="none")
        for _ in range(12):
            self.assertIsNone(self.one(self.WHOLE))
            self.complain(CITIES, 6)
        self.assertEqual([("09:05", "none", "yellow"), ("09:05", "yellow", "none"), ("10:05", "none", "yellow")], self.changes(self.WHOLE))

    def test_lowered_one_step_it_rises_when_the_time_is_over(self):
        self.complain(CITIES, 30)
        self.assertEqual("yellow", self.act("lower", level="yellow")["level"])
        held = self.one(self.WHOLE)["held"]
        self.assertEqual(("yellow", "orange", self.bin + HOUR_MS), (held["level"], held["over"], held["until"]))
        for _ in range(11):
            self.complain(CITIES, 12)
            self.assertEqual("yellow", self.one(self.WHOLE)["level"])
        self.complain(CITIES, 12)
        self.assertEqual([("09:05", "none", "orange"), ("09:05", "orange", "yellow"), ("10:05", "yellow", "orange")], self.changes(self.WHOLE))
        self.assertNotIn("held", self.one(self.WHOLE))
        for _ in range(20):
            self.complain([], 0)
        self.assertIsNone(self.one(self.WHOLE))

    def test_a_silent_source_stays_lowered(self):
        self.complain(["foshan"], 1)
        self.c.call("clock.advance", to=START_MS - 40 * MINUTE_MS)
        self.assertEqual("yellow", self.one("source:app")["level"])
        self.act("lower", key="source:app", level="none")
        self.c.call("clock.advance", to=START_MS + 19 * MINUTE_MS)
        self.assertIsNone(self.one("source:app"))
        self.c.call("clock.advance", to=START_MS + 36 * MINUTE_MS)
        self.assertEqual(("yellow", 2), (self.one("source:app")["level"], len([c for c in self.changes("source:app") if c[2] == "yellow"])))

    def test_a_source_that_spoke_meanwhile_and_is_silent_again(self):
        """What the leader lowered was the silence before."""
        self.complain(["foshan"], 1)
        self.c.call("clock.advance", to=START_MS - 40 * MINUTE_MS)
        self.act("lower", key="source:app", level="none")
        self.create(channel="app")  # 09:20
        self.c.call("clock.advance", by="5m")
        self.c.call("clock.advance", by="11m")
        self.assertEqual([("09:15", "none", "yellow"), ("09:20", "yellow", "none"), ("09:35", "none", "yellow")], self.changes("source:app"))

    def test_a_silent_source_lowered_one_step_rises_when_the_time_is_over(self):
        self.complain(["foshan"], 1)
        self.add_to_pack('silence { level = "orange", hold = "30m" }\n')
        self.c.call("clock.advance", to=START_MS - 40 * MINUTE_MS)
        self.assertEqual("yellow", self.act("lower", key="source:app", level="yellow")["level"])
        self.c.call("clock.advance", by="29m")
        self.assertEqual(("yellow", "orange"), (self.one("source:app")["level"], self.one("source:app")["held"]["over"]))
        self.c.call("clock.advance", by="1m")
        self.assertEqual([("09:15", "none", "orange"), ("09:20", "orange", "yellow"), ("09:50", "yellow", "orange")], self.changes("source:app"))
        self.assertNotIn("held", self.one("source:app"))
        self.create(channel="app")
        self.c.call("clock.advance", by="5m")
        self.assertIsNone(self.one("source:app"))

    def test_silence(self):
        # 09:00: the app is expected every quarter of an hour, the hall not before half past eleven
        self.assertEqual([], self.c.call("warning.list")["warnings"])
        self.complain(["foshan"], 1)  # heard at 09:00
        self.c.call("clock.advance", to=START_MS - 45 * MINUTE_MS)
        self.assertEqual(None, self.one("source:app"))
        self.c.call("clock.advance", by=1)
        w = self.one("source:app")
        self.assertEqual(("yellow", True, False, {"zh": "15分钟没有任何数据，应不超过15分钟一次：可能断线",
            "en": "nothing for 15 minutes, expected every 15: the feed may be dead"}),
            (w["level"], w["silent"]["is_late"], w["silent"]["is_quiet"], w["line"]))
        self.assertEqual([("09:15", "none", "yellow")], self.changes("source:app"))
        self.restart()
        self.assertEqual("yellow", self.one("source:app")["level"])
        self.assertEqual(None, self.one("source:hall"))
        self.create(channel="app")
        self.c.call("clock.advance", by="15m")
        self.assertEqual(None, self.one("source:app"))
        self.assertEqual("none", self.changes("source:app")[-1][2])
        self.c.call("clock.advance", to=START_MS + 121 * MINUTE_MS)
        self.assertEqual("12:00", self.changes("source:hall")[0][0])


if __name__ == "__main__":
    main()
