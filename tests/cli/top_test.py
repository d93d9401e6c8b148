"""tocsin top: the exact layout of one look, the screen, and how it ends."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from tocsin_run import TOCSIN, environment, tocsin

from daemon import Case, main

ONCE = """2026-09-22 10:00:00+08:00  virtual clock  generation 1  event 5
calls    -         6 in all, 1 refused; 2 of 4096 connections, 0 paused
journal  -         5 entries, N batches; commit p50 TIME, p99 TIME, max TIME
queues   0 answers and SIZE await the disk, SIZE the clients; 3 timers near
rules    -         3 asked, TIME each, 0 failed
tickets  -         3 created, 0 acts, 0 timers fired
warnings none; 0 keys watched, 0 closes, the longest took TIME
memory   SIZE, changes SIZE + SIZE frozen, rules SIZE; cpu -
tables   SIZE; 0 checkpoints, the last took TIME and reached event 0
rows     META 1

METHOD         CALLS/S  CALLS  REFUSED
ticket.create        -      3        0
server.stats         -      1        0
session.hello        -      1        0
ticket.get           -      1        1
"""
ONCE_ZH = """2026-09-22 10:00:00+08:00  虚拟时钟  第 1 代规则  记录 3
调用     -         共 3 次，拒绝 0 次；连接 2（最多 4096），暂停 0 个
日志     -         3 条，N 批；写盘 p50 TIME，p99 TIME，最长 TIME
排队     0 个回答、SIZE 等着写盘，SIZE 等着客户端；近期定时器 1 个
规则     -         问了 1 次，每次 TIME，出错 0 次
工单     -         新建 1 个，操作 0 次，定时器触发 0 次
预警     无；监视 0 个键，时段结束 0 次，最长用 TIME
内存     SIZE，改动 SIZE + 冻结 SIZE，规则 SIZE；CPU -
数据表   SIZE；检查点 0 次，最近一次用 0 毫秒，到记录 0
行数     META 1

