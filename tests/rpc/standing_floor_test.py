"""A pack that drops the roll-up or the silence of a standing warning is refused and names it; or says so itself (retire), and it ends."""

import warning_province_test
from daemon import main
from warning_test import Rewritten

CITIES = warning_province_test.CITIES
WHOLE, APP = "*/recharge.not_credited", "source:app"
ROLLUP = """rollup "recharge" {
  zh = "充值未到账（全省）", en = "recharge not credited, province", categories = { "recharge.not_credited" },
  level = "yellow", cities = 15, within = "20m",
}
"""
SILENCE = 'silence { level = "yellow" }\n'
RHYTHM = ', rhythm = { every = "15m", from = "08:00", to = "23:00" }'
NO_ROLLUP = ("warning %s stands at yellow by a roll-up that this pack does not have" % WHOLE, "预警 %s 正处于 yellow，由汇总（rollup）判断，而这个规则包没有它" % WHOLE,
    'keep it, or write retire "%s" {} to let the warning end' % WHOLE, '请保留，或写 retire "%s" {} 让预警结束' % WHOLE)
NO_SILENCE = ("warning %s stands at yellow since the source is silent, but this pack has no silence" % APP,
    "预警 %s 正处于 yellow，因为来源中断，而这个规则包没有 silence" % APP,
    'keep it, or write retire "silence" {} to let the warning end', '请保留，或写 retire "silence" {} 让预警结束')
NO_RHYTHM = ("warning %s stands at yellow since the source is silent, but this pack gives it no rhythm" % APP,
    "预警 %s 正处于 yellow，因为来源中断，而这个规则包没有写它的 rhythm" % APP,
    'keep it, or write retire "%s" {} to let the warning end' % APP, '请保留，或写 retire "%s" {} 让预警结束' % APP)


class Floors(Rewritten):
    source = "province"
    complain = warning_province_test.Province.complain

    def reload(self, *parts, more=""):
        self.write(*((part, "") for part in parts), more=more)
        return self.c.call("rules.reload")

    def refuses(self, status, texts):
        self.assertEqual((False, [texts]), (status["ok"], [(e["message"], e["message_zh"], e["cure"], e["cure_zh"]) for e in status["errors"]]))

    def test_a_roll_up_that_is_gone(self):
        self.complain(CITIES, 16)
        self.refuses(self.reload(ROLLUP), NO_ROLLUP)
        self.refuses(self.c.call("rules.check"), NO_ROLLUP)
        self.restart()
        self.refuses(self.c.call("rules.status"), NO_ROLLUP)
        self.assertEqual("yellow", self.one(WHOLE)["level"])
        self.assertTrue(self.reload(ROLLUP, more='retire "%s" {}\n' % WHOLE)["ok"])
        self.complain([], 0)
        self.assertEqual((None, ("yellow", "none")), (self.one(WHOLE), self.changes(WHOLE)[-1][1:]))

    def test_a_rollback_drops_it(self):
        self.assertTrue(self.reload(ROLLUP)["ok"])
        before = self.c.call("rules.status")["generation"]
        self.assertTrue(self.reload()["ok"])
        self.complain(CITIES, 16)
        self.refuses(self.c.call("rules.rollback", generation=before), NO_ROLLUP)

    def test_silence_that_is_gone(self):
        self.c.call("clock.advance", by="20m")
        self.assertEqual("yellow", self.one(APP)["level"])
        self.refuses(self.reload(SILENCE), NO_SILENCE)
        self.assertTrue(self.reload(SILENCE, more='retire "silence" {}\n')["ok"])
        self.c.call("clock.advance", by="1m")
        self.assertEqual((None, ("yellow", "none")), (self.one(APP), self.changes(APP)[-1][1:]))

    def test_a_rhythm_that_is_gone(self):
        self.c.call("clock.advance", by="20m")
        self.refuses(self.reload(RHYTHM), NO_RHYTHM)
        self.assertTrue(self.reload(RHYTHM, more='retire "%s" {}\n' % APP)["ok"])
        self.c.call("clock.advance", by="1m")
        self.assertEqual((None, ("yellow", "none")), (self.one(APP), self.changes(APP)[-1][1:]))

    def test_retired_and_still_there(self):
        for name in (WHOLE, "silence"):
            status = self.reload(more='retire "%s" {}\n' % name)
            self.assertEqual((False, ['retire "%s": it is still there' % name], ["retire “%s”：它仍在规则包里" % name]),
                (status["ok"], [e["message"] for e in status["errors"]], [e["message_zh"] for e in status["errors"]]))


main()
