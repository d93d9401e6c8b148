"""S7, the legal clocks: exact due instants by region, class and date; warnings on the same ledger; what may be paused and what not."""

from daemon import DAY_MS, HOUR_MS, START, START_MS, Case, Daemon, history, main
import unittest

NATIONAL = 1791475200000  # 2026-10-09T00:00+08:00 = 10-08 24:00: 15 natural days end on a holiday and roll
HENAN = 1790784000000  # 2026-10-01T00:00+08:00 = 09-30 24:00: 5 working days around the Mid-Autumn holiday
CHONGQING = 1792512000000  # 2026-10-21T00:00+08:00 = 10-20 24:00: 15 working days, 10-10 is a make-up Saturday
FAULT = {"category": "network.no_service", "city": "foshan", "number": "13800138000"}


def fired(events, clock):
    """(at, percent) of a clock's firings."""
    out = []
    for event in events:
        for decision in event.get("decisions", []) if event["method"] == "timer.fire" else []:
            timer = decision["facts"]["timer"]
            if timer["kind"] == "clock" and timer["clock"] == clock:
                out.append((event["at"], timer["percent"]))
    return out


class Legal(Case):
    def due(self, **args):
        return self.c.call("ticket.get", id=self.create(**args)["id"])["due"]

    def test_answer_by_region(self):
        for n, (region, due) in enumerate(((None, NATIONAL), ("guangdong", NATIONAL), ("henan", HENAN), ("chongqing", CHONGQING))):
            fields = {} if region is None else {"region": region}
            got = self.due(number="1380013800%d" % n, category="account.realname", fields=fields)
            self.assertEqual(due, got["answer"], region)
            self.assertNotIn("repair", got)

    def test_repair_in_town_and_country(self):
        self.assertEqual(START_MS + 48 * HOUR_MS, self.due(**FAULT)["repair"])  # 09-24 10:00
        rural = self.due(category="broadband.fault", city="foshan", number="13800138001", fields={"rural": True})
        self.assertEqual(START_MS + 72 * HOUR_MS, rural["repair"])  # 09-25 10:00, a holiday: hours do not roll
        self.assertEqual(NATIONAL, rural["answer"])

    def test_service_restored_and_feedback(self):
        self.assertEqual(START_MS + 48 * HOUR_MS, self.due(category="account.suspend_resume", number="13800138002")["restore"])
        got = self.due(channel="regulator_12300", form="transfer", source_ref="A-1", category="account.realname", number="13800138003")
        self.assertEqual((1790956800000 + 6 * DAY_MS, NATIONAL), (got["feedback"], got["answer"]))  # 10-02 is a holiday: 10-08 24:00

    def test_a_fault_named_later_counts_from_the_report(self):
        t = self.create(number="13800138004", text="x", category="account.realname", city="foshan")
        self.c.call("clock.advance", by="5h")
        t = self.c.call("ticket.act", id=t["id"], action="accept", data={"category": "network.slow"})
        self.assertEqual(START_MS + 48 * HOUR_MS, t["due"]["repair"])

    def test_75_and_100_percent_on_the_same_ledger(self):
        self.create(**FAULT)
        self.create(category="account.realname", number="13800138001", fields={"region": "henan"})
        self.c.call("clock.advance", by="30d")
        self.assertEqual([(START_MS + 36 * HOUR_MS, 75), (START_MS + 48 * HOUR_MS, 100)], fired(self.history(1), "repair"))
        # ceil(0.75 * 5) = 4th working day: 09-23, 09-24, 09-28, 09-29 (25…27 are off); its end is 09-30T00:00
        self.assertEqual([(1790697600000, 75), (HENAN, 100)], fired(self.history(2), "answer"))

    def test_late_is_told_at_once_also_in_a_holiday_night(self):
        self.c.call("topic.subscribe", topics=["duty"])
        self.create(category="broadband.fault", city="foshan", number="13800138001", fields={"rural": True})
        self.c.call("clock.advance", to="2026-09-25T10:00")
        self.c.call("session.ping")
        told = [(e["at"], e["data"]["rung"]) for _, (e,) in self.c.events if e["data"].get("rule") == "escalation/statutory late"]
        self.assertEqual([(START_MS + 72 * HOUR_MS, "team_head"), (START_MS + 72 * HOUR_MS, "department_head")], told)

    def test_statutory_is_not_pausable_and_unread_answers_void_the_pause(self):
        """Paused 2 days for the customer, who answered after 3 h: 45 h of the pause are void and shown."""
        t = self.create(**FAULT)
        for action in ("dispatch", "handle"):
            self.c.call("ticket.act", id=1, action=action)
        before = self.c.call("ticket.act", id=1, action="suspend", data={"cause": "waiting for customer"})
        self.assertEqual((t["due"]["repair"], t["due"]["answer"]), (before["due"]["repair"], before["due"]["answer"]))
        self.c.call("clock.advance", by="2d")
        after = self.c.call("ticket.act", id=1, action="resume", data={"answered": START_MS + 3 * HOUR_MS})
        self.assertEqual(t["due"]["handle"] + 3 * HOUR_MS, after["due"]["handle"])
        handle = self.c.call("ticket.get", {"id": 1, "with": ["clocks"]})["clocks"]["handle"]
        self.assertEqual(([[START_MS, START_MS + 2 * DAY_MS, "waiting for customer"]], [[START_MS + 3 * HOUR_MS, START_MS + 2 * DAY_MS, "answered"]]),
            (handle["pauses"], handle["voids"]))
        self.assertEqual((t["due"]["repair"], t["due"]["answer"]), (after["due"]["repair"], after["due"]["answer"]))

    def test_a_whole_pause_counts(self):
        t = self.create(**FAULT)
        for action, data in (("dispatch", {}), ("handle", {}), ("suspend", {"cause": "customer away"})):
            self.c.call("ticket.act", id=1, action=action, data=data)
        self.c.call("clock.advance", by="2d")
        after = self.c.call("ticket.act", id=1, action="resume")
        self.assertEqual(t["due"]["handle"] + 48 * HOUR_MS, after["due"]["handle"])


class Dates(unittest.TestCase):
    """The law of the day counts: each in a daemon that starts then."""

    def answer(self, start, **fields):
        with Daemon(clock="virtual:" + start) as d, d.client() as c:
            t = c.call("ticket.create", channel="app", text="x", number="13800138000", category="account.realname", fields=fields)
            return [b["rule"] for b in c.call("ticket.explain", id=t["id"])["decisions"][0]["because"]]

    def test_by_effective_date(self):
        for start, region, rule in (("2016-07-29T10:00", None, "answer, before 2016-07-30"), ("2016-07-30T10:00", None, "answer, national"),
                ("2020-06-03T10:00", "henan", "answer, national"), ("2020-06-04T10:00", "henan", "answer, Henan"),
                ("2018-07-25T10:00", "chongqing", "answer, national"), ("2018-07-26T10:00", "chongqing", "answer, Chongqing")):
            with self.subTest(start=start, region=region):
                rules = self.answer(start, **({} if region is None else {"region": region}))
                self.assertEqual(["clocks/" + rule], [name for name in rules if name.startswith("clocks/answer")])


if __name__ == "__main__":
    main()
