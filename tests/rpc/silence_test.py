"""S19 for the keys of a watch: a city whose signals stop is a warning of its own, to the minute; one that never spoke is none."""

import os

from daemon import ROOT, START_MS, Case, Daemon, main

MINUTE_MS = 60 * 1000
PACK = os.path.join(ROOT, "tests", "packs", "silence")
KEY = "source:signal:foshan"


class Silence(Case):
    def daemon_new(self):
        d = Daemon(rules=PACK)
        self.addCleanup(d.close)
        d.start()
        return d

    def push(self, city):
        now = self.c.call("clock.now")["now"]
        answer = self.c.call("signal.push", signals=[{"kind": "txn_ok", "at": now, "source": "boss", "city": city,
            "component": "recharge_gateway"}])
        self.assertEqual({"accepted": 1, "rejected": []}, answer)

    def advance(self, to):
        self.c.call("clock.advance", to=START_MS + to)

    def one(self):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == KEY]
        return found[0] if found else None

    def test_silent_to_the_minute(self):
        self.push("foshan")  # in the minute that ends at 10:01
        self.advance(11 * MINUTE_MS)
        self.assertEqual(None, self.one())
        self.advance(11 * MINUTE_MS + 1)
        w = self.one()
        self.assertEqual(("orange", START_MS + 11 * MINUTE_MS + 1, START_MS + MINUTE_MS, 10 * MINUTE_MS),
            (w["level"], w["since"], w["silent"]["last"], w["silent"]["expected_ms"]))
        self.assertEqual({"zh": "10分钟没有任何数据，应不超过10分钟一次：可能断线",
            "en": "nothing for 10 minutes, expected every 10: the feed may be dead"}, w["line"])
        self.assertEqual([KEY], [x["key"] for x in self.c.call("warning.list")["warnings"] if "signal:" in x["key"]])

    def test_speaks_again(self):
        self.push("foshan")
        self.advance(30 * MINUTE_MS)
        self.restart()
        self.assertEqual("orange", self.one()["level"])
        self.advance(31 * MINUTE_MS)
        self.push("foshan")
        self.advance(35 * MINUTE_MS)
        self.assertEqual(None, self.one())
        self.advance(42 * MINUTE_MS)
        self.assertEqual(None, self.one())
        self.advance(42 * MINUTE_MS + 1)
        self.assertEqual("orange", self.one()["level"])

    def test_silent_since_before_a_long_downtime(self):
        self.push("foshan")
        self.advance(5 * MINUTE_MS)
        self.c.close()
        self.d.kill()
        self.d.clock = "virtual:2026-09-23T03:00"
        self.d.start()
        self.c = self.connect()
        self.c.call("clock.advance", by=MINUTE_MS)
        self.assertEqual("orange", self.one()["level"])


if __name__ == "__main__":
    main()
