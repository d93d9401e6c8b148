"""tocsin warn: what is warned of, and acting on it; tocsin show of an incident: the case in brief."""

import json

from tocsin_run import tocsin

from daemon import ME, START_MS, Case, main

from outage import outage

KEY = "shenzhen/recharge.not_credited"
MINUTE_MS = 60000


class Warn(Case):
    def daemon_new(self):
        d, self.c = outage(self)
        return d

    def setUp(self):
        super().setUp()
        self.say = lambda *args: tocsin(*args, server=self.d.address)

    def test_the_list(self):
        self.assertEqual([
            "LEVEL   SINCE                   KEY                             CASE  ACK BY  NEXT CALL               FIGURES",
            "red     2026-09-22 10:35+08:00  shenzhen/recharge.not_credited    61          2026-09-22 10:55+08:00  "
            "430 seen, 6 expected in 15 min, by chance under 1 in a billion (p = <1e-300)",
            "orange  2026-09-22 10:35+08:00  foshan/recharge.not_credited     327          2026-09-22 10:50+08:00  "
            "27 seen, 3.3 expected in 15 min, by chance under 1 in a billion (p = 3.8e-16)"], self.say("warn").out.splitlines()[:3])
        zh = self.say("warn", "--lang", "zh").out.splitlines()
        self.assertEqual(["等级", "红色预警", "橙色预警"], [line.split()[0] for line in zh[:3]])

    def test_red_without_a_case(self):
        self.c.call("ticket.act", id=61, action="cancel", data={"reason": "taken for a drill"})
        self.c.call("clock.advance", by="5m")
        row = self.say("warn").out.splitlines()[1].split()
        self.assertEqual(["red", KEY, "NONE"], [row[0], row[3], row[4]])
        self.assertIn(" 无 ", self.say("--lang", "zh", "warn").out.splitlines()[1])

    def test_who_was_called_and_who_is_next(self):
        red, orange = self.c.call("warning.list")["warnings"][:2]
        self.assertEqual((["chen.jing", "huang.mei", "peng.yan", "zhou.gang"], 430, 357), (red["called"], red["seen"], red["before"]))
        self.assertEqual({"at": START_MS + 55 * MINUTE_MS, "rung": 3, "people": []}, red["next_call"])
        self.assertEqual((["chen.jing", "deng.jun"], 2, ["huang.mei"]),
            (orange["called"], orange["next_call"]["rung"], [p["person"] for p in orange["next_call"]["people"]]))
        self.c.call("clock.advance", to=START_MS + 50 * MINUTE_MS)  # nobody acted: she is called
        orange = self.c.call("warning.list")["warnings"][1]
        self.assertEqual((["chen.jing", "deng.jun", "huang.mei"], 3, ["peng.yan"]),
            (orange["called"], orange["next_call"]["rung"], [p["person"] for p in orange["next_call"]["people"]]))

    def test_acting(self):
        said = self.say("--json", "warn", "ack", KEY, "billing is called")
        self.assertEqual((0, "red", ME), (said.code, json.loads(said.out)["level"], json.loads(said.out)["ack"]["by"]))
        self.assertEqual(START_MS + 75 * MINUTE_MS, self.c.call("warning.list")["warnings"][0]["next_call"]["at"])
        self.assertEqual(0, self.say("warn", "raise", KEY, "it is everywhere", "--level", "black").code)
        self.assertEqual("black", self.c.call("warning.list")["warnings"][0]["level"])
        said = self.say("warn", "raise", "*", "typhoon", "--until", "2026-09-22T20:00")
        self.assertEqual((0, ""), (said.code, said.err))
        self.assertIn("DISASTER MODE until 20:00, by %s: typhoon" % ME, self.say("now").out)

    def test_a_case_that_recovers(self):
        self.c.call("ticket.act", id=61, action="claim")
        self.assertEqual("red, recovering  2026-09-22 10:35+08:00  " + KEY, self.say("warn").out.splitlines()[1][:71])
        self.assertEqual("红色预警·恢复中  2026-09-22 10:35+08:00  " + KEY, self.say("warn", "--lang", "zh").out.splitlines()[1][:64])
        zh = self.say("--lang", "zh", "show", "61").out
        self.assertIn("预警      shenzhen/recharge.not_credited 红色预警·恢复中，自 2026-09-22 10:35+08:00：近15分钟430件", zh)
        self.assertIn("；无人确认\n", zh)
        self.assertIn("投诉：之前 24（每小时 24），期间 582（每小时 873），之后 0（每小时 -）；", zh)
        self.assertIn("fields.began       2026-09-22 10:05:00+08:00\n", self.say("show", "61").out)

    def test_refusals(self):
        for args, code, err in (
                (["warn", "ack"], 2, "ACTION, KEY and REASON are needed, such as: ack shenzhen/recharge.not_credited 'billing is called'"),
                (["warn", "--level", "red"], 2, "--level and --until belong to an ACTION on a KEY"),
                (["warn", "sign_down", KEY, "x"], 1, "rejected: %s is not ready to lower: it has not been under its exit long enough (argument key)" % KEY),
                (["--lang", "zh", "warn", "sign_down", KEY, "x"], 1, "rejected: %s 还不到可以降级的时候（参数 key）" % KEY),
                (["--json", "warn", "sign_down", KEY, "x"], 1, "rejected: %s is not ready to lower: it has not been under its exit long enough / "
                    "%s 还不到可以降级的时候 (argument key)" % (KEY, KEY))):
            said = self.say(*args)
            self.assertEqual((code, "", "tocsin: " + err), (said.code, said.out, said.err.splitlines()[0]))

    def test_show_of_a_case(self):
        brief = self.say("show", "61").out.split("IN BRIEF")[1].splitlines()
        self.assertEqual([
            "warning   shenzhen/recharge.not_credited red since 2026-09-22 10:35+08:00: 430 seen, 6 expected in 15 min, by chance under 1 in a billion "
            "(p = <1e-300); "
            "nobody has acknowledged it",
            "numbers   0 affected (0 failed, 0 fixed, 0 told, 0 silent), 0 potential, 0 complained, 0 to be looked at",
            "script    none approved", "suspects  unknown",
            "effect    complaints 24 (24/h) before, 582 (873/h) during, 0 (-/h) after; 0 numbers told, 0 complaints answered, "
            "0 calls avoided, 0 complained again"], brief[1:])
        self.c.call("ticket.act", id=61, action="script", data={"zh": "充值故障，正在抢修", "en": "recharges fail, we repair it"})
        self.assertIn("script    none approved; version 1 by %s waits for approval" % ME, self.say("show", "61").out)
        zh = self.say("--lang", "zh", "show", "61").out.split("概要")[1].splitlines()
        self.assertEqual("口径      没有已批准的口径；第 1 版（%s）待批准" % ME, zh[3])
        self.assertNotIn("IN BRIEF", self.say("show", "1").out)


if __name__ == "__main__":
    main()
