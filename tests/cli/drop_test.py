"""tocsin drop: files put into a folder, whole, in pieces, twice, wrong, with kills and without a daemon."""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from tocsin_run import TOCSIN, environment, tocsin

from daemon import Daemon, main, until

MAPPING = """[file]
method = ticket.create
[columns]
source_ref = no
number = number
text = text
[constants]
channel = import
"""
HEAD = "no,number,text\r\n"


def row(i, text="the bill is wrong"):
    return "r%d,138%08d,%s\r\n" % (i, i, text)


class Drop(unittest.TestCase):
    maxDiff = 1500

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="tocsin-drop-")
        self.addCleanup(shutil.rmtree, self.top, True)
        self.dir = os.path.join(self.top, "in")
        os.mkdir(self.dir)
        self.map = os.path.join(self.top, "mapping.txt")
        with open(self.map, "w", encoding="utf-8") as f:
            f.write(MAPPING)
        self.d = Daemon()
        self.addCleanup(self.d.close)
        self.d.start()
        self.running = None

    def put(self, name, *rows):
        """As a well-behaved writer does: under another name, then renamed."""
        path = os.path.join(self.dir, name)
        with open(path + ".part", "w", encoding="utf-8", newline="") as f:
            f.write(HEAD + "".join(rows))
        os.rename(path + ".part", path)

    def once(self, stable=0):
        return tocsin("drop", self.dir, "--map", self.map, "--once", "--stable-ms", stable, server=self.d.address, cwd=self.top)

    def start(self, stable=0):
        self.running = subprocess.Popen([TOCSIN, "drop", self.dir, "--map", self.map, "--stable-ms", str(stable)],
            env=environment(self.d.address), cwd=self.top, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop, signal.SIGKILL)

    def stop(self, how=signal.SIGTERM):
        if self.running is None:
            return None
        self.running.send_signal(how)
        code = self.running.wait(20)
        self.running = None
        return code

    def names(self):
        return sorted(os.listdir(self.dir))

    def n_tickets(self):
        with self.d.client() as c:
            return c.call("server.stats")["tickets"]["last_id"]

    def result(self, name):
        with open(os.path.join(self.dir, name + ".result.json"), encoding="utf-8") as f:
            return json.load(f)

    def test_a_file(self):
        self.put("a.csv", row(1), row(2), "r3,13800000003,\r\n", "r4,13800000004\r\n")
        said = self.once()
        self.assertEqual((0, "a.csv: 4 rows: 2 imported, 0 known, 2 rejected\n"), (said.code, said.out), said)
        self.assertEqual(["a.csv.done", "a.csv.rejected.csv", "a.csv.result.json"], self.names())
        self.assertEqual(2, self.n_tickets())
        result = self.result("a.csv")
        self.assertEqual(("a.csv", 4, 2, 0, 2), tuple(result[k] for k in ("file", "rows", "imported", "known", "rejected")))
        with open(os.path.join(self.dir, "a.csv.rejected.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.reader(f))
        self.assertEqual([["line", "reason", "no", "number", "text"], ["4", "text is empty", "r3", "13800000003", ""],
            ["5", "the row has 2 columns, the header 3", "r4", "13800000004"]], rows)
        with open(os.path.join(self.dir, "a.csv.done"), encoding="utf-8", newline="") as f:
            self.assertTrue(f.read().startswith(HEAD + row(1)))

    def test_the_same_again_is_known(self):
        self.put("a.csv", row(1), row(2))
        self.once()
        self.put("a.csv", row(1), row(2), row(3))
        said = self.once()
        self.assertEqual("a.csv: 3 rows: 1 imported, 2 known, 0 rejected\n", said.out)
        self.assertEqual(["a.csv.2.done", "a.csv.2.result.json", "a.csv.done", "a.csv.result.json"], self.names())
        self.assertEqual(3, self.n_tickets())

    def test_another_complaint_under_the_same_reference_is_no_known_one(self):
        self.put("a.csv", row(1), row(1), row(1, "the network is slow"), "r1,13800000002,the bill is wrong\r\n")
        said = self.once()
        self.assertEqual("a.csv: 4 rows: 1 imported, 1 known, 2 rejected\n", said.out)
        with open(os.path.join(self.dir, "a.csv.rejected.csv"), encoding="utf-8", newline="") as f:
            self.assertEqual([["4", 'conflict: source_ref "r1" of channel import is ticket 1 already, with another text'],
                ["5", 'conflict: source_ref "r1" of channel import is ticket 1 already, with another number']], [x[:2] for x in list(csv.reader(f))[1:]])
        self.assertEqual({"conflict: text": 1, "conflict: number": 1}, self.result("a.csv")["reasons"])

    def test_in_the_order_of_names(self):
        for name in ("c.csv", "a.csv", "b.csv"):
            self.put(name, row(ord(name[0])))
        self.assertEqual(["a.csv", "b.csv", "c.csv"], [line.split(":")[0] for line in self.once().out.splitlines()])

    def test_what_is_none_of_ours(self):
        for name in ("x.txt", ".hidden.csv", "b.csv.part", "c.csv.rejected.csv"):
            with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
                f.write(HEAD + row(1))
        os.mkdir(os.path.join(self.dir, "d.csv"))
        os.symlink("/etc/passwd", os.path.join(self.dir, "e.csv"))
        before = self.names()
        self.assertEqual((0, ""), (self.once().code, self.once().out))
        self.assertEqual(before, self.names())

    def test_half_written_files_wait(self):
        path = os.path.join(self.dir, "a.csv")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(HEAD + row(1))
            f.flush()
            said = self.once(stable=60000)
            self.assertEqual((0, "", ["a.csv"]), (said.code, said.out, self.names()))
            f.write(row(2))
        os.utime(path, (time.time() - 120, time.time() - 120))
        self.assertEqual("a.csv: 2 rows: 2 imported, 0 known, 0 rejected\n", self.once(stable=60000).out)

    def test_wrong_as_a_whole(self):
        for name, data, reason in (
                ("head.csv", b"no,nummer,text\r\nr1,1,x\r\n", 'the file has no column "number"; it has: no, nummer, text (did you mean "nummer"?)'),
                ("empty.csv", b"", "is empty"),
                ("gbk.csv", "no,number,text\r\nr1,13800000001,话费\r\n".encode("gbk"), "not UTF-8")):
            with open(os.path.join(self.dir, name), "wb") as f:
                f.write(data)
            said = self.once()
            self.assertEqual(0, said.code)
            self.assertIn(name + ".failed", self.names())
            self.assertIn(reason, self.result(name)["error"], name)
        self.assertEqual(0, self.n_tickets())

    def test_a_wrong_mapping_ends_it(self):
        with open(self.map, "a", encoding="utf-8") as f:
            f.write("[column]\ntxet = text\n")
        self.put("a.csv", row(1))
        said = self.once()
        self.assertEqual((1, ["a.csv"]), (said.code, self.names()))
        self.assertIn("mapping.txt:", said.err)

    def test_one_at_a_time(self):
        fd = os.open(self.dir, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        said = self.once()
        self.assertEqual((1, "tocsin: conflict: %s is being worked by another tocsin drop\n" % self.dir), (said.code, said.err))
        fcntl.flock(fd, fcntl.LOCK_UN)
        self.assertEqual(0, self.once().code)

    def test_without_a_daemon_it_waits(self):
        self.put("a.csv", row(1))
        self.d.kill()
        said = self.once()
        self.assertEqual((1, ["a.csv.work"]), (said.code, self.names()))
        self.d.start()
        self.assertEqual("a.csv: 1 rows: 1 imported, 0 known, 0 rejected\n", self.once().out)

    def test_the_daemon_comes_back(self):
        self.d.kill()
        self.start()
        self.put("a.csv", row(1))
        until(lambda: self.names() == ["a.csv.work"] or None, what="the file taken")
        self.d.start()
        until(lambda: "a.csv.done" in self.names() or None, within=20, what="the file done")
        self.assertEqual(0, self.stop())

    def test_kills(self):
        """kill -9 of drop and of the daemon while 3,000 rows go in: each is there once."""
        n = 3000
        self.put("a.csv", *[row(i) for i in range(n)])
        for i in range(8):
            self.start()
            time.sleep(0.05 + 0.03 * i)
            if i % 3 == 2:
                self.d.restart()
            self.stop(signal.SIGKILL)
        self.assertEqual(0, self.once().code)
        self.assertEqual(["a.csv.done", "a.csv.result.json"], self.names())
        with self.d.client() as c:
            self.assertEqual(n, c.call("server.stats")["tickets"]["last_id"])
            refs = [t["source_ref"] for t in c.pipeline([("ticket.get", {"id": i + 1}) for i in range(n)])]
        self.assertEqual(n, len(set(refs)))


if __name__ == "__main__":
    main()
