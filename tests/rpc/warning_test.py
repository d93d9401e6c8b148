"""Early warning on a running daemon: S1 and S2 exact to the bin, over kill -9, restart and reload; acting on warnings."""

import os
import shutil
import subprocess
import tempfile

from daemon import ROOT, START_MS, Case, Daemon, main

MINUTE_MS = 60 * 1000
BIN_MS = 5 * MINUTE_MS
PACKS = os.path.join(ROOT, "tests", "packs")
KEY = "shenzhen/recharge.not_credited"
S1 = [2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1, 2]
S1_CHANGES = [("10:15", "none", "yellow"), ("10:20", "yellow", "orange"), ("10:35", "orange", "red"), ("10:55", "red", "black"),
    ("12:00", "black", "red"), ("12:30", "red", "orange"), ("12:45", "orange", "yellow"), ("13:00", "yellow", "none")]
S2 = [5, 6, 5, 4, 6, 5, 6, 4, 5, 7, 4, 5] * 4


def clock(at):
    """"10:15" of an instant of the day that begins at 08:00 UTC+8."""
    minutes = (at - START_MS) // MINUTE_MS + 10 * 60
    return "%02d:%02d" % (minutes // 60, minutes % 60)


class Warning(Case):
    source = "s1"

    def daemon_new(self):
        self.pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.pack, True)
        shutil.copy(os.path.join(PACKS, self.source, "pack.lua"), self.pack)
        d = Daemon(rules=self.pack, clock="virtual:2026-09-22T09:00")
        self.addCleanup(d.close)
        d.start()
        return d

    def setUp(self):
        super().setUp()
        self.bin = START_MS - 12 * BIN_MS

    def events(self, topic, after=0):
        return self.published(topic, after)

    def changes(self, key=KEY):
        return [(clock(e["data"]["at"]), e["data"]["from"], e["data"]["to"]) for e in self.events("warning") if e["data"]["key"] == key]

    def feed(self, counts, **more):
        """One bin after another: its complaints one after another, then its end."""
        args = dict(channel="app", text="money has not come", city="shenzhen", category="recharge.not_credited")
        args.update(more)
        for n in counts:
            self.c.pipeline([("ticket.create", args)] * n)
            self.bin += BIN_MS
            self.c.call("clock.advance", to=self.bin)

    def one(self, key=KEY):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == key]
        return found[0] if found else None

    def add_to_pack(self, text):
        with open(os.path.join(self.pack, "pack.lua"), "a", encoding="utf-8") as f:
            f.write(text)
        self.assertTrue(self.c.call("rules.reload")["ok"])

    def other_generation(self, i):
        """The same watches by another pack."""
        with open(os.path.join(self.pack, "version.lua"), "w", encoding="utf-8") as f:
            f.write('limits { task_keep = "%dd" }\n' % (i + 30))
        before = self.c.call("rules.status")["generation"]
        status = self.c.call("rules.reload")
        self.assertEqual((True, before + 1), (status["ok"], status["generation"]))



