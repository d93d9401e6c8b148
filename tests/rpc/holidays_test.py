"""The pack's holidays and make-up workdays are those of the published yearly notices, day by day, 2007 to 2026."""

import datetime
import glob
import json
import os
import unittest

from daemon import ROOT, Daemon, main

YEARS = os.path.join(ROOT, "..", "shared", "data", "calendar")


@unittest.skipUnless(os.path.isdir(YEARS), "skipped: ../shared/data/calendar is not there")
class Holidays(unittest.TestCase):
    def test_every_day_of_twenty_years(self):
        published = {}
        for path in sorted(glob.glob(os.path.join(YEARS, "20[0-2][0-9].json"))):
            with open(path, encoding="utf-8") as f:
                for day in json.load(f)["days"]:
                    published[day["date"]] = day["isOffDay"]
        with Daemon() as d, d.client() as c:
            ours = c.call("catalog.get")["calendars"]["china"]
        self.assertEqual(list(range(2007, 2027)), ours["years"])
        wrong, day = [], datetime.date(2007, 1, 1)
        while day.year < 2027:
            date = day.isoformat()
            off = published.get(date, day.isoweekday() > 5)
            mine = ours["days"].get(date)
            mine_off = mine is False if mine is not None else len(ours["week"][day.isoweekday() - 1]) == 0
            if off != mine_off:
                wrong.append(date)
            day += datetime.timedelta(days=1)
        self.assertEqual([], wrong)


if __name__ == "__main__":
    main()