方法           每秒  调用  拒绝
server.stats      -     1     0
session.hello     -     1     0
ticket.create     -     1     0
"""
HEAD = 11  # lines before the table of methods


def plain(text):
    """Figures that the machine makes become words."""
    text = re.sub(r"\b[0-9]+ batches", "N batches", text)  # how many calls one sync took
    text = re.sub(r"\b[0-9]+ [um]s\b", "TIME", text)
    return re.sub(r"\b[0-9.]+ (B|KiB|MiB|GiB)\b", "SIZE", text)


class Terminal:
    """tocsin on a terminal of a given size."""

    def __init__(self, address, *args, rows=24, columns=80):
        self.fd, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(other)
        self.other = other
        self.process = subprocess.Popen([TOCSIN, *args], env=environment(address), stdin=other, stdout=other, stderr=other,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.said = ""

    def until(self, pattern, after=0, within=10):
        """Index behind the first match of the pattern in what was said."""
        end = time.monotonic() + within
        while True:
            m = re.compile(pattern, re.S).search(self.said, after)
            if m is not None:
                return m.end()
            if time.monotonic() > end:
                raise AssertionError("no %r in %r" % (pattern, self.said[after:]))
            if select.select([self.fd], [], [], 0.1)[0]:
                self.said += os.read(self.fd, 65536).decode("utf-8", "replace")

    def screens(self):
        """What was drawn, screen by screen."""
        return [re.sub(r"\x1b\[K", "", s.split("\x1b[J")[0]).replace("\r\n", "\n") for s in self.said.split("\x1b[H")[1:]]

    def send(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)
        os.close(self.other)


class Top(Case):
    maxDiff = 3000

    def terminal(self, *args, **more):
        t = Terminal(self.d.address, *args, **more)
        self.addCleanup(t.close)
        return t

    def test_one_look(self):
        for i in range(3):
            self.create(text="the bill is wrong, %d" % i)
        self.refused("ticket.get", {"id": 99}, code="not_found")
        said = tocsin("top", "--once", server=self.d.address)
        self.assertEqual((0, ""), (said.code, said.err))
        self.assertEqual(ONCE, plain(said.out))
        # an output that is no terminal is one look too, and --json is the method's own answer
        self.assertEqual(16, len(tocsin("top", server=self.d.address).out.splitlines()))
        self.assertEqual(3, json.loads(tocsin("--json", "top", server=self.d.address).out)["tickets"]["created"])

    def test_in_chinese(self):
        self.create(text="the bill is wrong")
        said = tocsin("--lang", "zh", "top", "--once", server=self.d.address)
        self.assertEqual((0, ""), (said.code, said.err))
        shown = re.sub(r"\b\d+ 批", "N 批", re.sub(r"\b\d+ 微秒", "TIME", plain(said.out)))
        self.assertEqual(ONCE_ZH, shown)

    def test_rates_are_those_of_the_interval(self):
        for i in range(20):
            self.create(text="before, %d" % i)
        t = self.terminal("top", "--every", "300ms")
        at = t.until("METHOD.*\x1b\\[J")
        self.assertIn("calls    -  ", t.screens()[0])
        self.create(text="meanwhile")
        at = t.until(r"ticket\.create +[0-9.]*[1-9][0-9.]*/s +21 +0", at)
        t.until("\x1b\\[J", at)
        lines = t.screens()[-1].split("\n")
        rate = float(re.search(r"^ticket\.create +([0-9.]+)/s", "\n".join(lines), re.M).group(1))
        self.assertLessEqual(rate, 1000 / 300 + 0.1)  # one call, not the twenty of before
        self.assertRegex(lines[1], r"^calls    [0-9.]+/s ")
        self.assertRegex(lines[7], r"; cpu [0-9]+%$")

    def test_q_ends_and_the_terminal_is_as_before(self):
        t = self.terminal("top")
        t.until("METHOD")
        self.assertTrue(t.said.startswith("\x1b[?1049h\x1b[?25l\x1b[H"), t.said[:40])
        self.assertNotEqual(t.before, termios.tcgetattr(t.other))
        t.send("q")
        t.until("\x1b\\[\\?25h\x1b\\[\\?1049l$")
        self.assertEqual(0, t.process.wait(10))
        self.assertEqual(t.before, termios.tcgetattr(t.other))

    def test_control_c_ends(self):
        t = self.terminal("top")
        t.until("METHOD")
        t.send("\x03")
        t.until("\x1b\\[\\?1049l$")
        self.assertEqual(0, t.process.wait(10))

    def test_another_key_shows_it_now(self):
        t = self.terminal("top", "--every", "1h")
        at = t.until("METHOD.*\x1b\\[J")
        t.send(" ")
        t.until("METHOD.*\x1b\\[J", at)

    def test_it_fits_the_terminal(self):
        t = self.terminal("top", rows=HEAD + 2, columns=40)
        t.until("\x1b\\[J")
        lines = t.screens()[0].split("\n")
        self.assertEqual(HEAD + 2, len(lines))
        self.assertLessEqual(max(map(len, lines)), 40)
        self.assertTrue(lines[1].endswith("…"), lines[1])

    def test_a_daemon_that_comes_back(self):
        self.create()
        t = self.terminal("top", "--every", "200ms")
        t.until("ticket.create")
        self.c.close()
        self.d.kill()
        at = t.until("is tocsind running|connection|socket")
        self.d.start()
        at = t.until(r"calls    - .*METHOD", at)  # counted anew
        t.until(r"calls    [0-9.]+/s", at)
        t.send("q")
        self.assertEqual(0, t.process.wait(10))

    def test_wrong_usage(self):
        for args, err in ((["--every", "1"], '--every must be a duration from 100ms to 1h, not "1"'),
                (["now"], 'top takes options only, not "now"')):
            said = tocsin("top", *args, server=self.d.address)
            self.assertEqual((2, "tocsin: %s\nUsage: tocsin top [--every TIME] [--once]\n" % err), (said.code, said.err))
        said = tocsin("top", "--once", server="unix:/nonexistent/s")
        self.assertEqual((1, "tocsin: unreachable: /nonexistent/s: no such socket; is tocsind running there?\n"), (said.code, said.err))


if __name__ == "__main__":
    main()
