"""A calendar without a year: the complaint is stored, that due is absent, and it is computed when the calendar arrives."""

import os
import shutil
import tempfile

from daemon import PACK, Daemon, main
import unittest


class Year(unittest.TestCase):
    def test_due_comes_with_the_calendar(self):
        work = tempfile.mkdtemp(prefix="tocsin-year.")
        rules = os.path.join(work, "rules")
        shutil.copytree(PACK, rules, ignore=shutil.ignore_patterns("lib", "meta"))
        try:
            with Daemon(rules=rules, clock="virtual:2026-12-28T10:00") as d, d.client() as c:
                c.call("ticket.create", channel="app", number="13800138000", city="shenzhen", text="充值没有到账")
                ticket = c.call("ticket.get", {"id": 1, "with": ["clocks"]})
                self.assertNotIn("answer", ticket["due"])
                self.assertEqual(2027, ticket["clocks"]["answer"]["needs_year"])
                path = os.path.join(rules, "calendar.lua")
                with open(path, encoding="utf-8") as f:
                    text = f.read()
                self.assertIn("2025, 2026 }", text)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text.replace("2025, 2026 }", "2025, 2026, 2027 }"))
                self.assertEqual(True, c.call("rules.reload")["ok"])
                c.call("session.ping")
                after = c.call("ticket.get", id=1)
                # 15 natural days behind 2026-12-28: 2027-01-12 ends at 24:00
                self.assertEqual(1799769600000, after["due"]["answer"])
                self.assertEqual(ticket["version"] + 1, after["version"])
                self.assertEqual("calendar.pin", c.call("ticket.history", id=1)["events"][-1]["method"])
        finally:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
