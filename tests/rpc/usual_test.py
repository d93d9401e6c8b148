"""What is usual is learned from what was counted: by day from rows, over kill -9, and anew when history is imported."""

import os

from daemon import DAY_MS, HOUR_MS, ROOT, START_MS, Case, Daemon, main

BIN_MS = 5 * 60 * 1000
PACK = os.path.join(ROOT, "tests", "packs", "usual")
MIDNIGHT = START_MS - 10 * HOUR_MS
KEY = "shenzhen/recharge.not_credited"


class Usual(Case):
    def daemon_new(self):
        d = Daemon(rules=PACK, clock="virtual:2026-09-22T00:01")
        self.addCleanup(d.close)
        d.start()
        return d

    def import_days(self, first, last, each=2):
        """Days before today on which `each` complaints a bin came from 8 to 20."""
        calls = []
        for back in range(first, last - 1, -1):
            for at in range(8 * HOUR_MS, 20 * HOUR_MS, BIN_MS):
                for i in range(each):
                    calls.append(("ticket.import", {"channel": "import", "text": "x", "category": "recharge.not_credited",
                        "city": "shenzhen", "created": MIDNIGHT - back * DAY_MS + at + i}))
        for i in range(0, len(calls), 200):
            self.c.pipeline(calls[i:i + 200])

    def make(self, n, city="shenzhen"):
        self.n = getattr(self, "n", 0)
        self.c.pipeline([("ticket.create", {"channel": "app", "text": "x", "category": "recharge.not_credited", "city": city,
            "number": "138%08d" % (self.n + i)}) for i in range(n)])
        self.n += n

    def advance(self, to):
        self.c.call("clock.advance", to=to)

    def warnings(self):
        return self.c.call("warning.list")["warnings"]

    def test_surge_against_what_was_learned(self):
        self.import_days(14, 1)
        self.advance(START_MS)
        for _ in range(3):  # as always: no warning
            self.make(2)
            self.advance(self.c.call("clock.now")["now"] + BIN_MS)
        self.assertEqual([], self.warnings())
        self.d.kill()
        self.d.start()
        self.c = self.connect()
        self.make(20)
        self.advance(START_MS + 4 * BIN_MS)
        (warning,) = self.warnings()
        self.assertEqual((KEY, "yellow", 24), (warning["key"], warning["level"], warning["count"]))
        self.assertAlmostEqual(6.0, warning["expected"], delta=0.8)
        self.assertLess(warning["p"], 1e-4)

    def test_downtime_teaches_nothing(self):
        """Days on which the daemon did not run were not days without complaints: as much is expected as before."""
        self.import_days(14, 1)
        for day in (23, 24):
            self.c.close()
            self.d.kill()
            self.d.clock = "virtual:2026-09-%dT09:45" % day
            self.d.start()
            self.c = self.connect()
            now = self.c.call("clock.now")["now"]
            self.assertEqual(START_MS + (day - 22) * DAY_MS - 3 * BIN_MS, now)
            self.advance(now + 2 * BIN_MS)  # learns
            self.make(20)
            self.advance(now + 3 * BIN_MS)
            (warning,) = self.warnings()
            self.assertEqual(20, warning["count"])
            self.assertAlmostEqual(5.93, warning["expected"], delta=0.06)

    def test_nothing_is_usual_at_night(self):
        self.import_days(14, 1)
        self.advance(MIDNIGHT + 3 * HOUR_MS)
        self.make(6)
        self.advance(MIDNIGHT + 3 * HOUR_MS + BIN_MS)
        (warning,) = self.warnings()
        self.assertEqual("yellow", warning["level"])
        self.assertLess(warning["expected"], 0.6)

    def test_a_key_never_seen_had_nothing(self):
        self.import_days(14, 1)
        self.advance(START_MS)
        self.make(8, city="foshan")
        self.advance(START_MS + BIN_MS)
        (warning,) = self.warnings()
        self.assertEqual(("foshan/recharge.not_credited", "yellow"), (warning["key"], warning["level"]))

    def test_too_few_days_expect_nothing(self):
        self.import_days(3, 1)
        self.advance(START_MS)
        self.make(30)
        self.advance(START_MS + BIN_MS)
        self.assertEqual([], self.warnings())

    def test_history_that_comes_later_is_learned(self):
        self.import_days(3, 1)
        self.advance(START_MS)
        self.make(2)
        self.advance(START_MS + BIN_MS)  # learned three days
        self.import_days(14, 4)
        self.make(30)
        self.advance(START_MS + 2 * BIN_MS)
        (warning,) = self.warnings()
        self.assertEqual((KEY, "yellow", 32), (warning["key"], warning["level"], warning["count"]))
        self.assertAlmostEqual(6.0, warning["expected"], delta=0.8)


if __name__ == "__main__":
    main()
