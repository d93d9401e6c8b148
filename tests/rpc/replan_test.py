"""Packs that change watches while complaints come in: machines go on, new keys count what was counted before, and what comes meanwhile counts."""

import threading

from daemon import main
from warning_test import KEY, S1, S1_CHANGES, S2, Rewritten

CITIES = ["guangzhou", "foshan", "dongguan", "zhuhai", "huizhou", "shantou", "zhanjiang", "jiangmen", "maoming", "zhaoqing", "meizhou", "qingyuan"]


class Replan(Rewritten):
    def reload(self, *changes, more=""):
        self.write(*changes, more=more)
        status = self.c.call("rules.reload")
        self.assertTrue(status["ok"], status["errors"])

    def test_numbers_change_and_machines_go_on(self):
        for i, n in enumerate([2] * 12 + S1):
            self.feed([n])
            if i % 3 == 0:
                self.reload(("expected = 2.0", "expected = 2.%03d" % i))
        self.assertEqual(S1_CHANGES, self.changes())

    def test_sums_change_their_order(self):
        """Inputs are put elsewhere: a machine goes on by its level, and an input's number is not taken for another's."""
        for i, n in enumerate([2] * 12 + S1[:12]):
            self.feed([n])
            if i % 3 == 0:
                self.reload(("S15 = 3,", "A60 = %d, S15 = 3," % (i + 1)))
        self.assertEqual(S1_CHANGES[:4], self.changes())

    def test_flapping_counts(self):
        for i, n in enumerate([2] * 12 + S2):
            self.feed([n])
            if i % 5 == 0:
                self.reload(("expected = 2.0", "expected = 2.%03d" % i))
        self.assertEqual(S1_CHANGES[:1], self.changes())

    PROVINCE = '\nwatch "province" { by = { "category" }, bin = "5m", sums = { S15 = 3, S60 = 12 }, expected = 2.0, levels = "recharge" }\n'

    def test_a_new_watch_counts_what_was_counted(self):
        self.feed([2] * 12)
        for city in CITIES[:8]:
            self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category="recharge.not_credited"))] * 3)
        self.reload(more=self.PROVINCE)
        self.feed([0])
        key = "*/recharge.not_credited"
        self.assertEqual(("yellow", 28), (self.one(key)["level"], self.one(key)["count"]))  # 8 x 3, and 2 x 2 before
        self.restart()
        self.assertEqual(("yellow", 28), (self.one(key)["level"], self.one(key)["count"]))
        self.assertIsNone(self.one(KEY))

    def test_what_comes_while_it_is_built(self):
        """Streams and keys that come while the worker builds are found by the close, under the old watches or the new."""
        self.feed([2] * 12)
        for turn in range(4):
            self.write(("expected = 2.0", "expected = 2.%03d" % turn), more=self.PROVINCE if turn % 2 == 0 else "")
            other = self.connect()
            status = []
            t = threading.Thread(target=lambda: status.append(other.call("rules.reload")))
            t.start()
            for _ in range(50):  # as long as it builds, but no more than leave a city at red
                for city in CITIES[turn * 3:turn * 3 + 3]:
                    self.c.call("ticket.create", channel="app", text="x", city=city, category="recharge.not_credited")
                t.join(0.005)
                if not t.is_alive():
                    break
            t.join()
            self.assertTrue(status[0]["ok"], status)
        args = dict(channel="app", text="x", category="recharge.not_credited")
        for city in CITIES:
            self.c.pipeline([("ticket.create", dict(args, city=city))] * 200)
        self.feed([0])
        self.assertEqual({city: "red" for city in CITIES}, {city: self.one(city + "/recharge.not_credited")["level"] for city in CITIES})
        self.restart()
        self.assertEqual({city: "red" for city in CITIES}, {city: self.one(city + "/recharge.not_credited")["level"] for city in CITIES})


main()
