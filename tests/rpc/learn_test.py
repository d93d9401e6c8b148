"""What is usual in weeks, days and minutes on a running daemon: learned in slices, over kill -9, and the same after downtime."""

import csv
import os
import random
import shutil
import subprocess
import tempfile

from daemon import DAY_MS, HOUR_MS, ROOT, START_MS, Case, Daemon, main

MINUTE_MS = 60 * 1000
BIN_MS = 5 * MINUTE_MS
WEEK_MS = 7 * DAY_MS
PACK = os.path.join(ROOT, "tests", "packs", "learn")
TOCSIN = os.path.join(ROOT, "build", "tocsin")
MONDAY = START_MS - 10 * HOUR_MS - DAY_MS  # 2026-09-21
MIDNIGHT = MONDAY + DAY_MS
WEEKS = 30


class Learn(Case):
    def daemon_new(self):
        self.pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.pack, True)
        shutil.copy(os.path.join(PACK, "pack.lua"), self.pack)
        d = Daemon(rules=self.pack, clock="virtual:2026-09-22T00:01")
        self.addCleanup(d.close)
        d.start()
        return d

    def imported(self, at, n, **more):
        args = dict(channel="import", text="x", city="foshan", category="billing.cdr")
        args.update(more)
        return [("ticket.import", dict(args, created=at + i)) for i in range(n)]

    def send(self, calls):
        for i in range(0, len(calls), 200):
            self.c.pipeline(calls[i:i + 200])

    def make(self, n, **more):
        args = dict(channel="app", text="x", city="foshan", category="billing.cdr")
        args.update(more)
        self.n = getattr(self, "n", 0)
        self.c.pipeline([("ticket.create", dict(args, number="138%08d" % (self.n + i))) for i in range(n)])
        self.n += n

    def advance(self, to):
        self.c.call("clock.advance", to=to)

    def changes(self, key):
        events = [e["data"] for e in self.published("warning") if e["data"]["key"] == key]
        return [(e["at"], e["from"], e["to"]) for e in events]

    def one(self, key):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == key]
        return found[0] if found else None

    def by_detect(self, weeks):
        """(level, count, expected, p) of every week, by the command line over the same counts."""
        path, out = os.path.join(self.pack, "weeks.csv"), os.path.join(self.pack, "out.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("week,n\n")
            for i, n in enumerate(weeks):
                at = MONDAY - (WEEKS - i) * WEEK_MS
                f.write("%d,%d\n" % (at // 1000, n))
        subprocess.run([TOCSIN, "detect", path, "--time", "week", "--value", "n", "--bin", "1w", "--rules", self.pack, "--watch", "weeks",
            "--alarms", out], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "TOCSIN_SHARE": os.path.join(ROOT, "lua")})
        with open(out, encoding="utf-8") as f:
            return [(r["level"], float(r["count"]), float(r["expected"] or "nan"), float(r["p"] or "nan")) for r in csv.DictReader(f)]

    def test_weeks_by_farrington(self):
        seed = random.Random(4)
        weeks = [seed.choice((8, 9, 10, 10, 11, 12)) for _ in range(WEEKS)]
        self.send([call for i, n in enumerate(weeks) for k in range(n)
            for call in self.imported(MONDAY - (WEEKS - i) * WEEK_MS + k * 15 * HOUR_MS, 1)])
        self.advance(START_MS)
        self.make(21)
        self.advance(MONDAY + 3 * DAY_MS)
        self.restart()
        self.advance(MONDAY + WEEK_MS - 1)
        self.assertEqual(None, self.one("foshan/billing.cdr"))
        self.advance(MONDAY + WEEK_MS + MINUTE_MS)
        w = self.one("foshan/billing.cdr")
        level, count, expected, p = self.by_detect(weeks + [21])[-1]
        self.assertEqual(("yellow", 21), (level, count))
        self.assertEqual((level, count, MONDAY + WEEK_MS), (w["level"], w["count"], w["since"]))
        self.assertAlmostEqual(expected, w["expected"], places=3)
        self.assertAlmostEqual(p, w["p"], delta=p * 1e-3)
        # nothing is counted any more: the next week ends all the same, with all of it read from rows
        self.restart()
        self.advance(MONDAY + 2 * WEEK_MS + MINUTE_MS)
        self.assertEqual([(MONDAY + WEEK_MS, "none", "yellow"), (MONDAY + 2 * WEEK_MS, "yellow", "none")],
            self.changes("foshan/billing.cdr"))

    def test_days_are_local(self):
        self.send([call for back in range(10, 0, -1) for call in self.imported(MIDNIGHT - back * DAY_MS + 9 * HOUR_MS, 10,
            category="network.slow")])
        self.advance(MIDNIGHT + 23 * HOUR_MS)
        self.make(50, category="network.slow")
        self.advance(MIDNIGHT + DAY_MS + MINUTE_MS)
        w = self.one("foshan/*")
        self.assertEqual(("yellow", 50, MIDNIGHT + DAY_MS), (w["level"], w["count"], w["since"]))
        self.advance(MIDNIGHT + 2 * DAY_MS + MINUTE_MS)
        self.assertEqual([(MIDNIGHT + DAY_MS, "none", "yellow"), (MIDNIGHT + 2 * DAY_MS, "yellow", "none")], self.changes("foshan/*"))

    # ---- slices ----------------------------------------------------------------------------------------------
    CITIES = ["guangzhou", "shenzhen", "zhuhai", "shantou", "foshan", "shaoguan", "heyuan", "meizhou", "huizhou", "shanwei", "dongguan",
        "zhongshan", "jiangmen", "yangjiang", "zhanjiang", "maoming", "zhaoqing", "qingyuan", "chaozhou", "jieyang", "yunfu"]

    def history(self):
        """Ten days of recharges by day; some cities have something on some days only."""
        self.send([call for back in range(10, 0, -1) for c, city in enumerate(self.CITIES) if (back + c) % (c // 4 + 1) == 0
            for at in range(8, 20) for call in self.imported(MIDNIGHT - back * DAY_MS + at * HOUR_MS + c * MINUTE_MS, 2 + c % 3,
                city=city, category="recharge.not_credited")])
        self.advance(MIDNIGHT + 9 * HOUR_MS)

    def nights(self, n, kill):
        """Days on which half of the cities have something; killed in the k-th night behind the k-th slice."""
        for k in range(n):
            midnight = MIDNIGHT + (k + 1) * DAY_MS
            self.advance(midnight - 9 * HOUR_MS)
            for city in self.CITIES[k % 2::2]:
                self.make(3, city=city, category="recharge.not_credited")
            self.advance(midnight + 2 * k)
            if kill:
                self.restart()
            self.advance(midnight + HOUR_MS)

    def surge(self, at):
        self.advance(at)
        for city in self.CITIES:
            self.make(40, city=city, category="recharge.not_credited")
        self.advance(at + BIN_MS)
        return [{k: w[k] for k in ("key", "level", "count", "expected", "p")} for w in self.c.call("warning.list")["warnings"]]

    def test_learning_that_is_killed_comes_to_the_same(self):
        at = MIDNIGHT + 5 * DAY_MS + 10 * HOUR_MS
        self.history()
        self.nights(5, kill=False)
        expected = self.surge(at)
        self.assertEqual(21, len(expected))
        self.d.close()
        self.d = self.daemon_new()
        self.c = self.connect()
        self.n = 0
        self.history()
        self.nights(5, kill=True)
        self.restart()
        self.assertEqual(expected, self.surge(at))

    def test_a_key_of_many_streams_is_learned_in_parts(self):
        """All of a watch is one key: its 21 cities had something in 8,400 minutes of a day, which no slice adds up at once."""
        with open(os.path.join(self.pack, "pack.lua"), "a", encoding="utf-8") as f:
            f.write('watch "all" { zh = "全部", en = "all", categories = { "recharge" }, bin = "5m", sums = { S15 = 3 }, levels = "minutes",\n'
                '  expected = baseline { slot = "1h", least_days = 1, weekly = false, calibrated = false } }\n')
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.send([call for city in self.CITIES for m in range(400) for call in self.imported(MIDNIGHT - DAY_MS + 9 * HOUR_MS + m * MINUTE_MS, 1,
            city=city, category="recharge.not_credited")])
        self.advance(START_MS)
        stats = self.c.call("server.stats")["warnings"]
        self.assertTrue(6000 <= stats["learn_units_max"] <= 6000 + 1440, stats)
        self.make(42, category="recharge.not_credited")
        self.advance(START_MS + BIN_MS)
        self.make(500, category="recharge.not_credited")
        self.advance(START_MS + 2 * BIN_MS)
        self.assertEqual(("yellow", 542), (self.one("*/*")["level"], self.one("*/*")["count"]))
        self.assertAlmostEqual(21 * 15, self.one("*/*")["expected"], delta=50)  # 9:00 to 15:40, all of them

    def late(self):
        return self.c.call("server.stats")["warnings"]["late_unlearned"]

    def test_what_is_told_after_its_day_was_learned(self):
        """Counted, until the pack says that they are many: then all is learned anew, and they are in it."""
        with open(os.path.join(self.pack, "pack.lua"), "a", encoding="utf-8") as f:
            f.write("counting { relearn = 60 }\n")
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.send([call for back in range(10, 0, -1) for call in self.imported(MIDNIGHT - back * DAY_MS + 9 * HOUR_MS, 10,
            category="network.slow")])
        self.advance(MIDNIGHT + DAY_MS + HOUR_MS)
        self.assertEqual(0, self.late())
        self.make(2, category="network.slow", occurred=MIDNIGHT + DAY_MS + MINUTE_MS)  # of today
        self.assertEqual(0, self.late())
        self.make(59, category="network.slow", occurred=MIDNIGHT + DAY_MS - MINUTE_MS)  # of yesterday, which was learned at midnight
        self.assertEqual(59, self.late())
        self.restart()
        self.assertEqual(59, self.late())
        self.make(1, category="network.slow", occurred=MIDNIGHT + DAY_MS - MINUTE_MS)
        self.assertEqual(60, self.late())
        self.advance(MIDNIGHT + DAY_MS + HOUR_MS + 5 * MINUTE_MS)
        self.assertEqual(0, self.late())

    def test_what_is_told_while_all_is_learned_anew(self):
        """What the lesson had read before is not in it: that stays counted."""
        with open(os.path.join(self.pack, "pack.lua"), "a", encoding="utf-8") as f:
            f.write("counting { relearn = 60 }\n")
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.send([call for back in range(10, 0, -1) for call in self.imported(MIDNIGHT - back * DAY_MS + 9 * HOUR_MS, 10,
            category="network.slow")])
        late = MIDNIGHT + DAY_MS - MINUTE_MS
        now = MIDNIGHT + DAY_MS + HOUR_MS
        self.advance(now)
        self.make(60, category="network.slow", occurred=late)
        now += MINUTE_MS - 1
        self.advance(now)
        seen = [60]
        while seen[-1] >= 60:  # one more at each millisecond
            now += 1
            self.advance(now)
            self.make(1, category="network.slow", occurred=late)
            seen.append(self.late())
        self.assertEqual(list(range(60, len(seen) + 59)) + [9], seen)  # 8 that came when yesterday had been read, 1 since the end

    def test_a_late_one_when_nothing_was_to_be_learned(self):
        """It arms midnight and learning anew in one call: one timer with one row, also over kill -9."""
        path = os.path.join(self.pack, "pack.lua")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:  # no long bins, whose days always wait for the next one
            f.write(text[:text.index('levels "weeks"')] + text[text.index('levels "minutes"'):] + "counting { relearn = 1 }\n")
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.send(self.imported(MIDNIGHT - DAY_MS + HOUR_MS, 5, category="recharge.not_credited"))
        for day in (0, 1, 2):
            self.advance(MIDNIGHT + day * DAY_MS + HOUR_MS)
            self.make(3, category="recharge.not_credited")
        self.advance(MIDNIGHT + 3 * DAY_MS + HOUR_MS)
        self.make(1, category="recharge.not_credited", occurred=MIDNIGHT + 3 * DAY_MS - MINUTE_MS)
        self.assertEqual(1, self.late())
        self.restart()
        self.advance(MIDNIGHT + 3 * DAY_MS + HOUR_MS + 2 * MINUTE_MS)
        self.assertEqual(0, self.late())
        self.assertEqual(0, self.d.stop())
        said = subprocess.run([TOCSIN, "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual((0, "%s: 0 findings\n" % self.d.data), (said.returncode, said.stdout))

    def test_the_day_of_installation_is_not_zero_before_it(self):
        """First started at 12:00: nobody watched in the morning, which so is no lesson."""
        self.c.close()
        self.d.close()
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "first" }\nlevels "l" { { "yellow", enter = { S15 = at_least(100) }, '
                'leave = { S15 = less_than(50) } } }\nwatch "w" { categories = { "recharge" }, by = { "city", "category" }, bin = "5m", '
                'sums = { S15 = 3 }, levels = "l", expected = baseline { slot = "24h", least_days = 1, weekly = false, calibrated = false } }\n')
        self.d = Daemon(rules=self.pack, clock="virtual:2026-09-22T12:00")
        self.addCleanup(self.d.close)
        self.d.start()
        self.c = self.connect()
        for i in range(36 * 12):
            self.make(2, category="recharge.not_credited")
            self.advance(MIDNIGHT + 12 * HOUR_MS + (i + 1) * BIN_MS)
        self.advance(MIDNIGHT + 2 * DAY_MS + HOUR_MS)
        self.make(120, category="recharge.not_credited")
        self.advance(MIDNIGHT + 2 * DAY_MS + HOUR_MS + BIN_MS)
        self.assertAlmostEqual(6.0, self.one("foshan/recharge.not_credited")["expected"], delta=0.2)

    # ---- downtime --------------------------------------------------------------------------------------------
    def evening(self):
        """A surge that rises at 22:40, a day of ordinary hours behind it."""
        self.history()
        for hour in range(9, 20):
            self.advance(MIDNIGHT + hour * HOUR_MS)
            self.make(3, city="foshan", category="recharge.not_credited")
        for bin_at in range(3):
            self.advance(MIDNIGHT + 22 * HOUR_MS + 40 * MINUTE_MS + bin_at * BIN_MS)
            self.make(8, city="foshan", category="recharge.not_credited")
        self.advance(MIDNIGHT + 22 * HOUR_MS + 52 * MINUTE_MS)

    def down_until(self, clock):
        self.c.close()
        self.d.kill()
        self.d.clock = "virtual:" + clock
        self.d.start()
        self.c = self.connect()
        self.c.call("clock.advance", by=1)

    def morning(self):
        """What comes when the system runs again, among it what was written down meanwhile."""
        late = MIDNIGHT + DAY_MS + 35 * MINUTE_MS
        self.send(self.imported(late, 6, city="foshan", category="recharge.not_credited"))
        self.advance(MIDNIGHT + DAY_MS + 45 * MINUTE_MS)
        return [{k: w[k] for k in ("key", "level", "since", "count", "expected", "p")} for w in self.c.call("warning.list")["warnings"]]

    def test_downtime_over_midnight_is_unknown_but_for_what_was_written_down(self):
        """While it ran the surge of the evening was seen to end. Down, nobody saw that: its level stands, and what was written down counts."""
        key = "foshan/recharge.not_credited"
        self.evening()
        self.advance(MIDNIGHT + DAY_MS + 41 * MINUTE_MS)
        (ran,) = self.morning()
        changes = self.changes(key)
        self.assertEqual([("none", "yellow"), ("yellow", "none"), ("none", "yellow")], [(a, b) for _, a, b in changes])
        self.assertEqual(MIDNIGHT + DAY_MS + 45 * MINUTE_MS, changes[2][0])
        self.d.close()
        self.d = self.daemon_new()
        self.c = self.connect()
        self.n = 0
        self.evening()
        self.down_until("2026-09-23T00:41")
        self.advance(MIDNIGHT + DAY_MS + 42 * MINUTE_MS)
        (down,) = self.morning()
        self.assertEqual(changes[:1], self.changes(key))
        self.assertEqual((key, "yellow", changes[0][0], ran["count"]), (key, down["level"], down["since"], down["count"]))
        self.assertLess(down["expected"], ran["expected"])  # of two bins, where three were watched


if __name__ == "__main__":
    main()
