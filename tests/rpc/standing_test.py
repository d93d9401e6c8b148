"""A pack that takes the watch of a standing warning away, or its level, is refused and names it; or says so itself (retire)."""

import os

from daemon import main
from warning_test import KEY, S1, S1_CHANGES, Rewritten

TO_RED = [2] * 12 + S1[:8]
OTHER = "foshan/recharge.not_credited"


class Standing(Rewritten):
    def reload(self, *changes, more=""):
        self.write(*changes, more=more)
        return self.c.call("rules.reload")

    def refuses(self, status, en, zh):
        self.assertEqual((False, [(en, zh)]), (status["ok"], [(e["message"], e["message_zh"]) for e in status["errors"]]))
        self.assertIn("retire", status["errors"][0]["cure"])
        self.assertIn("retire", status["errors"][0]["cure_zh"])
        self.assertEqual("red", self.one()["level"])

    RENAMED = ('watch "recharge not credited"', 'watch "recharge"')
    GONE = ('warning %s stands at red by watch "recharge not credited", which this pack does not have' % KEY,
        "预警 %s 正处于 red，由监视项“recharge not credited”判断，而这个规则包没有它" % KEY)

    def test_a_watch_that_was_renamed(self):
        self.feed(TO_RED)
        before = self.c.call("rules.status")["generation"]
        self.refuses(self.reload(self.RENAMED), *self.GONE)
        self.refuses(self.c.call("rules.check"), *self.GONE)
        self.assertEqual(before, self.c.call("rules.status")["generation"])
        status = self.reload(self.RENAMED, more='retire "recharge not credited" { into = "recharge" }\n')
        self.assertEqual((True, before + 1), (status["ok"], status["generation"]))
        self.assertEqual("red", self.one()["level"])
        self.feed(S1[8:])
        self.assertEqual(S1_CHANGES, self.changes())

    def test_a_watch_that_is_gone(self):
        self.feed(TO_RED)
        other = ('categories = { "recharge.not_credited" }', 'categories = { "network" }')
        self.refuses(self.reload(other), 'warning %s stands at red by watch "recharge not credited", which no longer watches it' % KEY,
            "预警 %s 正处于 red，由监视项“recharge not credited”判断，而它不再监视该对象" % KEY)
        self.refuses(self.reload(other, self.RENAMED), *self.GONE)
        self.assertTrue(self.reload(other, self.RENAMED, more='retire "recharge not credited" {}\n')["ok"])
        self.c.call("clock.advance", by="5m")
        self.assertIsNone(self.one())
        self.assertEqual(("red", "none"), self.changes()[-1][1:])

    def test_a_watch_that_is_back_before_the_next_close(self):
        """It goes on as if it had not been away: what its machine knew is in the row, and nothing else would make that level again."""
        self.feed([2] * 12 + S1[:19])  # black
        other = ('categories = { "recharge.not_credited" }', 'categories = { "network" }')
        self.assertTrue(self.reload(other, self.RENAMED, more='retire "recharge not credited" {}\n')["ok"])
        self.assertTrue(self.reload()["ok"])
        self.feed(S1[19:])
        self.assertEqual(S1_CHANGES, self.changes())

    def test_two_of_them(self):
        self.feed(TO_RED)
        self.feed([200], city="foshan")
        status = self.reload(self.RENAMED)
        self.assertEqual((False, [tuple(text.replace(KEY, key) for text in self.GONE) for key in (OTHER, KEY)]),
            (status["ok"], [(e["message"], e["message_zh"]) for e in status["errors"]]))

    def test_more_than_anybody_reads(self):
        """Twenty are named, and how many more there are."""
        cities = ("guangzhou shenzhen zhuhai shantou foshan shaoguan heyuan meizhou huizhou shanwei dongguan zhongshan jiangmen yangjiang zhanjiang "
            "maoming zhaoqing qingyuan chaozhou jieyang yunfu").split()
        for city in cities:
            self.c.call("warning.act", key=city + "/recharge.not_credited", action="raise", level="red", reason="x")
            self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category="recharge.not_credited"))] * 200)
        self.feed([0])
        errors = self.reload(self.RENAMED)["errors"]
        self.assertEqual((20, [""] * 19 + [" (and 1 more)"]), (len(errors), [e["message"].partition("does not have")[2] for e in errors]))
        self.assertEqual("（另有 1 个）", errors[19]["message_zh"][-8:])

    def test_who_takes_over_must_watch_it(self):
        self.feed(TO_RED)
        more = 'retire "recharge not credited" { into = "sms" }\nwatch "sms" { categories = { "sms" }, by = { "city", "category" }, bin = "5m",' \
            ' sums = { S15 = 3, S60 = 12 }, expected = 2.0, levels = "recharge" }\n'
        self.refuses(self.reload(self.RENAMED, more=more), 'warning %s stands at red by watch "recharge not credited": "sms", which takes over, '
            "does not watch it" % KEY, "预警 %s 正处于 red，由监视项“recharge not credited”判断：接管的“sms”不监视该对象" % KEY)

    LOST = ('  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(10000) }),\n'
        "    leave = { S15 = less_than(75) }, closes = 3, stay = 6 },\n", "")

    def test_a_level_that_is_gone(self):
        self.feed(TO_RED)
        self.refuses(self.reload(self.LOST), 'warning %s stands at red by watch "recharge not credited", whose levels "recharge" have no red' % KEY,
            "预警 %s 正处于 red，由监视项“recharge not credited”判断，而它的等级表“recharge”没有 red" % KEY)
        self.assertTrue(self.reload(self.LOST, more='retire "recharge not credited" { into = "recharge not credited" }\n')["ok"])
        self.assertEqual("red", self.one()["level"])

    def test_at_the_start(self):
        self.feed(TO_RED)
        self.write(self.RENAMED)
        self.restart()
        self.refuses(self.c.call("rules.status"), *self.GONE)
        self.feed(S1[8:])
        self.assertEqual(S1_CHANGES, self.changes())
        self.assertTrue(self.c.call("rules.reload")["ok"])  # nothing stands any more

    def test_an_exception_in_front_takes_over(self):
        self.feed(TO_RED)
        of = 'by = { "city", "category" }, bin = "5m", sums = { S15 = 3, S60 = 12 }, expected = 3.0, levels = "recharge" }\n'
        text = self.text.split('watch "')[0] + 'watch "a leaf" { categories = { "recharge.not_credited" }, ' + of + \
            'watch "recharge not credited" { categories = { "recharge" }, ' + of
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(text)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.assertEqual("red", self.one()["level"])
        self.feed(S1[8:11])
        self.assertEqual(S1_CHANGES[:4], self.changes())


main()
