"""Affected and potential numbers: S3's sums, versions and deltas, the stages, number.check, over kill -9."""

import os

from daemon import HOUR_MS, START_MS, main
from number_support import CATEGORY, CITY, MINUTE_MS, SCRIPT, NumberCase, number

class S3(NumberCase):
    def feed(self):
        """48,213 orders, 12,640 of them failed for 9,870 numbers; 412 complain, 38 of whom never failed."""
        failed = [i % 9870 for i in range(12640)]
        good = [20000 + i for i in range(48213 - 12640)]
        self.failed(failed)
        self.push([self.signal(i, kind="txn_ok") for i in good])
        for i in range(374):
            self.complain(i * 26)
        for i in range(38):
            self.complain(90000 + i)

    def check(self, incident, version):
        page = self.list(incident, "affected")
        self.assertEqual({"affected": 9870, "potential": 0, "complained": 374, "will_complain": 9496, "review": 38, "complainers": 412,
            "coverage": 90.8, "stages": {"failed": 9870, "fixed": 0, "told": 0, "silent": 0, "total": 9870}}, page["counts"])
        self.assertEqual(version, page["version"])
        self.assertEqual([number(i) for i in range(9870)], [n["number"] for n in page["numbers"]])
        self.assertEqual({"E1023"}, {n["reason"] for n in page["numbers"]})
        self.assertEqual({START_MS + 24 * HOUR_MS}, {n["expires"] for n in page["numbers"]})
        self.assertEqual(9496, len(self.list(incident, "will_complain")["numbers"]))
        self.assertEqual([number(90000 + i) for i in range(38)], [n["number"] for n in self.list(incident, "review")["numbers"]])
        self.assertEqual({"complaint"}, {n["reason"] for n in self.list(incident, "review")["numbers"]})

    def test_sums_and_versions(self):
        self.feed()
        incident = self.incident()
        self.check(incident, 1)
        self.failed(range(10000, 10600))
        delta = self.list(incident, "affected", since_version=1)
        self.assertEqual((2, 600, []), (delta["version"], len(delta["numbers"]), delta["removed"]))
        self.assertEqual({2}, {n["version"] for n in delta["numbers"]})
        self.push([self.signal(10005, kind="txn_ok")])  # it leaves at the next version
        delta = self.list(incident, "affected", since_version=2)
        self.assertEqual((3, [], [number(10005)]), (delta["version"], delta["numbers"], delta["removed"]))
        self.assertEqual(10469, delta["counts"]["affected"])
        self.assertEqual({"failed": 10469, "fixed": 1, "told": 0, "silent": 0, "total": 10470}, delta["counts"]["stages"])

    def test_complaints_first_and_kill(self):
        for i in range(374):
            self.complain(i * 26)
        for i in range(38):
            self.complain(90000 + i)
        incident = self.incident()
        self.assertEqual(412, self.counts(incident)["review"])
        self.restart()
        self.failed([i % 9870 for i in range(12640)])
        self.check(incident, 2)  # version 1 was read before the kill, and no more than that
        self.restart()
        self.check(incident, 2)
        self.assertEqual(9908, self.c.call("server.stats")["numbers"]["numbers"])


