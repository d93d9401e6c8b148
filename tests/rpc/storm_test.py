"""S13: in a storm on a real clock nothing that was acknowledged is lost, all of it is counted in its minute, and the warning comes in time."""

import collections
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))

import storm  # noqa: E402
from daemon import Case, Daemon, main  # noqa: E402

SECONDS = 22
KEY = "shenzhen/recharge.not_credited"


class Storm(Case):
    def daemon_new(self):
        folder = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, folder, True)
        storm.pack_into(folder)
        d = Daemon(rules=folder, clock="real")
        self.addCleanup(d.close)
        d.start()
        return d

    def stored(self):
        """{id: minute of its creation} of every ticket."""
        found, cursor = {}, None
        while True:
            page = self.c.call("ticket.find", where={"category": "recharge.not_credited"}, limit=500, **({"cursor": cursor} if cursor else {}))
            found.update((t["id"], t["created"] // storm.MINUTE_MS) for t in page["tickets"])
            cursor = page.get("cursor")
            if cursor is None:
                return found

    def counted(self, began):
        to = self.c.call("clock.now")["now"] // storm.MINUTE_MS * storm.MINUTE_MS + storm.MINUTE_MS
        page = self.c.call("warning.counts", {"key": KEY, "bin": "1m", "from": began, "to": to})
        return {began // storm.MINUTE_MS + i: n for i, n in enumerate(page["counts"]) if n > 0}

    def test_storm(self):
        storm.wait_for_room(self.c, 12)
        began = self.c.call("clock.now")["now"] // storm.MINUTE_MS * storm.MINUTE_MS
        left_s = 60 - self.c.call("clock.now")["now"] % storm.MINUTE_MS / 1000
        s = storm.storm(self.d, max(SECONDS, left_s + 4), 56, 500)
        self.assertGreater(len(s.created) + s.contacts, 56 * SECONDS)
        before = self.counted(began)
        self.d.kill()
        self.d.start()
        self.c = self.connect()
        stored = self.stored()
        self.assertEqual(len(s.created), len([i for i in s.created if i in stored]))
        counts = self.counted(began)
        self.assertEqual(before, counts)
        self.assertEqual(len(s.created) + s.contacts, sum(counts.values()))
        minutes = collections.Counter(stored[i] for i in s.created)
        for minute, n in minutes.items():  # of each minute its new ones, and contacts besides
            self.assertGreaterEqual(counts[minute], n)
        late = storm.lateness_ms(s.events)
        self.assertGreater(len(late), 0)
        self.assertLessEqual(max(late), 2000)
        took = sorted(s.took)
        print("create p50 %.1f ms, p99 %.1f ms in batches; warned %s ms behind the bin" % (took[len(took) // 2], took[int(len(took) * 0.99)], late))


if __name__ == "__main__":
    main()
