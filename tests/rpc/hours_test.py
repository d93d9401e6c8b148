#!/usr/bin/python3
"""Notices wait for the hours of whom they are for: the person's calendar, else the department's, else the office's."""

import os
import shutil
import tempfile
import unittest

import daemon

PACK = {
    "pack.lua": 'pack { base = "default" }\n',
    "shop.lua": '''
calendar "evenings" { zh = "晚间", en = "evenings", hours = { "18:00-22:00" }, days = { 1, 2, 3, 4, 5, 6, 7 } }
calendar "weekends" { zh = "周末", en = "weekends", hours = { "09:00-12:00" }, days = { 6, 7 } }
person "owl" { zh = "夜", en = "Owl", roles = { "agent" }, department = "shop", calendar = "evenings" }
person "lark" { zh = "晨", en = "Lark", roles = { "supervisor" }, department = "shop" }
department "shop" { zh = "店", en = "shop", head = "lark", above = "duty", calendar = "weekends", roster = { shift { persons = { "owl" } } } }
queues { { "shop", zh = "店", en = "shop", department = "shop" } }
rules.before "routing" { rule "all to the shop" { when = { kind = "complaint" }, to = queue "shop" } }
rules.all "escalation" {
  rule "shop late" { when = { clock = "handle", percent = at_least(100) }, notice = { "owner", "team_head", "queue" } },
}
''',
    "escalation.lua": "return",
}


class Hours(daemon.Case):
    def daemon_new(self):
        self.rules = tempfile.mkdtemp(prefix="tocsin-hours.")
        self.addCleanup(shutil.rmtree, self.rules, True)
        for name, text in PACK.items():
            with open(os.path.join(self.rules, name), "w", encoding="utf-8") as f:
                f.write(text)
        d = daemon.Daemon(rules=self.rules)
        d.start()
        return d

    def test_each_in_the_own_hours(self):
        events = self.connect()
        events.call("topic.subscribe", topics=["duty"], after=0)
        id = self.create(number="13800138000", category="account.realname", city="foshan")["id"]
        self.c.call("ticket.act", id=id, action="dispatch", data={"queue": "shop", "owner": "owl"})
        self.c.call("clock.advance", to="2026-10-01T00:00")
        told = []
        for _ in range(3):
            e = events.next_event()[1][0]
            told.append((e["at"], e["data"]["rung"], e["data"].get("to")))
        at = {"2026-09-24T18:00": 1790244000000, "2026-09-26T09:00": 1790384400000}
        # late at 10:00 on Thursday: the owl hears of it that evening, the head and the queue on Saturday
        self.assertEqual([(at["2026-09-24T18:00"], "owner", "owl"), (at["2026-09-26T09:00"], "team_head", "lark"),
            (at["2026-09-26T09:00"], "queue", None)], told)
        self.assertEqual([], [t for t in self.c.call("ticket.get", id=id, **{"with": ["timers"]})["timers"] if t["kind"] == "rule"])

    def test_who_closed_it_is_not_told(self):
        events = self.connect()
        events.call("topic.subscribe", topics=["duty"], after=0)
        id = self.create(number="13800138000", category="account.realname", city="foshan")["id"]
        self.c.call("ticket.act", id=id, action="dispatch", data={"queue": "shop", "owner": "owl"})
        self.c.call("clock.advance", to="2026-09-25T10:00")
        self.assertEqual("owner", events.next_event()[1][0]["data"]["rung"])
        timers = [t["name"] for t in self.c.call("ticket.get", id=id, **{"with": ["timers"]})["timers"] if t["kind"] == "rule"]
        self.assertEqual(["escalation/shop late handle 100 to queue", "escalation/shop late handle 100 to team_head"], sorted(timers))
        self.c.call("ticket.act", id=id, action="cancel")
        self.assertEqual([], self.c.call("ticket.get", id=id, **{"with": ["timers"]}).get("timers", []))


if __name__ == "__main__":
    daemon.main()
