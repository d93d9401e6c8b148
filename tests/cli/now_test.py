"""tocsin now: the seven questions on one screen, exactly, on a virtual clock."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import time
import unicodedata

from tocsin_run import TOCSIN, environment, tocsin

from daemon import ME, ROOT, START_MS, Case, Daemon, main

from outage import outage

GUANGDONG = os.path.join(ROOT, "examples", "guangdong")
EMPTY = """2026-09-22 10:00+08:00  %s admin
Feed alive?    SILENT: no complaint in the last hour; nothing to compare with
What, where?   nothing
What may I do? admin: tocsin act ID ACTION; rules reload, rollback; backup DIR
What is due?   no clock runs
Rules by whom? start, 0 min ago: generation 1 decides
Tocsin well?   well; N calls, 0 refused; memory N MiB
               commit p99 N ms, 0 rule failures, 0 tasks given up
""" % ME


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def plain(text):
    """What the machine and the size of the pack decide becomes N."""
    text = re.sub(r"\d+ calls", "N calls", text)
    text = re.sub(r"memory \d+", "memory N", re.sub(r"p99 [0-9.]+", "p99 N", text))
    return re.sub(r"内存 \d+", "内存 N", re.sub(r"调用 \d+", "调用 N", text))


class Now(Case):
    maxDiff = 4000

    def fill(self):
        """Three days, 4, 7 and 10 recharges and one fault a day, always at the same hour; the last ones 12 minutes ago."""
        for day in range(3):
            for i in range(4 + day * 3):
                self.create(text="充值没有到账", number="1380013%04d" % (day * 100 + i), city="foshan" if i % 3 else "shenzhen",
                    category="recharge.not_credited")
            self.create(text="没有信号", number="13800139%03d" % day, city="guangzhou", category="network.no_service")
            self.c.call("clock.advance", by="24h" if day < 2 else "12m")

    LATE = r"^ {15}(LATE [234]: |超时 [234] 个：).*hotline_10086 (never|从未)"

    def now(self, *args, sources=LATE, **more):
        said = tocsin("now", *args, server=self.d.address, **more)
        self.assertEqual((0, ""), (said.code, said.err), said)
        self.assertLessEqual(len(said.out.splitlines()), 24)
        self.assertLessEqual(max(map(columns, said.out.splitlines())), 80)
        lines = plain(said.out).splitlines(True)
        self.assertRegex(lines.pop(2), sources)
        return "".join(lines)

    def test_a_quiet_morning(self):
        lines = self.now(sources="^ {15}none of 3 sources is late$").splitlines()  # they are expected since just now
        self.assertEqual(EMPTY.splitlines(), lines[:3] + lines[10:])
        self.assertRegex(lines[3], r"^Who has it\?       0  [a-z ]+: [A-Z]\w+ [A-Z]\w+")

    def test_english(self):
        self.fill()
        lines = self.now().splitlines()
        self.assertEqual([
            "2026-09-24 10:12+08:00  %s admin" % ME,
            "Feed alive?    11 in the last hour, the last 12 min ago; usual 6.5",
            "What, where?      6  recharge not credited, Foshan  (usual 3.0)  rising",
            "                  4  recharge not credited, Shenzhen  (usual 2.5)  rising",
            "                  1  no service, Guangzhou  (usual 1.0)  rising"], lines[:5])
        self.assertRegex(lines[5], r"^Who has it\?      10  second line: ")
        self.assertRegex(lines[6], r"^                  1  city business support: ")
        self.assertEqual([
            "What is due?   LATE by 46 h: C20260922-000001 time to dispatch, second line",
            "               LATE by 46 h: C20260922-000002 time to dispatch, second line",
            "               LATE by 46 h: C20260922-000003 time to dispatch, second line",
            "Rules by whom? start, 2 days ago: generation 1 decides",
            "Tocsin well?   well; N calls, 0 refused; memory N MiB",
            "               commit p99 N ms, 0 rule failures, 0 tasks given up"], lines[-6:])

    def test_chinese(self):
        self.fill()
        for out in (self.now("--lang", "zh"), self.now(lang="zh_CN.UTF-8")):
            lines = out.splitlines()
            self.assertEqual([
                "2026-09-24 10:12+08:00  %s admin" % ME,
                "来源正常吗     最近一小时 11 件，最近一件在 12 分钟前；平常 6.5",
                "何事何地          6  充值未到账, 佛山  (平常 3.0)  上升",
                "                  4  充值未到账, 深圳  (平常 2.5)  上升",
                "                  1  无信号、无法通话, 广州  (平常 1.0)  上升"], lines[:5])
            self.assertEqual([
                "什么要到期     超时 46 小时：C20260922-000001 派单时限，客服二线",
                "               超时 46 小时：C20260922-000002 派单时限，客服二线",
                "               超时 46 小时：C20260922-000003 派单时限，客服二线",
                "谁改了规则     start，2 天前：第 1 代在决定",
                "系统正常吗     正常；调用 N 次，拒绝 0 次；内存 N MiB",
                "               写盘 p99 N 毫秒，规则出错 0 次，放弃的外发任务 0 个"], lines[-6:])

    def test_the_feed_died(self):
        self.fill()
        self.c.call("clock.advance", by="24h")
        self.assertEqual("Feed alive?    SILENT: no complaint in the last hour; usual 8.0", self.now().splitlines()[1])

    def test_a_bad_reload_is_seen(self):
        pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, pack)
        with open(os.path.join(pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "mine" }\n')
        with Daemon(rules=pack) as d:
            with open(os.path.join(pack, "more.lua"), "w", encoding="utf-8") as f:
                f.write("chanels {}\n")
            self.assertEqual(1, tocsin("rules", "reload", server=d.address).code)
            said = tocsin("now", server=d.address).out
            self.assertIn("\n               the last load was REFUSED: chanels is not a word (did you mean …\n", said)

    def screen(self, d, *args):
        said = tocsin("now", *args, server=d.address)
        self.assertEqual((0, ""), (said.code, said.err), said)
        lines = plain(said.out).splitlines()
        self.assertLessEqual(len(lines), 24)
        self.assertLessEqual(max(map(columns, lines)), 79)
        return lines

    def test_an_outage_in_english(self):
        d, c = outage(self)
        lines = self.screen(d)
        self.assertEqual([
            "What, where?   red      Shenzhen, recharge not credited  430, usual 6, rising",
            "               orange   Foshan, recharge not credited    27, usual 3.3, steady",
            "Who has it?    red #61 open: NOBODY yet; 10:55 again, nobody is left above; ca…",
            "               orange #327 open: NOBODY yet; 10:50 Huang Mei; called Chen Jing…"], lines[3:7])
        self.assertEqual("What may I do? tocsin warn ack 'shenzhen/recharge.not_credited' REASON", lines[12])
        said = tocsin("warn", "ack", "shenzhen/recharge.not_credited", "billing is called", server=d.address)
        self.assertEqual((0, ""), (said.code, said.err))
        c.call("ticket.act", id=61, action="take")
        lines = self.screen(d)
        self.assertEqual(["Who has it?    red #61 restoring {0}: {0} since 10:45, until 11:15".format(ME)], lines[5:6])
        self.assertEqual("What may I do? tocsin warn ack 'foshan/recharge.not_credited' REASON", lines[12])

    def test_red_without_a_case(self):
        d, c = outage(self)
        c.call("ticket.act", id=61, action="cancel", data={"reason": "taken for a drill"})
        c.call("clock.advance", by="5m")
        self.assertTrue(self.screen(d)[5].startswith("Who has it?    red Shenzhen, recharge not credited, NO CASE since 10:45: N"), self.screen(d)[5])
        self.assertTrue(self.screen(d, "--lang", "zh")[5].startswith("谁在处理       红色预警 深圳，充值未到账，10:45 起没有事件单: 无"))

    def test_an_outage_in_chinese(self):
        d, c = outage(self)
        lines = self.screen(d, "--lang", "zh")
        self.assertEqual([
            "何事何地       红色预警 深圳，充值未到账                 430，平常 6，上升",
            "               橙色预警 佛山，充值未到账                 27，平常 3.3，持平",
            "谁在处理       红色预警 #61 已建立: 无人确认；10:55 再催告，已无上级；已叫 陈…",
            "               橙色预警 #327 已建立: 无人确认；10:50 黄梅；已叫 陈静、邓军"], lines[3:7])
        self.assertEqual("               ……还有 14 条：tocsin call duty.now", lines[11])

    def test_signals_are_no_complaints(self):
        d, c = outage(self)
        now = c.call("clock.now")["now"]
        for i in range(0, 12000, 1000):
            c.call("signal.push", signals=[dict(at=now, source="boss", kind="txn_failed", service="recharge", component="card_platform",
                city="yunfu", number="136%08d" % (i + k)) for k in range(1000)])
        c.call("clock.advance", by="5m")
        lines = self.screen(d)
        self.assertIn("               red      Yunfu, recharge not credited     12000, usual 5, steady", lines)
        self.assertIn("               red      Yunfu, recharge not credited     12000 numbers, 0 seen", lines)
        self.assertIn("               红色预警 云浮，充值未到账                 号码 12000，投诉 0", self.screen(d, "--lang", "zh"))

    def test_an_incident_that_became_an_emergency(self):
        d, c = outage(self)
        case = c.call("ticket.create", kind="incident", channel="webhook", text="x", title="网络中断", city="zhuhai", category="network.no_service",
                      fields={"affected": 120000})["id"]
        c.call("clock.advance", by="5m")
        (e,) = c.call("ticket.find", where={"kind": "emergency"})["tickets"]
        self.assertEqual(case, c.call("ticket.get", id=e["id"])["fields"]["incident"])
        lines = [line for line in self.screen(d) if "REPORT" in line]
        self.assertEqual(["What is due?   REPORT in 3 h 56 min: tocsin report %d  (oral report of a netw…" % e["id"],
                          "               REPORT in 23 h 56 min: tocsin report %d  (written report of a …" % e["id"]], lines)
        self.assertEqual("什么要到期     3 小时 56 分内报告：tocsin report %d（网络运行事故口头报告要点…" % e["id"],
                         [line for line in self.screen(d, "--lang", "zh") if "内报告" in line][0])

    def test_failing_recharges_and_no_complaint(self):
        """What BOSS says is no complaint, and neither is the case that it opened: the feed may be dead all the same."""
        d = Daemon(rules=GUANGDONG)
        self.addCleanup(d.close)
        d.start()
        c = d.client()
        self.addCleanup(c.close)
        c.call("signal.push", signals=[{"at": START_MS, "source": "boss", "kind": "txn_failed", "city": "foshan", "service": "recharge"}] * 1200)
        c.call("clock.advance", by="1m")
        self.assertEqual(1, len(c.call("incident.list")["incidents"]))
        self.assertEqual("Feed alive?    SILENT: no complaint in the last hour; nothing to compare with", self.screen(d)[1])
        self.assertEqual("What, where?   orange   Foshan, recharge not credited    1200, usual 1, new", self.screen(d)[3])
        self.assertEqual("何事何地       橙色预警 佛山，充值未到账                 1200，平常 1，新增", self.screen(d, "--lang", "zh")[3])

    def test_more_warnings_than_a_screen_holds(self):
        d, c = outage(self)
        for city in "zhuhai shantou shaoguan heyuan meizhou huizhou shanwei dongguan zhongshan jiangmen".split():
            c.call("warning.act", key=city + "/recharge.not_credited", action="raise", level="yellow", reason="drill of the screen")
        lines = self.screen(d)
        self.assertEqual(24, len(lines))
        self.assertEqual("What, where?   red      Shenzhen, recharge not credited  430, usual 6, rising", lines[3])
        self.assertEqual("               … 7 more: tocsin warn", lines[8])
        whole = json.loads(tocsin("--json", "now", server=d.address).out)["questions"]
        self.assertEqual("red      Shenzhen, recharge not credited  430, usual 6, rising", whole[1]["answers"][0])
        self.assertEqual(12, len(whole[1]["answers"]))

    def test_json(self):
        said = json.loads(tocsin("--json", "now", server=self.d.address).out)
        self.assertEqual(["Feed alive?", "What, where?", "Who has it?", "What may I do?", "What is due?", "Rules by whom?", "Tocsin well?"],
            [q["question"] for q in said["questions"]])
        self.assertEqual(["no clock runs"], said["questions"][4]["answers"])

    def test_usage(self):
        for args, err in ((["--watch", "0"], '--watch must be an integer from 1 to 3600, not "0"'),
                (["--lang", "fr"], '--lang must be zh or en, not "fr"'), (["x"], 'now takes options only, not "x"')):
            said = tocsin("now", *args, server=self.d.address)
            self.assertEqual((2, "", "tocsin: " + err), (said.code, said.out, said.err.splitlines()[0]))

    def test_watch_draws_again_and_ends_by_q(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        p = subprocess.Popen([TOCSIN, "now", "--watch", "3600"], env=environment(self.d.address), stdin=theirs, stdout=theirs,
            stderr=theirs, start_new_session=True)
        seen, end = "", time.monotonic() + 10
        while "rule failures" not in seen and time.monotonic() < end:
            seen += os.read(ours, 4096).decode("utf-8", "replace")
        self.create()
        os.write(ours, b" ")
        while "1 in the last hour" not in seen and time.monotonic() < end:
            seen += os.read(ours, 4096).decode("utf-8", "replace")
        self.assertIn("SILENT", seen)
        self.assertIn("1 in the last hour", seen)
        os.write(ours, b"q")
        self.assertEqual(0, p.wait(10))
        os.close(ours)
        os.close(theirs)


if __name__ == "__main__":
    main()
