"""tocsin detect: S1 to the bin out of a CSV file, shapes of files and times, what is refused and in which words, labels, scores."""

import csv
import json
import os
import tempfile
import unittest
from datetime import datetime, timedelta

from tocsin_run import DATA, ROOT, tocsin

from daemon import main

PACK = os.path.join(ROOT, "tests", "packs", "warning")
ALONE = os.path.join(ROOT, "tests", "packs", "alone")
S1 = [2] * 12 + [2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1, 2]
S1_CHANGES = [("10:15", "none", "yellow"), ("10:20", "yellow", "orange"), ("10:35", "orange", "red"), ("10:55", "red", "black"),
    ("12:00", "black", "red"), ("12:30", "red", "orange"), ("12:45", "orange", "yellow"), ("13:00", "yellow", "none")]
MINUTES = timedelta(minutes=5)


def clock(ms):
    return (datetime(1970, 1, 1) + timedelta(milliseconds=ms, hours=8)).strftime("%H:%M")


class Detect(unittest.TestCase):
    maxDiff = 3000

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="tocsin-detect-")
        self.addCleanup(self.tmp.cleanup)
        self.dir = self.tmp.name

    def write(self, name, content):
        with open(os.path.join(self.dir, name), "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        return name

    def detect(self, *args):
        return tocsin("detect", *args, cwd=self.dir)

    def read(self, *args):
        said = self.detect(*args, "--json")
        self.assertEqual((0, ""), (said.code, said.err))
        return json.loads(said.out)

    def refused(self, text, *args, code=1):
        said = self.detect(*args)
        self.assertEqual((code, ""), (said.code, said.out))
        self.assertEqual(text, said.err.split("\nUsage")[0].rstrip("\n"))

    def s1(self, form="%Y-%m-%dT%H:%M:%S", at=datetime(2026, 9, 22, 9, 0)):
        return [((at + i * MINUTES).strftime(form), n) for i, n in enumerate(S1)]

    def changes(self, *args):
        return [(clock(c["at"]), c["from"], c["to"]) for c in self.read(*args)["changes"]]

    # ---- the same code as the daemon ----------------------------------------------------------------------------------------
    def test_s1(self):
        self.write("s1.csv", "when,n\n" + "".join("%s,%d\n" % row for row in self.s1()))
        args = ["s1.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1"]
        self.assertEqual(S1_CHANGES, self.changes(*args, "--alarms", "out.csv"))
        with open(os.path.join(self.dir, "out.csv"), newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(len(S1), len(rows))
        self.assertEqual({"bin": "2026-09-22 10:10:00", "level": "yellow", "count": "11", "expected": "6", "p": "0.000509098"}, rows[14])
        self.assertEqual("none", rows[13]["level"])
        said = self.detect(*args)
        self.assertIn("BIN                  LEVEL            INPUT   SEEN  EXPECTED         P\n", said.out)
        self.assertIn("2026-09-22 10:10:00  none → yellow    S15     16.0       6.0   5.1e-04\n", said.out)
        self.assertIn("2026-09-22 10:50:00  red → black      S60    811.0      24.0   <1e-300\n", said.out)
        self.assertIn("8 level changes\n", said.out)
        said = self.detect(*args, "--lang", "zh")
        self.assertIn("无 → 黄色", said.out)
        self.assertIn("8 次等级变化\n", said.out)

    def test_events(self):
        """Each row one event, in any order, quoted, with a byte-order mark."""
        rows = ["\"%s\",\"a, b\"" % (datetime(2026, 9, 22, 9) + i * MINUTES + timedelta(seconds=k)).isoformat()
            for i, n in enumerate(S1) for k in range(n)]
        rows = rows[::-1]
        self.write("e.csv", b"\xef\xbb\xbf" + ("when,text\r\n" + "\r\n".join(rows) + "\r\n").encode())
        self.assertEqual(S1_CHANGES, self.changes("e.csv", "--time", "when", "--rules", PACK, "--watch", "S1"))

    def test_times(self):
        for form in ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%Y年%m月%d日 %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S+08:00",
                "%Y-%m-%d %H:%M:%S.000000"):
            with self.subTest(form=form):
                self.write("t.csv", "when;n\n" + "".join("%s;%d\n" % row for row in self.s1(form)))
                self.assertEqual(S1_CHANGES, self.changes("t.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1"))
        at = int((datetime(2026, 9, 22, 1) - datetime(1970, 1, 1)).total_seconds())
        for unit in (1, 1000):
            self.write("t.csv", "when,n\n" + "".join("%d,%d\n" % ((at + 300 * i) * unit, n) for i, n in enumerate(S1)))
            self.assertEqual(S1_CHANGES, self.changes("t.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1"))

    def test_gaps(self):
        """A bin without a row is not known: no alarm, no lesson; --gaps zero says it is 0."""
        self.write("g.csv", "when,n\n2026-09-22T10:00,9\n2026-09-22T10:20,9\n")
        args = ["g.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1", "--bin", "5m"]
        said = self.detect(*args)
        self.assertIn("g.csv: 2 rows, 5 bins of 5m from 2026-09-22 10:00:00; pack %s, watch \"S1\"\n" % PACK, said.out)
        self.assertIn("3 bins have no row and are not known (--gaps zero takes them for 0)\n", said.out)
        self.assertNotIn("not known", self.detect(*args, "--gaps", "zero").out)
        self.write("g.csv", "when,n\n2026-09-22T10:00,1.5\n2026-09-22T10:05,NA\n2026-09-22T10:05,\n")
        said = self.detect(*args)
        self.assertIn("1 values have a fraction and are taken as the nearest count\n", said.out)
        self.assertIn("1 bins have no row", said.out)

    def test_a_zone_that_is_not_the_packs(self):
        """The pack's own specs are of its people's zone; days begin, and hours are missing or come twice, in that of the series."""
        rows = [(datetime(2026, 3, 6) + timedelta(hours=i), 20) for i in range(72)]
        self.write("z.csv", "when,n\n" + "".join("%s,%d\n" % row for row in rows))
        said = self.detect("z.csv", "--time", "when", "--value", "n", "--zone", "America/New_York", "--alarms", "z_out.csv")
        self.assertIn("z.csv: 72 rows, 71 bins of 1h from 2026-03-06 00:00:00; ", said.out)
        with open(os.path.join(self.dir, "z_out.csv"), newline="") as f:
            night = [(row["bin"], row["count"]) for row in csv.DictReader(f) if row["bin"].startswith("2026-03-08 0")]
        self.assertEqual([("2026-03-08 01:00:00", "20"), ("2026-03-08 03:00:00", "40"), ("2026-03-08 04:00:00", "20")], night[1:4])
        self.assertEqual(2, tocsin("detect", "z.csv", "--time", "when", "--value", "n", "--zone", "Mars/Base", cwd=self.dir).code)

    def test_what_is_said_of_a_week_is_what_was_unlikely(self):
        """Weeks are yellow by a tail and a least count of four weeks: the tail's figures are shown."""
        weeks = [(datetime(2018, 1, 1) + timedelta(weeks=i), 40 if i == 200 else 9 + i % 3) for i in range(220)]
        self.write("w.csv", "when,n\n" + "".join("%s,%d\n" % (at.date(), n) for at, n in weeks))
        said = self.detect("w.csv", "--time", "when", "--value", "n").out
        self.assertIn("2021-11-01 00:00:00  none → red       week   40.0      10.0  5.0e-12\n", said)
        self.assertEqual([], [line for line in said.splitlines() if "none →" in line and "month" in line])

    # ---- what is refused ------------------------------------------------------------------------------------------------------
    def test_refused(self):
        self.write("f.csv", "when,n\n2026-09-22T10:00,5\n2026-09-22T10:05,-3\n")
        self.refused('tocsin: one FILE and --time COLUMN are needed', "f.csv", code=2)
        self.refused('tocsin: not_found: g.csv: No such file or directory', "g.csv", "--time", "when")
        self.refused('tocsin: bad_request: f.csv has no column "wen"; it has when, n (did you mean "when"?)', "f.csv", "--time", "wen")
        self.refused('tocsin: bad_request: f.csv has no column "count"; it has when, n', "f.csv", "--time", "when", "--value", "count")
        self.refused('tocsin: bad_request: f.csv line 3: n "-3" is not a count: a number of 0 or more (argument --value)',
            "f.csv", "--time", "when", "--value", "n")
        self.refused('tocsin: --bin "7m" is not a length that parts a day evenly, such as 5m, 1h, 1d, or 1w', "f.csv", "--time", "when", "--bin", "7m", code=2)
        self.refused('tocsin: not_found: the pack in %s has no watch "S18" (did you mean "S1"?)' % PACK, "f.csv", "--time", "when", "--rules", PACK,
            "--watch", "S18")
        self.refused('tocsin: not_found: the pack in %s watches no series with bins of 5m; it has none (watch … { of = "series" })' % ALONE, "f.csv", "--time", "when",
            "--rules", ALONE)
        self.refused('tocsin: --bin 1h: the bins of watch "S1" are 5m long', "f.csv", "--time", "when", "--rules", PACK, "--watch", "S1", "--bin", "1h", code=2)
        self.refused('tocsin: --gaps must be zero or unknown, not "no"', "f.csv", "--time", "when", "--gaps", "no", code=2)
        for content, text in (
                ("", "f.csv is empty: a header and rows are needed"),
                ("when,n\n", "f.csv has a header and no row"),
                ("when,n\n2026-09-22T10:00\n", "f.csv line 2 has 1 columns, the header has 2"),
                ("when,n\n2026-09-22T10:00,1\nyesterday,2\n", 'f.csv line 3: when "yesterday" is not a time that is known: name its format with '
                    '--time-format, such as "DD.MM.YYYY hh:mm" (argument --time)'),
                ("when,n\n01/02/2026,1\n03/04/2026,2\n", "f.csv: day and month of when could be each other in every row; say which with --time-format, "
                    'such as "MM/DD/YYYY" (argument --time)'),
                ("when,n\n1970-01-01,1\n2099-01-01,2\n", "f.csv: from the first time to the last there are over 10000000 bins; is one of them wrong?"),
                ('when,n\n"2026-09-22,1\n', 'f.csv line 2: a quote that is opened is never closed')):
            with self.subTest(content=content):
                self.write("f.csv", content)
                said = self.detect("f.csv", "--time", "when", "--value", "n", "--bin", "1m")
                self.assertEqual(1, said.code)
                self.assertEqual("tocsin: bad_request: " + text + "\n", said.err)
        self.write("f.csv", "when,n\n22/09/2026,1\n23/09/2026,1\n")
        self.refused('tocsin: bad_request: f.csv line 2: when "22/09/2026" is not a time of the format MM/DD/YYYY (argument --time)',
            "f.csv", "--time", "when", "--time-format", "MM/DD/YYYY")
        self.assertEqual(0, self.detect("f.csv", "--time", "when", "--time-format", "DD/MM/YYYY", "--bin", "1d").code)

    # ---- labels ---------------------------------------------------------------------------------------------------------------
    def test_labels(self):
        rows = self.s1() + self.s1(at=datetime(2026, 9, 22, 18, 0))
        self.write("s.csv", "when,n,bad\n" + "".join("%s,%d,%d\n" % (t, n, "2026-09-22T10:10" <= t < "2026-09-22T12:30") for t, n in rows))
        self.write("w.csv", "from,to\n2026-09-22T10:10,2026-09-22T12:29:59\n")
        self.write("b.csv", "when,bad\n" + "".join("%s,%d\n" % (t, "2026-09-22T10:10" <= t < "2026-09-22T12:30") for t, _ in rows))
        self.write("n.json", '{"x/s.csv": [["2026-09-22 10:10:00.000000", "2026-09-22 12:29:59.000000"]]}')
        self.write("l.json", '[["2026-09-22T10:10:00", "2026-09-22T12:29:59"]]')
        for labels in ("bad", "w.csv", "b.csv", "n.json", "l.json"):
            with self.subTest(labels=labels):
                score = self.read("s.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1", "--labels", labels)["score"]
                self.assertEqual((1, 1, 0, 1.0, 1), (score["events"], score["found"], score["before_learned"], score["sensitivity"], score["false_alarms"]))
                self.assertEqual(300000, score["median_delay_ms"])
                self.assertAlmostEqual((2 * len(S1) - 28) * 300 / (7 * 86400), score["quiet_weeks"])
        said = self.detect("s.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1", "--labels", "bad")
        self.assertIn("labels: 1 of 1 events found; 1 false alarms in 0.0 quiet stream-weeks (", said.out)
        self.assertIn("median delay from the start of an event: 5 min\n", said.out)
        for name, content, text in (
                ("x.csv", "a,b\n2026-09-22T10:00,soon\n", 'x.csv line 2: b "soon" is neither a time nor 0 or 1'),
                ("x.csv", "a,b\n2026-09-22T10:00,2026-09-22T09:00\n", "x.csv line 2: the window ends (2026-09-22T09:00) before it begins (2026-09-22T10:00)"),
                ("x.json", '{"y.csv": []}', "x.json has no labels for s.csv"),
                ("x.json", '[["2026-09-22"]]', 'x.json window 1 must be ["from", "to"]')):
            self.write(name, content)
            self.refused("tocsin: bad_request: " + text, "s.csv", "--time", "when", "--value", "n", "--rules", PACK, "--watch", "S1", "--labels", name)

    # ---- shipped defaults -------------------------------------------------------------------------------------------------------
    def test_lengths_of_bins(self):
        """The distance of the rows picks the watch; a short series says that it has learned nothing."""
        for step, shown in ((timedelta(minutes=1), "1m"), (MINUTES, "5m"), (timedelta(hours=1), "1h"), (timedelta(days=1), "1d"), (timedelta(days=7), "1w")):
            at = datetime(2026, 8, 3)
            self.write("b.csv", "when,n\n" + "".join("%s,3\n" % (at + i * step).isoformat() for i in range(6)))
            said = self.detect("b.csv", "--time", "when", "--value", "n")
            self.assertIn('watch "series of %s"\n' % shown, said.out)
            self.assertIn("the series is too short: what is usual was not learned, so nothing was expected\n", said.out)
            self.assertIn("0 level changes\n", said.out)

    def test_week_by_default(self):
        path = os.path.join(DATA, "surveillance", "s1.csv")
        if not os.path.exists(path):
            self.skipTest("%s is missing" % path)
        score = self.read(path, "--time", "week_start_if_iso", "--value", "observed", "--labels", "outbreak")["score"]
        self.assertEqual((1, 1, 1), (score["events"], score["found"], score["false_alarms"]))


if __name__ == "__main__":
    main()
