"""Real files imported by their mappings into a running daemon; the figures equal those computed here from the CSV alone."""

import collections
import csv
import datetime
import json
import os
import re
import shutil
import tempfile
import unittest
import zoneinfo

from tocsin_run import DATA, IMPORTS, tocsin

from daemon import Daemon, main


def words(name, lists):
    """[(category, [words])] of a pack, in the order of its rules."""
    return [(category, open(os.path.join(IMPORTS, name, "pack", "words", lst + ".csv"), encoding="utf-8").read().split("\n")[:-1])
        for category, lst in lists]


def has_word(text, lst):
    """A Chinese word anywhere; an English one whole and without case."""
    for word in lst:
        if not word.isascii():
            if word in text:
                return True
        elif re.search(r"(?<![a-z0-9_])" + re.escape(word) + r"(?![a-z0-9_])", text.lower()):
            return True
    return False


class Imported:
    """One data set: self.rows of the CSV, self.tickets as the daemon has them, by source_ref."""

    name = file = zone = key = None
    encoding = "utf-8-sig"
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.path = os.path.join(DATA, cls.file)
        cls.is_there = os.path.exists(cls.path)
        if not cls.is_there:
            print("skipped: %s is missing" % cls.path)
            return
        cls.dir = tempfile.mkdtemp(prefix="tocsin-import-")
        cls.daemon = Daemon(rules=os.path.join(IMPORTS, cls.name, "pack"))
        try:
            cls.daemon.start()
            cls.said = cls.run_import()
            out = tocsin("export", server=cls.daemon.address).out
        except BaseException:
            cls.tearDownClass()
            raise
        tickets = [json.loads(line) for line in out.splitlines()]
        cls.n_tickets = len(tickets)
        cls.tickets = {t["source_ref"]: t for t in tickets}
        with open(cls.path, encoding=cls.encoding, newline="") as f:
            cls.rows = list(csv.DictReader(f))

    @classmethod
    def tearDownClass(cls):
        if cls.is_there:
            cls.daemon.close()
            shutil.rmtree(cls.dir, ignore_errors=True)

    def setUp(self):
        if not self.is_there:
            self.skipTest("%s is missing" % self.path)

    @classmethod
    def run_import(cls, *more):
        return tocsin("--json", "import", cls.path, "--map", os.path.join(IMPORTS, cls.name, "mapping.txt"), *more,
            server=cls.daemon.address, cwd=cls.dir)

    def figures(self):
        """{(category, month): n} of the daemon."""
        zone = zoneinfo.ZoneInfo(self.zone)
        return collections.Counter((t["category"], datetime.datetime.fromtimestamp(t["created"] / 1000, zone).strftime("%Y-%m"))
            for t in self.tickets.values())

    def created(self, row):
        """The local time at which a row was taken in."""
        raise NotImplementedError

    def category(self, row):
        raise NotImplementedError

    def test_every_row_is_there_once(self):
        self.assertEqual({"rows": len(self.rows), "imported": len(self.rows), "known": 0, "rejected": 0, "skipped": 0, "reasons": {}},
            json.loads(self.said.out), self.said)
        self.assertEqual(0, self.said.code)
        self.assertEqual(len(self.rows), self.n_tickets)
        self.assertEqual({row[self.key] for row in self.rows}, set(self.tickets))

    def test_again_is_known(self):
        said = self.run_import()
        self.assertEqual({"rows": len(self.rows), "imported": 0, "known": len(self.rows), "rejected": 0, "skipped": 0, "reasons": {}},
            json.loads(said.out), said)

    def test_by_category_and_month(self):
        self.assertEqual(collections.Counter((self.category(row), self.created(row).strftime("%Y-%m")) for row in self.rows),
            self.figures())

    def test_every_instant(self):
        zone = zoneinfo.ZoneInfo(self.zone)
        for row in self.rows:
            self.assertEqual(int(self.created(row).replace(tzinfo=zone).timestamp() * 1000), self.tickets[row[self.key]]["created"], row)

    def test_no_timers(self):
        ask = lambda id: tocsin("call", "ticket.get", json.dumps({"id": id, "with": ["timers"]}), server=self.daemon.address).out
        self.assertEqual([[]] * 9, [json.loads(ask(1 + i * self.n_tickets // 9))["timers"] for i in range(9)])


class Citizens(Imported, unittest.TestCase):
    name, file, zone, key = "tipdm2020c", "tipdm2020c/hotspot_messages_附件3.csv", "Asia/Shanghai", "留言编号"
    rules = words(name, [(lst, lst) for lst in ("labour", "health", "education", "transport", "environment", "commerce", "urban")])

    def created(self, row):
        return datetime.datetime.strptime(row["留言时间"], "%Y-%m-%d %H:%M:%S")

    def category(self, row):
        title = row["留言主题"].strip()
        for text in (title, title + "\n" + row["留言详情"].strip()):
            for category, lst in self.rules:
                if has_word(text, lst):
                    return category
        return "other"

    def test_text_is_whole(self):
        for row in self.rows[::50]:
            self.assertEqual(row["留言详情"].strip(), self.tickets[row["留言编号"]]["text"])


class Baltimore(Imported, unittest.TestCase):
    name, file, zone, key = "baltimore", "city311/baltimore_311_sample.csv", "America/New_York", "SRRecordID"

    @staticmethod
    def time(text):
        return datetime.datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text.strip() else None

    def created(self, row):
        return self.time(row["CreatedDate"])

    def category(self, row):
        return "agency." + re.sub("[^a-z]+", "_", row["Agency"].lower().replace("'s", "").replace("&", "and"))

    def test_overdue(self):
        both = late = 0
        for row in self.rows:
            due, closed = self.time(row["DueDate"]), self.time(row["CloseDate"])
            if due and closed:
                both += 1
                late += closed > due
        self.assertEqual((9555, 1567), (both, late))
        done = [t for t in self.tickets.values() if t.get("closed") and t.get("due", {}).get("resolve")]
        self.assertEqual((9555, 1567), (len(done), sum(t["closed"] > t["due"]["resolve"] for t in done)))
        self.assertEqual(1567, sum(bool(t.get("late")) for t in self.tickets.values()))

    def test_open_ones_stay_open(self):
        self.assertEqual({row["SRRecordID"] for row in self.rows if not row["CloseDate"].strip()},
            {ref for ref, t in self.tickets.items() if t["status"] != "closed"})


class Comcast(Imported, unittest.TestCase):
    name, file, zone, key = "comcast", "comcast/Comcast_telecom_complaints_data.csv", "America/New_York", "Ticket #"
    rules = words(name, [("cable." + lst, lst) for lst in ("data_cap", "speed", "billing", "outage", "service")])

    def created(self, row):
        a, b, year = row["Date"].split("-")
        month, day = (a, b) if int(a) <= 12 else (b, a)
        return datetime.datetime.strptime("%s/%s/%s %s" % (month, day, year, row["Time"]), "%m/%d/%y %I:%M:%S %p")

    def category(self, row):
        for category, lst in self.rules:
            if has_word(row["Customer Complaint"], lst):
                return category
        return "other"

    def test_months(self):
        self.assertEqual({"2015-04", "2015-05", "2015-06"}, {month for _, month in self.figures()})

    def test_numbers_grow_with_time(self):
        """What proves the order in the mapping: no ticket is over three days older than one before it; as written 1,967 are."""
        def out_of_order(times):
            highest = n = 0
            for at in times:
                n += at < highest - 3 * 86400
                highest = max(highest, at)
            return n

        rows = sorted((row for row in self.rows if row["Ticket #"].isdigit()), key=lambda row: int(row["Ticket #"]))
        self.assertEqual(0, out_of_order(self.tickets[row["Ticket #"]]["created"] // 1000 for row in rows))
        self.assertEqual(1967, out_of_order(datetime.datetime.strptime(row["Date"], "%d-%m-%y").timestamp() for row in rows))

    def test_is_refused_without_an_order(self):
        with open(os.path.join(IMPORTS, self.name, "mapping.txt"), encoding="utf-8") as f:
            text = f.read()
        path = os.path.join(self.dir, "unjudged.txt")
        for column, form in (("Date", "DD-MM-YY"), ("Date_month_year", "DD-MMM-YY")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace("date_order = mdy_else_dmy", "").replace("= Date + Time", "= %s + Time" % column)
                    .replace("DD-MM-YY", form))
            said = tocsin("import", self.path, "--map", path, server=self.daemon.address, cwd=self.dir)
            self.assertEqual(1, said.code)
            first = {"Date": "04-08-15", "Date_month_year": "04-Aug-15"}[column]
            self.assertEqual(
                '%s: created: column "%s": day and month are swapped: in 2015 only April, May, June hold days over 12, while January, '
                "February, March, July, August, September, October, November, December hold only the days 4, 5, 6 (486 values, the "
                'first in line 3: "%s 10:22:56 AM"). Say date_order in [times], probably mdy_else_dmy\n'
                "tocsin: rejected: the dates cannot be trusted (1 finding above): nothing was imported\n" % (path, column, first),
                said.err)


if __name__ == "__main__":
    main()