class Lists(NumberCase):
    def check_number(self, i):
        return self.c.call("number.check", number=number(i))

    def test_check(self):
        self.assertEqual({"state": "clear", "complained": False}, self.check_number(1))
        self.failed([1])
        self.assertEqual({"state": "affected", "complained": False, "since": START_MS}, self.check_number(1))
        incident = self.incident(fields={"script": SCRIPT})
        said = {"incident": incident, "say": {"zh": SCRIPT["zh"], "en": SCRIPT["en"]}, "prompt": "P-RECHARGE-01", "eta": SCRIPT["eta"], "script": 1}
        self.assertEqual(dict(said, state="affected", complained=False, since=START_MS), self.check_number(1))
        self.assertEqual("affected", self.c.call("number.check", number="+86 138-0000-0001")["state"])
        self.complain(1)
        self.assertEqual(dict(said, state="affected", complained=True, since=START_MS), self.check_number(1))
        self.push([self.signal(2, kind="txn_pending")])
        self.assertEqual(dict(said, state="potential", complained=False, since=START_MS), self.check_number(2))
        self.restart()
        self.assertEqual(dict(said, state="affected", complained=True, since=START_MS), self.check_number(1))
        self.push([self.signal(1, kind="txn_ok")])
        self.assertEqual({"state": "clear", "complained": True}, self.check_number(1))

    def test_stages_and_closing(self):
        self.failed(range(10))
        incident = self.incident()
        self.complain(700)
        error = self.refused("ticket.act", {"id": incident, "action": "close"}, code="rejected")
        self.assertEqual("incident %d cannot close: 10 affected or potential numbers are not settled, 1 numbers wait for review (number.list, number.settle) / "
            "事件 %d 不能关闭：还有 10 个故障或潜在故障号码未处理完，1 个号码待核查" % (incident, incident), error["message"])
        self.push([self.signal(i, kind="txn_ok") for i in range(4)])
        self.assertEqual({"settled": 6, "more": False}, self.c.call("number.settle", incident=incident, list="affected", to="fixed"))
        self.assertEqual({"settled": 10, "more": False}, self.c.call("number.settle", incident=incident, list="fixed", to="told"))
        self.assertEqual({"settled": 1, "more": False}, self.c.call("number.settle", incident=incident, numbers=[number(700)], to="silent"))
        self.c.call("ticket.act", id=incident, action="close")
        counts = self.counts(incident)
        self.assertEqual({"failed": 0, "fixed": 0, "told": 10, "silent": 0, "total": 10}, counts["stages"])
        self.assertEqual("clear", self.check_number(5)["state"])
        self.advance("10m")
        self.assertEqual(0, self.c.call("server.stats")["numbers"]["numbers"])
        self.assertEqual(10, len(self.list(incident, "told")["numbers"]))
        self.failed([5], at=START_MS + 10 * MINUTE_MS)  # another fault: its lists begin anew
        second = self.incident()
        page = self.list(second, "affected")
        self.assertEqual((1, [number(5)]), (page["version"], [n["number"] for n in page["numbers"]]))

    def test_a_potential_number_is_accounted_for_too(self):
        self.push([self.signal(1, kind="txn_pending")])
        incident = self.incident()
        self.refused("ticket.act", {"id": incident, "action": "close"}, code="rejected",
            message="incident %d cannot close: 1 affected or potential numbers are not settled, 0 numbers wait for review (number.list, number.settle) / "
            "事件 %d 不能关闭：还有 1 个故障或潜在故障号码未处理完，0 个号码待核查" % (incident, incident))
        self.push([self.signal(1, kind="txn_ok")])
        self.c.call("ticket.act", id=incident, action="close")

    def test_versions_are_exact_over_a_kill(self):
        self.failed([1])
        incident = self.incident()
        self.restart()
        self.failed([2])  # nobody has read version 1: it goes on
        self.assertEqual(1, self.list(incident, "affected")["version"])
        self.restart()
        self.failed([3])
        self.restart()
        delta = self.list(incident, "affected", since_version=1)
        self.assertEqual((2, [number(3)]), (delta["version"], [n["number"] for n in delta["numbers"]]))

    def test_a_case_takes_a_long_list_in_slices(self):
        self.failed(range(24000))  # more than one slice looks at
        self.advance("61m")
        self.failed(range(24000, 24010), at=START_MS + 61 * MINUTE_MS)
        incident = self.incident()
        self.advance("3s")
        page = self.list(incident, "affected")
        self.assertEqual([number(i) for i in range(24000, 24010)], [n["number"] for n in page["numbers"]])
        self.assertEqual((1, 10), (page["version"], page["counts"]["affected"]))

    def test_fails_again(self):
        self.failed([1])
        self.push([self.signal(1, kind="txn_ok")])
        self.failed([1], at=START_MS + 1)
        incident = self.incident()
        self.assertEqual(1, self.counts(incident)["stages"]["failed"])
        self.push([self.signal(1, kind="txn_ok", at=START_MS)])  # came late: it was before the failure
        self.assertEqual(1, self.counts(incident)["stages"]["failed"])

    def test_what_comes_late_is_put_in_its_time(self):
        def stage():
            stages = self.counts(incident)["stages"]
            return [name for name in ("failed", "fixed") if stages[name] == 1]

        def at(minute, kind):
            self.push([self.signal(1, kind=kind, at=START_MS + minute * MINUTE_MS)])

        self.advance("40m")
        at(10, "txn_failed")
        incident = self.incident()
        at(20, "txn_failed")
        at(15, "txn_ok")  # late: it failed again after that
        self.assertEqual(["failed"], stage())
        at(5, "txn_failed")  # late: it has failed for longer than was known
        self.assertEqual(START_MS + 5 * MINUTE_MS, self.check_number(1)["since"])
        at(30, "txn_ok")
        self.assertEqual(["fixed"], stage())
        at(25, "txn_failed")  # late: it has gone through since
        self.assertEqual(["fixed"], stage())
        self.restart()
        at(28, "txn_failed")
        self.assertEqual(["fixed"], stage())
        at(35, "txn_failed")
        self.assertEqual(["failed"], stage())
        at(34, "txn_ok")
        self.assertEqual(["failed"], stage())

    def test_window_and_expiry(self):
        self.failed([1])
        self.advance("50m")
        self.failed([2], at=START_MS + 50 * MINUTE_MS)
        self.advance("20m")
        incident = self.incident()  # 70 minutes after the first failure: not its own
        self.assertEqual([number(2)], [n["number"] for n in self.list(incident, "affected")["numbers"]])
        self.advance("26h")
        counts = self.counts(incident)
        self.assertEqual((0, {"failed": 0, "fixed": 0, "told": 0, "silent": 1, "total": 1}), (counts["affected"], counts["stages"]))
        self.assertEqual("clear", self.check_number(2)["state"])

    def test_a_number_that_goes_on_failing_stays(self):
        """It is forgotten, or falls silent, so long after its newest failure, not after its first."""
        n = self.c.call("clock.now")["now"] - START_MS
        for minute in (0, 20, 40, 59):
            self.advance("%dms" % (minute * MINUTE_MS - n))
            n = minute * MINUTE_MS
            self.failed([1], at=START_MS + n)
        self.failed([2], at=START_MS)  # this one failed once
        self.advance("2m")
        incident = self.incident()
        self.assertEqual([number(1)], [x["number"] for x in self.list(incident, "all")["numbers"]])
        self.assertEqual([(START_MS, START_MS + n + 24 * HOUR_MS)], [(x["since"], x["expires"]) for x in self.list(incident, "affected")["numbers"]])
        for _ in range(24):
            self.advance("1h")
            self.failed([1], at=self.c.call("clock.now")["now"])
        self.advance("23h")
        self.assertEqual("affected", self.check_number(1)["state"])
        self.advance("5h")
        self.assertEqual({"failed": 0, "fixed": 0, "told": 0, "silent": 1, "total": 1}, self.counts(incident)["stages"])

    def test_all_cities_hear_of_a_province(self):
        """One case, a number in each of twenty-one cities: every front desk is told, with the first version."""
        cities = sorted(self.c.call("catalog.get")["cities"])
        self.assertEqual(21, len(cities))
        self.incident(city=None, fields={"script": SCRIPT})
        c = self.connect()
        c.call("topic.subscribe", topics=["#"])
        self.push([self.signal(i, city=city) for i, city in enumerate(cities)])
        self.advance("30s")
        told = {}
        for _ in range(3 * len(cities)):
            event = c.next_event()[1][0]
            while event["data"].get("event") != "numbers":
                event = c.next_event()[1][0]
            told.setdefault(event["topic"], []).append((event["data"]["city"], event["data"]["version"], event["data"]["counts"]["affected"]))
        self.assertEqual({"frontdesk." + city: [(city, 1, 1)] for city in cities}, {t: v for t, v in told.items() if t.startswith("frontdesk.")})
        self.assertEqual([(city, 1, 1) for city in cities], sorted(told["incident"]))
        self.assertEqual([(city, 1, 1) for city in cities], sorted(told["ivr"]))

    def test_without_a_case_numbers_are_forgotten(self):
        self.failed(range(100))
        self.assertEqual(100, self.c.call("server.stats")["numbers"]["numbers"])
        self.advance("90m")
        self.assertEqual({"numbers": 0, "parts": 0}, {k: v for k, v in self.c.call("server.stats")["numbers"].items() if k in ("numbers", "parts")})

    def test_potential_by_prefix_and_city(self):
        with open(os.path.join(self.d.rules, "more.lua"), "w", encoding="utf-8") as f:
            f.write('fault "sms" { zh = "短信", en = "sms", service = "sms", categories = { "sms.failure" }, codes = { "E9" },\n'
                '  potential = { prefixes = { "1390755" }, subscribers = true } }\n')
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.c.call("subscriber.put", number="13700000001", city=CITY)
        self.push([self.signal(1, component="sms_centre", code="E9"), self.signal(2, component="sms_centre", code="E8")])
        self.assertEqual("clear", self.c.call("number.check", number="13907550000")["state"])
        incident = self.incident(category="sms.failure", fields={"script": SCRIPT})
        self.assertEqual([number(1)], [n["number"] for n in self.list(incident, "all")["numbers"]])  # E8 is not of the fault
        for text, state in (("13907550000", "potential"), ("13907560000", "clear"), ("13700000001", "potential"), ("13700000002", "clear")):
            answer = self.c.call("number.check", number=text)
            self.assertEqual((text, state, incident if state == "potential" else None), (text, answer["state"], answer.get("incident")))

    def test_cities_and_province(self):
        self.failed(range(5))
        self.failed(range(5, 12), city="guangzhou")
        self.failed([0], city="guangzhou")  # known already: one number, one list
        province = self.c.call("ticket.create", kind="incident", channel="app", text="everywhere", category=CATEGORY)["id"]
        self.assertEqual([number(i) for i in range(12)], [n["number"] for n in self.list(province, "affected", limit=5)["numbers"]])
        self.assertEqual(12, self.counts(province)["affected"])
        city = self.incident()
        self.assertEqual(5, self.counts(city)["affected"])
        self.assertEqual(city, self.check_number(1)["incident"])
        self.assertEqual(province, self.check_number(7)["incident"])
        self.failed([50], city="zhuhai")
        self.assertEqual(13, self.counts(province)["affected"])

    def test_published_within_thirty_seconds(self):
        c = self.connect()
        c.call("topic.subscribe", topics=["incident", "ivr", "frontdesk.shenzhen"])
        self.failed(range(3))
        incident = self.incident(fields={"script": SCRIPT})
        self.advance("30s")
        seen = {}
        while len(seen) < 3:
            event = c.next_event()[1][0]
            if event["data"].get("event") == "numbers":
                seen[event["topic"]] = event["data"]
        self.assertEqual({"incident", "ivr", "frontdesk.shenzhen"}, set(seen))
        self.assertEqual((incident, 1, 3, "P-RECHARGE-01"), (seen["ivr"]["incident"], seen["ivr"]["version"],
            seen["ivr"]["counts"]["affected"], seen["ivr"]["prompt"]))
        self.assertNotIn("1380000", str(seen))
        self.failed([9])
        self.assertEqual(2, self.list(incident, "affected")["version"])

    def test_facts_at_create(self):
        self.failed([1])
        incident = self.incident(fields={"script": SCRIPT})
        ticket = self.complain(1)
        explained = self.c.call("ticket.explain", id=ticket["id"])
        self.assertIn(str(incident), str(explained))

    def test_results_of_the_emergency_system(self):
        self.failed(range(4))
        with open(os.path.join(self.d.rules, "restore.lua"), "w", encoding="utf-8") as f:
            f.write('rules.before "outbox" { kinds = { "incident" }, rule "restore" { when = { event = "create" },\n'
                '  task = task "boss_emergency" { op = "restore", numbers = "{fields.numbers}" } } }\n')
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)
        incident = self.incident(fields={"numbers": [number(i) for i in range(4)]})
        task = self.c.call("task.claim", worker="boss", kinds=["boss_emergency"], limit=1)["tasks"][0]
        self.c.call("task.done", id=task["id"], ok=True, result={"numbers": [{"number": number(i), "ok": i != 2} for i in range(4)]})
        self.assertEqual({"failed": 1, "fixed": 3, "told": 0, "silent": 0, "total": 4}, self.counts(incident)["stages"])
        self.assertEqual(("clear", "affected"), (self.check_number(0)["state"], self.check_number(2)["state"]))

    def test_errors(self):
        ticket = self.complain(1)["id"]
        self.refused("number.list", {"incident": ticket, "list": "affected"}, code="bad_request", argument="incident",
            message="ticket %d is a complaint, not an incident" % ticket)
        self.refused("number.list", {"incident": 999, "list": "affected"}, code="not_found", argument="incident",
            message="ticket 999 does not exist")
        incident = self.incident()
        self.refused("number.list", {"incident": incident, "list": "affected", "after": "x"}, code="bad_request", argument="after",
            message="after must be a number as an earlier page gave it")
        self.refused("number.settle", {"incident": incident, "to": "fixed"}, code="bad_request", argument="numbers",
            message="say either numbers or a list")
        self.refused("number.settle", {"incident": incident, "to": "fixed", "numbers": ["13x"]}, code="bad_request", argument="numbers",
            message="numbers[0] is not 1 to 15 digits as text", value="13x")


main()
