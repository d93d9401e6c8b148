"""tocsin report and tocsin drill, and what tocsin now says of both."""

import os

from tocsin_run import ROOT, tocsin

from daemon import Case, Daemon, main


class Report(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"))
        d.start()
        return d

    def say(self, *args):
        said = tocsin(*args, server=self.d.address)
        self.assertEqual((0, ""), (said.code, said.err), said)
        return said.out.splitlines()

    def due(self, *args):
        lines = self.say("now", *args)
        label = "什么要到期" if "zh" in args else "What is due?"
        first = [i for i, line in enumerate(lines) if line.startswith(label)][0]
        return lines[first:first + 2]

    def test_now_says_which_report_is_due_and_how_to_print_it(self):
        e = self.c.call("ticket.create", kind="emergency", channel="webhook", text="充值中断", city="shenzhen")["id"]
        self.say("act", str(e), "size", "users:=600000", "minutes:=70")
        self.assertEqual(["What is due?   REPORT in 15 min: tocsin report %d  (oral report of a network ac…" % e,
            "               REPORT in 4 h 00 min: tocsin report %d  (written report of a net…" % e], self.due())
        self.c.call("clock.advance", by="20m")
        self.assertEqual(["什么要到期     报告超时 5 分钟：tocsin report %d（网络运行事故口头报告要点）" % e,
            "               3 小时 40 分内报告：tocsin report %d（网络运行事故书面报告）" % e], self.due("--lang", "zh"))

    def test_report_prints_the_draft(self):
        e = self.c.call("ticket.create", kind="emergency", channel="webhook", text="充值中断", city="shenzhen")
        no, ident = e["no"], e["id"]
        self.say("act", str(ident), "size", "users:=600000", "minutes:=70")
        self.assertEqual(["# report_oral: due 2026-09-22 10:15+08:00", "", "DRAFT, not sent: oral report of a network accident",
            "To: Guangdong Communications Administration (and MIIT where it must be)", "%s, class 1 (especially major), due by 2026-09-22 10:15." % no,
            "Since 2026-09-22 10:00 in Shenzhen: 充值中断 ([missing: service]); 600000 users affected, for 70 minutes so far.",
            "Cause: [missing: cause]. Measures: [missing: measures].", "Contact: Lin Bin ext. 8102.", "", "missing: service, cause, measures",
            "when it was made: tocsin act %d report_oral to=... text=..." % ident], self.say("report", str(ident), "--draft", "report_oral")[:11])
        self.say("act", str(ident), "report_oral", "to=省通信管理局", "text=已报")
        zh = self.say("report", str(ident), "--lang", "zh")
        self.assertEqual(["# report_oral: 已报告", "", "【草稿，未报送】网络运行事故口头报告要点"], zh[:3])
        self.assertIn("# report_written: 应于 2026-09-22 14:00+08:00 前", zh)

    def test_refusals(self):
        t = self.create()["id"]
        for args, code, err in ((["report"], 2, "one ID is needed; `tocsin now` shows which reports are due"),
                (["report", str(t)], 1, "not_found: the pack drafts no report of a ticket of kind complaint (argument id)"),
                (["drill", "start"], 2, "start NAME, start --incident ID, report ID or stop ID REASON is needed; `tocsin call catalog.get` has the pack's drills"),
                (["drill", "stop", str(t), "x"], 1, "bad_request: ticket %d is no incident (argument id = %d)" % (t, t))):
            said = tocsin(*args, server=self.d.address)
            self.assertEqual((code, "", "tocsin: " + err), (said.code, said.out, said.err.splitlines()[0]))

    def test_a_drill(self):
        lines = self.say("drill", "start", "recharge_outage", "--speed", "10")
        ident = int(lines[0].split()[1])
        self.assertEqual(["DRILL %d (I20260922-%06d), until 2026-09-22 10:18+08:00" % (ident, ident), "",
            "AT                      KEY                             FROM    TO      SEEN",
            "2026-09-22 10:07+08:00  shenzhen/recharge.not_credited  none    yellow    16"], lines[:4])
        self.c.call("clock.advance", by="8m")
        self.assertEqual("Who has it?    DRILL #%d open: 【演练】DRILL: 深圳充值中断（录制）" % ident, [x for x in self.say("now") if x.startswith("Who has it?")][0])
        self.say("act", str(ident), "take")
        self.assertEqual(["演练 %d" % ident, "接手用时: 0.5 分钟", "召集用时: 尚未", "口径批准用时: 尚未", "催叫人次：3"],
            self.say("drill", "report", str(ident), "--lang", "zh")[:5])
        self.assertIn("无      黄色", "\n".join(self.say("drill", "report", str(ident), "--lang", "zh")))
        self.say("drill", "stop", str(ident), "enough")
        self.assertEqual("cancelled", self.c.call("ticket.get", id=ident)["status"])


if __name__ == "__main__":
    main()
