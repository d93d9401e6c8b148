"""A close of bins that fails on the store is tried again by its timer, ever more seldom, until it succeeds: told once, levels exact.

The fault is a row of old counts whose checksum does not fit: it is flipped in the file of tables while the daemon runs, and mended.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rpc"))

from daemon import DAY_MS, ROOT, START_MS, Case, Daemon, main, until  # noqa: E402

BIN_MS = 5 * 60 * 1000
KEEP_MS = 400 * DAY_MS  # counting.keep of the default pack
PACK = os.path.join(ROOT, "tests", "packs", "s1")
KEY = "shenzhen/recharge.not_credited"


class Close(Case):
    def daemon_new(self):
        d = Daemon(rules=PACK)
        self.addCleanup(d.close)
        d.start()
        return d

    def make(self, n, city="shenzhen"):
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category="recharge.not_credited"))] * n)

    def advance(self, to):
        self.c.call("clock.advance", to=to)

    def flip(self):
        """Flip a bit of the checksum behind the key of the one row of foshan's counts in the tables."""
        path = os.path.join(self.d.data, self.tables())
        key = START_MS.to_bytes(8, "big") + b"c/foshan/recharge.not_credited"
        with open(path, "r+b") as f:
            places = [m.end() for m in re.finditer(re.escape(key), f.read())]
            self.assertGreater(len(places), 0)
            for at in places:
                f.seek(at)
                byte = f.read(1)[0]
                f.seek(at)
                f.write(bytes([byte ^ 1]))

    def tables(self):
        for folder, _, names in os.walk(self.d.data):
            for name in names:
                if name == "data.mdb" or name.endswith(".mdb"):
                    return os.path.join(folder, name)
        raise AssertionError("no tables in %s" % self.d.data)

    def told(self):
        events = [e["data"] for e in self.published("warning")]
        return [(e["at"], e["from"], e["to"]) for e in events if e["key"] == KEY]

    def pauses(self, n):
        until(lambda: len(self.d.log("warning.broken")) >= n, what="%d failures in the log" % n)
        return [re.search("again_ms=(\\d+)", line).group(1) for line in self.d.log("warning.broken")]

    def test_tried_again_until_it_succeeds(self):
        self.make(1, city="foshan")
        self.advance(START_MS + BIN_MS)
        self.c.call("server.backup", dir=os.path.join(self.d.dir, "backup"))  # the row is in the tables now
        at = START_MS + KEEP_MS + DAY_MS
        self.advance(at)
        self.flip()
        self.make(16)
        self.advance(at + BIN_MS)
        self.assertEqual([(at + BIN_MS, "none", "yellow")], self.told())
        self.assertEqual(["1000"], self.pauses(1))
        self.advance(at + BIN_MS + 3000)
        self.assertEqual(["1000", "2000", "4000"], self.pauses(3))
        self.assertEqual([(at + BIN_MS, "none", "yellow")], self.told())
        self.flip()
        self.advance(at + 12 * BIN_MS)
        self.assertEqual(3, self.c.call("server.stats")["warnings"]["failures"])
        # S15 is under half from the third bin on; two bins of stay, three quiet closes: as if nothing had been
        self.assertEqual([(at + BIN_MS, "none", "yellow"), (at + 6 * BIN_MS, "yellow", "none")], self.told())
        self.restart()
        self.assertEqual([], [w for w in self.c.call("warning.list")["warnings"] if w["key"] == KEY])


if __name__ == "__main__":
    main()
