"""duty.now: who is on duty, how that came about, who is next, how to reach them; and assignments that follow it."""

import os
import shutil
import tempfile

from daemon import HOUR_MS, START_MS, Case, Daemon, main
import unittest

WU = {"name": "wu.qiang", "label": {"zh": "吴强", "en": "Wu Qiang"}, "post": "complaint_officer", "department": "second_line", "reach": "ext. 8004"}
ZHENG = {"name": "zheng.li", "label": {"zh": "郑丽", "en": "Zheng Li"}, "post": "complaint_officer", "department": "second_line", "reach": "ext. 8005"}


class Duty(Case):
    def now(self, **args):
        return self.c.call("duty.now", args)["duty"]

    def test_one_department(self):
        (row,) = self.now(department="second_line")
        self.assertEqual({"department": "second_line", "label": {"zh": "客服二线", "en": "second line"}, "on_duty": WU, "by": "shift",
            "next": dict(ZHENG, **{"from": START_MS + 10 * HOUR_MS})}, {k: row[k] for k in row if k != "head"})
        self.assertEqual("lin.tao", row["head"]["name"])

    def test_all_departments_and_who_serves_a_city(self):
        rows = {row["department"]: row for row in self.now()}
        self.assertEqual(["care", "city_other", "city_support", "duty", "expert", "group_business", "province_other", "province_support",
            "second_line"], sorted(rows))
        self.assertEqual("he.yong", rows["city_support"]["on_duty"]["name"])
        self.assertEqual("ext. 8000, day and night", rows["duty"]["reach"])
        self.assertEqual("luo.bin", self.now(department="city_support", city="shenzhen")[0]["on_duty"]["name"])

    def test_it_moves_with_the_clock_and_an_assignment_follows(self):
        self.c.call("clock.advance", to="2026-10-03T21:00")  # Saturday of a holiday week, at night
        self.assertEqual(("zheng.li", "shift"), (lambda r: (r["on_duty"]["name"], r["by"]))(self.now(department="second_line")[0]))
        self.assertEqual(("ye.feng", "head"), (lambda r: (r["on_duty"]["name"], r["by"]))(self.now(department="expert")[0]))
        t = self.create(category="account.realname", number="13800138000")
        self.assertEqual(("second_line", "zheng.li"), (t["department"], t["owner"]))
        t = self.create(category="network.no_service", city="shenzhen", number="13800138001")
        self.assertEqual(("city_support", "luo.bin"), (t["department"], t["owner"]))

    def test_refused(self):
        self.refused("duty.now", {"department": "second_lin"}, code="bad_request", argument="department", value="second_lin",
            message='department "second_lin" is not in the catalog (did you mean "second_line"?)')
        self.refused("duty.now", {"city": "shenzen"}, code="bad_request", argument="city", value="shenzen",
            message='city "shenzen" is not in the catalog (did you mean "shenzhen"?)')


class HandOver(unittest.TestCase):
    """A pack of one's own on the default's, with an absence in a file of its own."""

    def run_pack(self, text):
        work = tempfile.mkdtemp(prefix="tocsin-duty.")
        self.addCleanup(shutil.rmtree, work)
        for name, content in (("pack.lua", 'pack { base = "default", name = "south" }\n'), ("away.lua", text)):
            with open(os.path.join(work, name), "w", encoding="utf-8") as f:
                f.write(content)
        return work

    def test_the_deputy_stands_in(self):
        rules = self.run_pack('away "wu.qiang" { from = "2026-09-22", to = "2026-09-22", deputy = "lin.tao" }\n')
        with Daemon(rules=rules) as d, d.client() as c:
            (row,) = c.call("duty.now", department="second_line")["duty"]
            self.assertEqual(("lin.tao", "deputy"), (row["on_duty"]["name"], row["by"]))
            t = c.call("ticket.create", channel="app", text="x", number="13800138000", category="account.realname")
            self.assertEqual("lin.tao", t["owner"])
            c.call("clock.advance", by="1d")
            c.call("clock.advance", by="1d")
            (row,) = c.call("duty.now", department="second_line")["duty"]
            self.assertEqual(("wu.qiang", "shift"), (row["on_duty"]["name"], row["by"]))

    def errors(self, text):
        with Daemon() as d, d.client() as c:
            report = c.call("rules.check", dir=self.run_pack(text))
            return [(e["file"], e.get("line"), e["message"]) for e in report["errors"]]

    def test_holes_are_named(self):
        self.assertEqual([
            ("away.lua", 1, "person liu.fang: nobody takes over from 2026-10-01 to 2026-10-07; say deputy"),
            ("away.lua", 2, 'away: "nobody" is not a declared person'),
            ("away.lua", 3, 'department night: nobody is on duty on days off from 00:00 to 24:00; add a shift, or say outside = "head" or outside = "above"'),
            ("away.lua", 4, 'department night: nobody is on duty on working days from 06:00 to 22:00; add a shift, or say outside = "head" or outside = "above"'),
            ("away.lua", 5, 'department towns: nobody is on duty for chaozhou on working days from 00:00 to 24:00; add a shift, or say outside = "head" or outside = "above"'),
            ("away.lua", 5, 'department towns: nobody is on duty for chaozhou on days off from 00:00 to 24:00; add a shift, or say outside = "head" or outside = "above"'),
        ], [e for e in self.errors('''away "liu.fang" { from = "2026-10-01", to = "2026-10-07" }
away "nobody" { from = "2026-10-01", deputy = "liu.fang" }
department "night" { zh = "夜", en = "night",
  roster = { shift { on = "workday", from = "22:00", to = "06:00", persons = { "liu.fang" } } } }
department "towns" { zh = "镇", en = "towns", roster = { shift { cities = { "foshan" }, persons = { "liu.fang" } } } }
''') if "towns" not in e[2] or "chaozhou" in e[2]])


if __name__ == "__main__":
    main()
