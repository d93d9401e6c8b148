"""Time: calendar figures, clocks that fire at their percents, a virtual clock that is moved, restarts in between."""

import os
import random
import threading
import time

from daemon import DAY_MS, HOUR_MS, START, START_MS, Case, Daemon, RpcError, history, main

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
NATIONAL_MS = 1791475200000  # 2026-10-09T00:00+08:00


def fired(client, ticket):
    """What fired on a ticket: (seq, at, clock, percent) of its clocks' timers, in order."""
    out = []
    for event in history(client, ticket):
        if event["method"] != "timer.fire":
            continue
        timer = event["decisions"][0]["facts"]["timer"]
        if timer["kind"] == "clock":
            out.append((event["seq"], event["at"], timer["clock"], timer["percent"]))
    return out


class Calendar(Case):
    shared = True

    def due(self, goal, unit, start=START, **more):
        return self.c.call("calendar.due", dict(more, **{"from": start, "goal": goal, "unit": unit}))["due"]

    def test_figures(self):
        self.assertEqual(NATIONAL_MS, self.due(15, "natural_days"))  # 10-07 is a holiday, 10-08 the first workday
        self.assertEqual(1792512000000, self.due(15, "working_days"))  # 2026-10-21T00:00+08:00
        self.assertEqual(1790784000000, self.due(5, "working_days"))  # Henan: 2026-10-01T00:00+08:00
        self.assertEqual(1790784000000, self.due(5, "working_days", calendar="china"))
        self.assertEqual(START_MS + 48 * HOUR_MS, self.due(48, "hours"))
        self.assertEqual(START_MS + 48 * HOUR_MS, self.due(48, "hours", start=START_MS))
        self.assertEqual(START_MS + 48 * HOUR_MS, self.due(48, "hours", start="2026-09-22T02:00Z"))

    def test_day_of_receipt_is_not_counted(self):
        for start in ("2026-09-22T00:00", "2026-09-22T23:59"):
            self.assertEqual(1790179200000, self.due(1, "natural_days", start=start))  # 2026-09-24T00:00+08:00

    def test_refused(self):
        at = {"from": START, "goal": 5, "unit": "working_days"}
        self.refused("calendar.due", dict(at, goal=0), code="bad_request", argument="goal", value="0",
            message='argument "goal" is 0; expected 1 to 876000')
        self.refused("calendar.due", dict(at, unit="weeks"), code="bad_request", argument="unit", value="weeks",
            message='argument "unit" is "weeks"; expected one of "hours", "natural_days", "working_days"')
        self.refused("calendar.due", dict(at, calendar="chin"), code="bad_request", argument="calendar", value="chin",
            message='calendar "chin" is not in the pack')
        self.refused("calendar.due", dict(at, goal=300), code="rejected", argument="calendar", value="2027",
            reason="calendar_year_missing",
            message='calendar "china" has no data for the year 2027: add its holidays and make-up workdays')