class Rewritten(Warning):
    """Tests that change the pack's text as they go."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(self.pack, "pack.lua"), encoding="utf-8") as f:
            self.text = f.read()

    def write(self, *changes, more=""):
        """The pack with parts of its first text replaced, and more behind it."""
        text = self.text
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(text + more)

class Found(Warning):
    def test_s1(self):
        self.feed([2] * 12 + S1)
        self.assertEqual(S1_CHANGES, self.changes())
        self.assertEqual([], self.c.call("warning.list")["warnings"])

    def test_s1_with_kill_restart_and_reload(self):
        for i, n in enumerate([2] * 12 + S1):
            self.feed([n])
            if i % 5 == 3:
                self.restart()
            if i % 7 == 2:
                self.other_generation(i)
        self.assertEqual(S1_CHANGES, self.changes())

    def test_a_level_without_counts_over_reload_and_restart(self):
        """Raised by hand where nobody complained: nothing but an exit of its watch ends it."""
        key = "foshan/recharge.not_credited"
        self.c.call("warning.act", key=key, action="raise", level="red", reason="seen in the machine room")
        self.assertEqual({"zh": "人工发布，尚无计数", "en": "raised by hand, nothing was counted yet"}, self.one(key)["line"])
        self.feed([0])
        red = self.one(key)
        self.other_generation(1)
        self.assertEqual(red, self.one(key))
        self.feed([0])
        self.assertEqual("red", self.one(key)["level"])
        self.restart()
        self.feed([0])
        self.assertEqual([("09:00", "none", "red")], self.changes(key))

    def test_bins_go_on_closing_where_a_level_was_raised_and_the_daemon_killed(self):
        """Its reminder and the close of the bin are one timer with one row."""
        self.c.call("warning.act", key=KEY, action="raise", level="red", reason="seen in the machine room")
        self.restart()
        self.feed([0, 0])
        self.assertEqual(2, self.c.call("server.stats")["warnings"]["closes"])
        self.c.call("warning.act", key="foshan/recharge.not_credited", action="raise", level="red", reason="there, too")
        self.assertEqual(0, self.d.stop())
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual((0, "%s: 0 findings\n" % self.d.data), (said.returncode, said.stdout))

    def test_a_decision_that_cannot_be_done_stops_nobody(self):
        """The second reminder acts as the incident does not allow: it is told plainly, and bins go on closing."""
        self.add_to_pack('rules.before "warning" { rule "wrong" { when = { warning = "again" }, act = "take" } }\n')
        self.feed([2] * 12 + [10, 40] + [40] * 12)  # orange from 10:10; again every 15 minutes
        failed = [e["data"] for e in self.events("duty") if "failed" in e["data"]]
        self.assertTrue(failed)
        self.assertTrue(all(f["failed"].startswith("take is not possible while the ticket is ") for f in failed), failed)
        self.feed([300] * 3, city="guangzhou")
        self.assertEqual("black", self.one("guangzhou/recharge.not_credited")["level"])
        self.assertEqual([], self.d.log("warning.broken"))

    def test_bins_that_part_one_another_unevenly(self):
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "uneven" }\n'
                'levels "few" { { "yellow", enter = { S = at_least(10) }, leave = { S = less_than(5) }, closes = 1 } }\n'
                'watch "network" { categories = { "network" }, bin = "15m", sums = { S = 1 }, expected = 2.0, levels = "few" }\n'
                'watch "sms" { categories = { "sms" }, by = { "city", "category" }, bin = "20m", sums = { S = 1 }, expected = 2.0, levels = "few" }\n')
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.feed([30] + [0] * 9, category="sms.failure")
        self.assertEqual([("09:20", "none", "yellow"), ("09:40", "yellow", "none")], self.changes("shenzhen/sms.failure"))

    def test_s1_figures(self):
        self.feed([2] * 12 + S1[:4])
        w = self.one()
        self.assertEqual({"key": KEY, "level": "orange", "count": 34, "expected": 6, "since": START_MS + 4 * BIN_MS},
            {k: w[k] for k in ("key", "level", "count", "expected", "since")})
        self.assertEqual("2.9e-15", "%.1e" % w["p"])
        self.assertEqual({"zh": "近15分钟34件，平时6件，偶然的可能不到十亿分之一（p = 2.9e-15）",
            "en": "34 seen, 6 expected in 15 min, by chance under 1 in a billion (p = 2.9e-15)"}, w["line"])
        self.restart()
        self.assertEqual(w, self.one())

    def test_s2(self):
        self.feed([2] * 12 + S2)
        self.assertEqual([("10:15", "none", "yellow")], self.changes())
        self.assertEqual("yellow", self.one()["level"])

    def test_an_acknowledgement_without_an_end(self):
        """An alarm need not say how long: nobody is called again at this level, and the timer of reminders does not fire for ever."""
        self.add_to_pack('alarm "yellow" { zh = "黄色预警", en = "yellow warning", call = { { "duty of care" } }, again = "30m", bulletin = "1d", '
            'to = { "wall" } }\n')
        self.feed([2] * 12 + [6] * 4)
        self.c.call("warning.act", key=KEY, action="ack", reason="on it")
        self.assertEqual(["at", "by"], sorted(self.one()["ack"]))
        self.feed([6] * 12)
        self.assertEqual([], [e for e in self.events("duty") if e["data"].get("event") == "unanswered"])
        self.assertEqual(("yellow", ["at", "by"]), (self.one()["level"], sorted(self.one()["ack"])))

    def test_keys_that_the_catalog_does_not_know(self):
        for action in ("raise", "note"):
            self.refused("warning.act", dict(key="atlantis/recharge.not_credited", action=action, reason="x"), code="bad_request", argument="key",
                message='key "atlantis" is not in the catalog')
            self.refused("warning.act", dict(key="foshan/recharge.not_credit", action=action, reason="x"), code="bad_request", argument="key",
                message='key "recharge.not_credit" is not in the catalog (did you mean "recharge.not_credited"?)')

    def test_pages(self):
        cities = ["foshan", "guangzhou", "shenzhen", "zhuhai"]
        for city, level in zip(cities, ("yellow", "red", "red", "orange")):
            self.c.call("warning.act", key=city + "/recharge.not_credited", action="raise", level=level, reason="seen")
            self.c.call("clock.advance", by=1000)
        whole = self.c.call("warning.list")
        self.assertEqual(["warnings"], list(whole))
        self.assertEqual(["guangzhou", "shenzhen", "zhuhai", "foshan"], [w["key"].split("/")[0] for w in whole["warnings"]])
        page, listed = self.c.call("warning.list", limit=3), []
        self.assertEqual((1, 3), (page["more"], len(page["warnings"])))
        listed += page["warnings"]
        page = self.c.call("warning.list", limit=3, cursor=page["cursor"])
        self.assertEqual(["warnings"], list(page))
        self.assertEqual(whole["warnings"], listed + page["warnings"])
        self.refused("warning.list", dict(cursor="x"), code="bad_request", argument="cursor",
            message='cursor "x" is not one that warning.list gave')

    def test_more_than_an_answer_holds(self):
        """One disaster: every category in every city. The worst that fit are shown, and how many more there are."""
        self.add_to_pack('levels "few" { { "yellow", enter = { S = at_least(2) }, leave = { S = less_than(1) }, closes = 3 } }\n'
            'watch "all" { by = { "city", "category" }, bin = "5m", sums = { S = 3 }, expected = 1.0, levels = "few" }\n')
        names = self.c.call("catalog.get")
        categories = sorted(k for k in names["categories"] if not k.startswith("recharge"))
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category=category))
            for city in sorted(names["cities"]) for category in categories * 2])
        self.feed([160])
        page = self.c.call("warning.list")
        n = self.c.call("server.stats")["warnings"]["warned"]
        self.assertGreater(n, 567)
        self.assertEqual((KEY, n), (page["warnings"][0]["key"], len(page["warnings"]) + page["more"]))
        self.assertGreater(len(page["warnings"]), 100)
        keys = [w["key"] for w in page["warnings"]]
        while "cursor" in page:
            page = self.c.call("warning.list", cursor=page["cursor"])
            keys += [w["key"] for w in page["warnings"]]
        self.assertEqual((n, n), (len(keys), len(set(keys))))

    def pack_of(self, text):
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "other" }\n' + text)
        self.assertTrue(self.c.call("rules.reload")["ok"])

    def test_an_exit_by_subscribers(self):
        """18 in 15 minutes of 10,000 people are never under 8 in 10,000."""
        self.pack_of('cities { { "shenzhen", zh = "深圳", en = "Shenzhen", subscribers = 10000 } }\n'
            'levels "l" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = per_10000(less_than(8)) }, closes = 3, stay = 2 } }\n'
            'watch "a" { zh = "甲", en = "a", categories = { "recharge" }, by = { "city", "category" }, bin = "5m", sums = { S15 = 3 }, '
            'expected = 2.0, levels = "l" }\n')
        self.feed([6] * 10)
        self.assertEqual([("09:15", "none", "yellow")], self.changes())
        self.feed([0] * 5)
        self.assertEqual([("10:10", "yellow", "none")], self.changes()[1:])

    def test_what_proves_a_recovery_knows_the_climb(self):
        """A level is under its exit when all of it holds, also what its CUSUM remembers: it counts as the machine does."""
        self.pack_of('levels "l" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8), climb = less_than(4) }, closes = 6, '
            'stay = 2 } }\nwatch "a" { zh = "甲", en = "a", categories = { "recharge" }, by = { "city", "category" }, bin = "5m", '
            'sums = { S15 = 3, climb = cusum { ratio = 2, cap = 48 } }, expected = 2.0, levels = "l" }\n')
        self.feed([2, 2, 40])
        seen = []
        for _ in range(26):
            self.feed([1])
            seen.append(((self.one() or {}).get("under") or {}).get("yellow"))
        first = seen.index(1)
        self.assertGreater(first, 3)  # S15 is under 8 from the third bin on; the climb falls by about three a bin
        self.assertEqual([0] * first + [1, 2, 3, 4, 5] + [None] * (21 - first), seen)

    def test_downtime_is_not_silence(self):
        """Red, and down for more than two hours: nobody knows that it went down meanwhile. From the start on bins count again."""
        self.feed([2] * 3 + [3, 20, 80, 80])
        self.assertEqual("red", self.one()["level"])
        self.c.close()
        self.d.kill()
        self.d.clock = "virtual:2026-09-22T12:00"
        self.d.start()
        self.c = self.connect()
        self.bin = self.c.call("clock.now")["now"]
        self.assertEqual(12 * 60, (self.bin - START_MS) // MINUTE_MS + 10 * 60)
        self.c.call("clock.advance", by=1000)
        self.assertEqual("red", self.one()["level"])
        self.feed([0])
        self.assertEqual("red", self.one()["level"])
        self.restart()
        self.feed([0] * 4)
        self.assertEqual("red", self.one()["level"])
        self.feed([0])  # three bins under the exit, and it stood for six that were watched
        self.assertEqual([("09:25", "none", "yellow"), ("09:30", "yellow", "orange"), ("09:35", "orange", "red"), ("12:30", "red", "orange")],
            self.changes())


if __name__ == "__main__":
    main()
