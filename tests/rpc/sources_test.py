"""Sources: age and expected rhythm of every channel, so that a quiet feed and a dead one differ; kept over kill -9."""

import os
import shutil
import tempfile

from daemon import HOUR_MS, START_MS, Case, Daemon, main  # START is 10:00 of a Tuesday

MINUTE_MS = 60 * 1000
PACK = """pack { base = "default", name = "rhythm" }
channels {
  { "hotline_10086", zh = "热线", en = "hotline", rhythm = { every = "5m", from = "08:00", to = "22:00" } },
  { "hall", zh = "营业厅", en = "hall", rhythm = "30m" },
  { "app", zh = "掌厅", en = "app" },
  { "sms", zh = "短信", en = "sms", rhythm = { every = "10m", from = "22:00", to = "06:00" } },
}
"""


class Sources(Case):
    def daemon_new(self):
        folder = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, folder, True)
        with open(os.path.join(folder, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(PACK)
        d = Daemon(rules=folder)
        self.addCleanup(d.close)
        d.start()
        return d

    def sources(self):
        return {s.pop("name"): s for s in self.c.call("server.stats")["sources"]}

    def state(self, name):
        s = self.sources()[name]
        return "late" if s["is_late"] else "quiet" if s["is_quiet"] else "speaks"

    def advance(self, by):
        self.c.call("clock.advance", by=by)

    def test_never_heard(self):
        """10:00, the first start: each is late when its rhythm has passed since then, however long its hours run already."""
        self.assertEqual({"hotline_10086": {"expected_ms": 5 * MINUTE_MS, "is_quiet": False, "is_late": False},
            "hall": {"expected_ms": 30 * MINUTE_MS, "is_quiet": False, "is_late": False},
            "sms": {"expected_ms": 10 * MINUTE_MS, "is_quiet": True, "is_late": False}}, self.sources())  # text messages come at night
        self.advance("5m")
        self.assertEqual("speaks", self.state("hotline_10086"))
        self.advance(1)
        self.assertEqual(("late", "speaks", "quiet"), tuple(self.state(name) for name in ("hotline_10086", "hall", "sms")))
        self.create(channel="app")  # so that time goes on from here
        self.restart()  # expected since the first start, not since the last one
        self.advance("25m")
        self.assertEqual({"hotline_10086": {"expected_ms": 5 * MINUTE_MS, "is_quiet": False, "is_late": True},
            "hall": {"expected_ms": 30 * MINUTE_MS, "is_quiet": False, "is_late": True},
            "sms": {"expected_ms": 10 * MINUTE_MS, "is_quiet": True, "is_late": False}},
            {name: x for name, x in self.sources().items() if name != "app"})

    def test_age_then_late(self):
        self.create(channel="hotline_10086")
        self.assertEqual({"last": START_MS, "age_ms": 0, "expected_ms": 5 * MINUTE_MS, "is_quiet": False, "is_late": False},
            self.sources()["hotline_10086"])
        self.advance("5m")
        self.assertEqual("speaks", self.state("hotline_10086"))
        self.advance(1)
        self.assertEqual("late", self.state("hotline_10086"))
        self.assertEqual(5 * MINUTE_MS + 1, self.sources()["hotline_10086"]["age_ms"])
        self.create(channel="hotline_10086")
        self.assertEqual("speaks", self.state("hotline_10086"))

    def test_quiet_at_night_is_not_dead(self):
        self.create(channel="hotline_10086")
        self.advance(12 * HOUR_MS)  # 22:00
        self.assertEqual("quiet", self.state("hotline_10086"))
        self.advance(10 * HOUR_MS)  # 08:00: its hours begin
        self.assertEqual("quiet", self.state("hotline_10086"))
        self.advance("5m")
        self.assertEqual("quiet", self.state("hotline_10086"))
        self.advance(1)
        self.assertEqual("late", self.state("hotline_10086"))

    def test_hours_over_midnight(self):
        self.assertEqual("quiet", self.state("sms"))
        self.advance(12 * HOUR_MS + 9 * MINUTE_MS)  # 22:09
        self.assertEqual("quiet", self.state("sms"))
        self.advance("2m")
        self.assertEqual("late", self.state("sms"))
        self.advance(3 * HOUR_MS)  # 01:11
        self.assertEqual("late", self.state("sms"))
        self.create(channel="sms")
        self.advance("10m")
        self.assertEqual("speaks", self.state("sms"))
        self.advance(6 * HOUR_MS)
        self.assertEqual("quiet", self.state("sms"))

    def test_without_a_rhythm_only_an_age(self):
        self.create(channel="app")
        self.advance(48 * HOUR_MS)
        self.assertEqual({"last": START_MS, "age_ms": 48 * HOUR_MS, "is_quiet": False, "is_late": False}, self.sources()["app"])

    def test_contacts_count_imports_do_not(self):
        self.create(channel="app")
        self.advance("1h")
        self.c.call("contact.add", ticket=1, channel="hall", kind="urge")
        self.c.call("ticket.import", channel="email", text="x", created=START_MS)
        self.assertEqual("speaks", self.state("hall"))
        self.assertNotIn("email", self.sources())

    def test_over_a_kill(self):
        self.create(channel="hotline_10086")
        self.advance("3m")
        self.create(channel="app")
        before = self.sources()
        self.restart()
        self.assertEqual(before, self.sources())

    def test_kept_at_most_every_ten_seconds(self):
        self.create(channel="app")
        for _ in range(5):
            self.advance("9s")
            self.create(channel="app")
        exact = self.sources()["app"]["last"]
        self.restart()
        self.assertEqual(START_MS + 45 * 1000, exact)
        self.assertLess(exact - self.sources()["app"]["last"], 10 * 1000)


if __name__ == "__main__":
    main()