class Clock(Case):
    def test_now(self):
        self.assertEqual({"now": START_MS, "iso": "2026-09-22T10:00:00.000+08:00", "virtual": True, "suspect": False},
            self.c.call("clock.now"))
        time.sleep(0.05)
        self.assertEqual(START_MS, self.c.call("clock.now")["now"])

    def test_forms_of_advance(self):
        for args, now in (({"by": "30m"}, START_MS + HOUR_MS // 2), ({"by": 1}, START_MS + HOUR_MS // 2 + 1),
                ({"to": "2026-09-22T11:00"}, START_MS + HOUR_MS), ({"to": START_MS + DAY_MS}, START_MS + DAY_MS), ({"by": 0}, START_MS + DAY_MS)):
            answer = self.c.call("clock.advance", args)
            self.assertEqual((now, 0), (answer["now"], answer["fired"]), args)

    def long_way(self, is_watched):
        """Many timers in one leap, and the chain's head at its end: → what another connection was answered meanwhile."""
        target, seen, error = START_MS + 3 * DAY_MS, [], None
        with Daemon() as d, d.client() as c, d.client() as other:
            c.pipeline([("ticket.create", {"channel": "app", "number": "1380013%04d" % n, "text": "the bill is wrong",
                "category": "billing.cdr"}) for n in range(200)])
            c.send("clock.advance", {"to": target})
            while is_watched and seen[-1:] != [target]:
                seen.append(other.call("clock.now")["now"])
                if error is None and START_MS < seen[-1] < target:
                    with self.assertRaises(RpcError) as caught:
                        other.call("clock.advance", by="1m")
                    error = caught.exception.args[0]
            answer = c.answer()
            return answer["now"], answer["fired"], c.call("server.stats")["head"], seen, error

    def test_others_are_answered_on_a_long_way(self):
        alone, watched = self.long_way(False), self.long_way(True)
        self.assertEqual(alone[:3], watched[:3])
        self.assertGreater(alone[1], 1500)
        self.assertGreater(len(set(watched[3])), 1)
        self.assertEqual(sorted(watched[3]), watched[3])
        self.assertIn("another call is moving the clock", watched[4])

    def test_refused(self):
        self.c.call("clock.advance", by="1d")
        back = "the clock does not go back; it stands at 2026-09-23T10:00:00.000+08:00"
        self.refused("clock.advance", {"to": START}, code="rejected", argument="to", message=back)
        self.refused("clock.advance", {"by": -1}, code="rejected", argument="by", message=back)
        for args in ({}, {"by": 1, "to": START_MS + 2 * DAY_MS}):
            self.refused("clock.advance", args, code="bad_request", message="clock.advance needs either by or to")
        for by in (1 << 62, (1 << 63) - 1):
            self.refused("clock.advance", {"by": by}, code="bad_request", argument="by",
                message="the clock goes to the end of the year 9999 at most")
        self.refused("clock.advance", {"to": 1 << 62}, code="bad_request", argument="to",
            message='argument "to" is 4611686018427387904; expected 0 to 253402300799999')
        self.assertEqual(START_MS + DAY_MS, self.c.call("clock.now")["now"])

    def test_start_is_not_before_the_last_entry(self):
        self.c.call("clock.advance", by="3h")
        self.create()
        self.restart()
        self.assertEqual(START_MS + 3 * HOUR_MS, self.c.call("clock.now")["now"])


class Timers(Case):
    EXPECTED = [(START_MS + 90 * 60000, "dispatch", 75), (START_MS + 2 * HOUR_MS, "dispatch", 100),
        (START_MS + 36 * HOUR_MS, "handle", 75), (START_MS + 48 * HOUR_MS, "handle", 100),
        (1791129600000, "answer", 75), (NATIONAL_MS, "answer", 100)]  # 75 % of 15 days: the end of the 12th, 10-05T00:00

    def make(self, n):
        answers = self.c.pipeline([("ticket.create", {"channel": "app", "text": "x", "number": "138%08d" % i,
            "category": "account.realname", "city": "foshan"}) for i in range(n)])
        self.assertEqual(list(range(1, n + 1)), [a["id"] for a in answers])

    def check(self, n, c=None):
        """Every timer fired once, each with now = its due, in (due, ticket) order over all tickets."""
        everything = []
        for ticket in range(1, n + 1):
            got = fired(c or self.c, ticket)
            self.assertEqual(self.EXPECTED, [event[1:] for event in got], "ticket %d" % ticket)
            everything += [(seq, at, ticket) for seq, at, _, _ in got]
        order = [(at, ticket) for _, at, ticket in sorted(everything)]
        self.assertEqual(sorted(order), order)

    def test_in_order_and_once(self):
        self.make(7)
        self.assertEqual(0, self.c.call("clock.advance", by="89m")["fired"])
        self.assertEqual(7, self.c.call("clock.advance", by="1m")["fired"])
        self.assertEqual(0, self.c.call("clock.advance", by=0)["fired"])
        self.c.call("clock.advance", by="40d")
        self.check(7)
        self.assertEqual({"dispatch": 100, "handle": 100, "answer": 100}, self.c.call("ticket.get", id=1)["fired"])

    def test_escalation(self):
        """75 % tells the owner; 100 % the owner and the head, again every 4 hours, people's hours only, until it is dispatched."""
        self.c.call("topic.subscribe", topics=["duty"])
        self.make(1)
        self.c.call("clock.advance", by="27h")
        self.c.call("ticket.act", id=1, action="dispatch")
        self.c.call("clock.advance", by="5h")
        self.c.call("session.ping")
        told = [(event["at"], event["data"]["rule"], event["data"]["clock"], event["data"]["percent"], event["data"]["round"],
            event["data"]["rung"], event["data"]["to"]) for _, (event,) in self.c.events]
        both = lambda at, n: [(at, "escalation/late", "dispatch", 100, n, rung, to)
            for rung, to in (("owner", "wu.qiang"), ("team_head", "lin.tao"))]
        self.assertEqual([(START_MS + 90 * 60000, "escalation/near", "dispatch", 75, 0, "owner", "wu.qiang")] +
            both(START_MS + 4 * HOUR_MS, 0) +  # 14:00: nobody is told at noon
            both(START_MS + 45 * HOUR_MS // 2, 1), told)  # 08:30 the next day

    def test_steps_or_one_leap(self):
        self.make(3)
        for _ in range(40):
            self.c.call("clock.advance", by="11h")
        self.check(3)

    def test_restart_keeps_timers(self):
        self.make(5)
        self.restart()
        self.c.call("clock.advance", by="100m")
        self.assertEqual([self.EXPECTED[0]], [event[1:] for event in fired(self.c, 3)])
        self.restart()
        self.c.call("clock.advance", by="40d")
        self.restart()
        self.check(5)

    def test_a_closed_ticket_is_silent(self):
        self.make(2)
        self.c.call("clock.advance", by="150m")  # late, and told again every 4 hours
        self.c.call("ticket.act", id=1, action="cancel")
        n_events = len(self.history(1))
        self.c.call("clock.advance", by="40d")
        self.assertEqual((n_events, self.EXPECTED[:2]), (len(self.history(1)), [event[1:] for event in fired(self.c, 1)]))
        self.assertEqual(self.EXPECTED, [event[1:] for event in fired(self.c, 2)])

    def test_suspension_moves_what_may_move(self):
        self.make(1)
        self.c.call("ticket.act", id=1, action="dispatch")
        before = self.c.call("ticket.get", id=1)["due"]
        self.c.call("ticket.act", id=1, action="suspend", data={"cause": "customer away"})
        self.c.call("clock.advance", by="5h")
        after = self.c.call("ticket.act", id=1, action="resume")["due"]
        self.assertEqual({"handle": before["handle"] + 5 * HOUR_MS, "answer": before["answer"]}, after)

    def test_killed_while_advancing(self):
        print("SEED=%d" % SEED)
        rng = random.Random(SEED)
        n = 40
        for _ in range(5):
            with Daemon() as d, d.client() as c:
                self.c, kept = c, self.c
                self.make(n)
                self.c = kept
                for _ in range(6):
                    killer = threading.Timer(rng.uniform(0.001, 0.03), d.process.kill)
                    killer.start()
                    try:
                        with d.client() as other:
                            other.call("clock.advance", to=START_MS + 40 * DAY_MS)
                    except (OSError, ConnectionError):
                        pass
                    killer.join()
                    d.restart()
                with d.client() as after:
                    after.call("clock.advance", to=START_MS + 40 * DAY_MS)
                    self.check(n, after)
                self.assertEqual([], d.log("timer.lost") + d.log("timer.failed"))


if __name__ == "__main__":
    main()
