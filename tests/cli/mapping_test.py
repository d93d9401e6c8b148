"""Mapping files and CSV: what is understood, what is refused, with which words. Nothing here needs a daemon (--dry-run)."""

import csv
import json
import os
import tempfile
import unittest

from tocsin_run import tocsin

from daemon import main

MAPPING = """[file]
zone = Asia/Shanghai
[columns]
text = what
created = when
[constants]
channel = import
[times]
created = YYYY-MM-DD hh:mm
"""


class Mapping(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="tocsin-map-")
        self.addCleanup(self.tmp.cleanup)
        self.dir = self.tmp.name

    def write(self, name, content):
        with open(os.path.join(self.dir, name), "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode("utf-8"))

    def run_dry(self, data, mapping=MAPPING, *more):
        self.write("f.csv", data)
        self.write("m.txt", mapping)
        return tocsin("--json", "import", "f.csv", "--map", "m.txt", "--dry-run", *more, cwd=self.dir)

    def counts(self, said):
        answer = json.loads(said.out)
        return answer["rows"], answer["would_import"], answer["rejected"]

    def rejects(self):
        with open(os.path.join(self.dir, "f.csv.rejects.csv"), encoding="utf-8", newline="") as f:
            return list(csv.reader(f))

    def refused(self, message, data="what,when\na,2020-01-02 03:04\n", mapping=MAPPING):
        said = self.run_dry(data, mapping)
        self.assertEqual((1, message + "\n"), (said.code, said.err), said)
        self.assertEqual([], [f for f in os.listdir(self.dir) if f not in ("f.csv", "m.txt")])

    # ---- the table of text --------------------------------------------------------------------------------------

    def test_rfc_4180(self):
        said = self.run_dry('what,when\r\n"two\r\nlines, and a ""quote""",2020-01-02 03:04\r\n\r\nplain,2020-01-02 03:05')
        self.assertEqual((2, 2, 0), self.counts(said), said)
        self.assertEqual(0, said.code)

    def test_broken_rows_are_rejected_with_their_line(self):
        said = self.run_dry('what,when\n"a\nb",2020-01-02 03:04\n"x"y,2020-01-02 03:04\nshort\nok,2020-01-02 03:04\n"open,2020\n')
        self.assertEqual((5, 2, 3), self.counts(said), said)
        self.assertEqual(1, said.code)
        self.assertEqual([["line", "reason", "what", "when"],
            ["4", "text stands behind a closing quote", '"x"y,2020-01-02 03:04'],
            ["5", "the row has 1 columns, the header 2", "short"],
            ["7", "a quote that is opened is never closed", '"open,2020\n']], self.rejects())

    def test_rejected_rows_can_be_imported_once_corrected(self):
        self.run_dry("what,when\n,2020-01-02 03:04\nb,never\n" + "ok,2020-01-02 03:04\n" * 8)
        rows = self.rejects()
        self.assertEqual([["2", "text is empty", "", "2020-01-02 03:04"],
            ["3", 'created: "never" is no date and time of the form YYYY-MM-DD hh:mm', "b", "never"]], rows[1:])
        with open(os.path.join(self.dir, "f.csv.rejects.csv"), encoding="utf-8", newline="") as f:
            corrected = f.read().replace(",never\r\n", ",2020-01-02 03:05\r\n").replace("empty,,", "empty,now said,")
        said = self.run_dry(corrected)
        self.assertEqual((2, 2, 0), self.counts(said), said)

    def test_encodings(self):
        mapping = MAPPING.replace("what", "内容").replace("zone", "encoding = gbk\nzone")
        text = "内容,when\n没有信号,2020-01-02 03:04\n"
        self.assertEqual((1, 1, 0), self.counts(self.run_dry(text.encode("gbk"), mapping)))
        self.assertEqual((1, 1, 0), self.counts(self.run_dry(text.encode("utf-16"), mapping)))
        utf8 = mapping.replace("gbk", "utf-8")
        self.assertEqual((1, 1, 0), self.counts(self.run_dry(text.encode("utf-8-sig"), utf8)))
        self.refused("tocsin: bad_request: f.csv:1: this is not UTF-8; a file saved by Excel in China is `encoding = gbk`",
            text.encode("gbk"), utf8)
        self.refused("tocsin: bad_request: f.csv:2: this is not GB18030; say its real `encoding` in the mapping",
            b"what,when\n\xff\xff,2020-01-02 03:04\n", mapping)

    def test_a_zero_byte_is_called_one(self):
        zero = "tocsin: bad_request: f.csv:2:3: a zero byte, which no text has: was the file copied completely, or is it `encoding = utf-16le`?"
        self.refused(zero, "what,when\n话费\0,2020-01-02 03:04\n".encode(), MAPPING)
        self.refused(zero, "what,when\n话费\0,2020-01-02 03:04\n".encode("gbk"), MAPPING.replace("zone", "encoding = gbk\nzone"))
        self.refused(zero.replace("2:3", "1:2"), "what,when\nx,2020-01-02 03:04\n".encode("utf-16le"), MAPPING)

    def test_numbers_that_excel_rounded(self):
        mapping = MAPPING.replace("text = what", "text = what\nnumber = num")
        said = self.run_dry("what,when,num\na,2020-01-02 03:04,1.38E+10\nb,2020-01-02 03:04,1.38001E+10\nc,2020-01-02 03:04,13800138000\n", mapping)
        self.assertEqual((3, 1, 2), self.counts(said), said)
        self.assertEqual(['number: "1.38E+10": Excel rounded this number, its last digits are gone: make the column a text in Excel and save '
            "the file anew from the source"], [row[1] for row in self.rejects()[1:2]])
        self.assertIn('m.txt: number: column "num": Excel rounded 2 of 3 numbers (line 2: "1.38E+10"): their rows are rejected. Make the column '
            "a text in Excel and save the file anew from the source\n", said.err)
        said = self.run_dry("what,when,num\n1.38E+10 was charged,2020-01-02 03:04,138E\nE+1,2020-01-02 03:04,1e5\n", mapping)
        self.assertEqual((2, 2, 0), self.counts(said), said)

    # ---- the mapping ----------------------------------------------------------------------------------------------

    def test_errors_of_the_mapping(self):
        for old, new, message in (
                ("text = what", "txt = what", 'm.txt:4: a ticket has no field "txt" (did you mean "text"?)'),
                ("text = what", "text = wat", 'm.txt: the file has no column "wat"; it has: what, when (did you mean "what"?)'),
                ("text = what", "text what", "m.txt:4: expected key = value"),
                ("[columns]", "[colums]",
                    "m.txt:3: there is no section [colums]; there are [file], [columns], [constants], [times] and [values FIELD]"),
                ("text = what", "customer = what", "m.txt:4: customer is a map; write customer.NAME"),
                ("YYYY-MM-DD hh:mm", "YYYY-MM", 'm.txt:9: time format "YYYY-MM" needs a year, a month and a day'),
                ("YYYY-MM-DD hh:mm", "yyyy-mm-dd",
                    'm.txt:9: time format "yyyy-mm-dd": "yyyy-mm-dd" is none of YYYY YY MMM MM DD hh mm ss SSS AM (or iso, epoch_s, '
                    "epoch_ms)"),
                ("created = YYYY-MM-DD hh:mm\n", "",
                    "m.txt: created is a time: give its format in [times], for example created = YYYY-MM-DD hh:mm:ss"),
                ("channel = import\n", "", "m.txt: ticket.import needs channel: give it a column or a constant"),
                ("zone = Asia/Shanghai", "zone = Asia/Nowhere", 'time zone "Asia/Nowhere" is not in tzdata (/usr/share/zoneinfo)'),
                ("zone = Asia/Shanghai", "method = ticket.creat",
                    'm.txt:2: method must be ticket.import or ticket.create, not "ticket.creat"'),
                ("[times]", "[times]\ndate_order = day first",
                    'm.txt:9: date_order "day first" is not one of dmy, mdy, ymd, mdy_else_dmy, dmy_else_mdy')):
            with self.subTest(message=message):
                self.refused("tocsin: bad_request: " + message, mapping=MAPPING.replace(old, new))

    def test_value_tables(self):
        mapping = MAPPING.replace("channel = import", "priority = 3") + "[values channel]\nNet = app\n\"a = b\" = sms\nNone =\n"
        mapping = mapping.replace("text = what", "text = what\nchannel = how")
        said = self.run_dry("what,when,how\na,2020-01-02 03:04,Net\nb,2020-01-02 03:04,a = b\nc,2020-01-02 03:04,Fax\n", mapping)
        self.assertEqual((3, 2, 1), self.counts(said), said)
        self.assertEqual(["4", 'channel: "Fax" is not in [values channel]'], self.rejects()[1][:2])
        said = self.run_dry("what,when,how\nc,2020-01-02 03:04,Fax\n", mapping + "* = import\n")
        self.assertEqual((1, 1, 0), self.counts(said), said)

    # ---- dates, judged over the whole file --------------------------------------------------------------------------

    def judged(self, form, dates, message, order=""):
        mapping = MAPPING.replace("YYYY-MM-DD hh:mm", form) + order
        data = "what,when\n" + "".join("a,\"%s\"\n" % d for d in dates)
        if message is not None:
            self.refused("m.txt: created: column \"when\": %s\n"
                "tocsin: rejected: the dates cannot be trusted (1 finding above): nothing was imported" % message, data, mapping)
            return None
        said = self.run_dry(data, mapping)
        self.assertEqual(self.counts(said), (len(dates), len(dates), 0), said)
        return said

    def test_ambiguous(self):
        self.judged("DD/MM/YYYY", ["03/04/2020", "04/05/2020", "05/05/2020"],
            'nothing in the file says which of the numbers is the day: all 2 dates can be read both ways (line 2: "03/04/2020"). Say '
            "date_order = dmy or mdy in [times]")
        self.judged("DD/MM/YYYY", ["03/04/2020", "04/05/2020"], None, "date_order = dmy\n")
        self.judged("DD/MM/YYYY", ["03/04/2020", "13/05/2020"], None)
        self.judged("YYYY-MM-DD", ["2020-03-04", "2020-04-05"], None)

    def test_wrong_order(self):
        self.judged("DD/MM/YYYY", ["03/04/2020", "04/15/2020"],
            '1 values are no dates as DD/MM/YYYY says, but are with day and month swapped (line 3: "04/15/2020"), and none speaks for '
            "the format. Correct the format in [times]")
        self.judged("DD/MM/YYYY", ["15/04/2020", "04/15/2020"],
            '1 values are dates only with day and month swapped (line 3: "04/15/2020"), 1 others only as DD/MM/YYYY says: two orders '
            "are mixed. Say date_order = mdy_else_dmy or dmy_else_mdy in [times] once you know which was meant")
        self.judged("DD/MM/YYYY", ["15/04/2020", "04/15/2020"], None, "date_order = mdy_else_dmy\n")

    def test_not_dates(self):
        self.judged("YYYY-MM-DD", ["2020-02-30", "2020-02-28", "n/a"],
            '2 of 3 values are no dates of the form YYYY-MM-DD (line 2: "2020-02-30"). Correct the format in [times]')
        said = self.run_dry("what,when\n" + "a,2020-02-28 00:00\n" * 9 + "b,2020-02-30 00:00\n")
        self.assertEqual((10, 9, 1), self.counts(said), "one impossible date is that row's fault")

    def test_swapped(self):
        true = [(m, d) for m in (4, 5, 6) for d in range(1, 31)]
        written = ["%02d-%02d-15" % ((m, d) if d <= 12 else (d, m)) for m, d in true]
        message = ("day and month are swapped: in 2015 only April, May, June hold days over 12, while January, February, March, July, "
            "August, September, October, November, December hold only the days 4, 5, 6 (27 values, the first in line 2: \"04-01-15\"). "
            "Say date_order in [times], probably mdy_else_dmy")
        self.judged("DD-MM-YY", written, message)
        self.judged("DD-MM-YY", written, None, "date_order = mdy_else_dmy\n")
        self.judged("DD-MM-YY", ["%02d-%02d-15" % (d, m) for m, d in true], None)

    def test_a_short_last_month_is_no_evidence(self):
        days = [(m, d) for m in (4, 5, 6) for d in range(1, 31)] + [(7, d) for d in range(1, 12)]
        self.judged("DD-MM-YY", ["%02d-%02d-15" % (d, m) for m, d in days], None)

    def test_forms_of_time(self):
        for form, text in (("DD-MMM-YY hh:mm AM", "13-Apr-15 12:30 am"), ("YYYY/MM/DD", "2020/1/2"), ("iso", "2020-01-02T03:04:05+08:00"),
                ("epoch_s", "1577934245"), ("epoch_ms", "1577934245000"), ("YYYYMMDD hhmmss", "20200102 030405"),
                ("MMM DD, YYYY", "January 2, 2020")):
            with self.subTest(form=form):
                self.judged(form, [text], None)


if __name__ == "__main__":
    main()
