#!/usr/bin/python3
"""Money within grants (field.md S8, second half): allowed, what is left, what is too much, given back, over days, ties and restarts."""

import os
import shutil
import tempfile
import unittest

import daemon
from daemon import DAY_MS, START_MS


def yuan(x):
    return round(x * 100)


class Base(daemon.Case):
    def setUp(self):
        super().setUp()
        self.persons = {}
        self.n = 0

    def person(self, name):
        if name not in self.persons:
            self.persons[name] = self.connect()
            self.persons[name].call("session.hello", **{"as": name})
        return self.persons[name]

    def handling(self):
        """A complaint that wu.qiang works."""
        self.n += 1
        id = self.create(number="138%08d" % self.n, category="billing.overcharge", city="foshan")["id"]
        self.c.call("ticket.act", id=id, action="dispatch", data={"queue": "second_line"})
        self.person("wu.qiang").call("ticket.act", id=id, action="handle")
        return id

    def reply(self, id, amount, who="wu.qiang", **more):
        return self.person(who).call("ticket.act", id=id, action="reply", data={"text": "x", "refund": amount}, **more)

    def left(self, who="wu.qiang"):
        return self.person(who).call("grant.list")["grants"][0]


class Grants(Base):
    def test_within(self):
        """Refund 30.00 with 50.00 a ticket and 300.00 a day: allowed, 270.00 left."""
        id = self.handling()
        answer = self.reply(id, yuan(30))
        self.assertEqual("replied", answer["stage"])
        self.assertEqual({"refund": {"ticket_left": yuan(20), "day_left": yuan(270)}}, answer["grants"])
        self.assertEqual([{"grant": "refund", "amount": yuan(30), "by": "wu.qiang", "day": "2026-09-22"}], answer["spent"])
        self.assertEqual({"name": "refund", "label": {"zh": "退费", "en": "refund"}, "ticket": yuan(50), "day": yuan(300),
            "day_spent": yuan(30), "day_left": yuan(270)}, self.left())
        self.assertNotIn("grants", self.c.call("ticket.get", id=id))
        # what is left is kept
        self.persons.clear()
        self.restart()
        self.assertEqual(yuan(270), self.left()["day_left"])

    def test_too_much(self):
        """Refund 60.00: nothing is given, the ticket goes to authority 3 with the reason."""
        id = self.handling()
        answer = self.reply(id, yuan(60))
        en = "refund 60.00 is above your grant of 50.00 a ticket; authority 3 may (up to 500.00): lin.tao"
        zh = "退费 60.00 元，超过您每单 50.00 元的额度；权限等级3可以（每单 500.00 元以内）：林涛"
        self.assertEqual(("handling", "lin.tao", "second_line"), tuple(answer[k] for k in ("stage", "owner", "department")))
        self.assertEqual([{"en": en, "zh": zh}], answer["advice"])
        self.assertEqual({"action": "reply", "grant": "refund", "amount": yuan(60), "by": "wu.qiang", "to": "lin.tao", "en": en, "zh": zh},
            answer["approval"])
        self.assertNotIn("spent", answer)
        self.assertNotIn("grants", answer)
        self.assertEqual(0, self.left()["day_spent"])
        last = self.history(id)[-1]
        self.assertEqual(["grants/refund"], [r["rule"] for r in last["decisions"][0]["because"]])
        # who may does it, and the question is gone
        answer = self.reply(id, yuan(60), "lin.tao")
        self.assertEqual(("replied", {"refund": {"ticket_left": yuan(440), "day_left": yuan(2940)}}), (answer["stage"], answer["grants"]))
        self.assertNotIn("approval", answer)
        self.assertEqual(0, self.left()["day_spent"])

    def test_the_day(self):
        """Six times 50.00; the seventh is too much today and is not tomorrow."""
        for i in range(6):
            self.assertEqual(yuan(250 - 50 * i), self.reply(self.handling(), yuan(50))["grants"]["refund"]["day_left"])
        id = self.handling()
        answer = self.reply(id, 1)
        self.assertEqual(("handling", "lin.tao"), (answer["stage"], answer["owner"]))
        self.assertEqual("refund 0.01 is above the 0.00 left of your 300.00 a day; authority 3 may (up to 500.00): lin.tao",
            answer["advice"][0]["en"])
        # the day is the civil day of the pack's zone: 23:59:59.999 is still today, 00:00 is not
        self.c.call("clock.advance", to="2026-09-22T23:59:59.999")
        self.assertEqual(0, self.left()["day_left"])
        self.c.call("clock.advance", by=1)
        self.assertEqual(yuan(300), self.left()["day_left"])
        self.assertEqual(yuan(250), self.reply(self.handling(), yuan(50))["grants"]["refund"]["day_left"])

    def test_given_back(self):
        """A cancelled complaint gives back today's; yesterday's is over."""
        id = self.handling()
        self.reply(id, yuan(30))
        answer = self.person("wu.qiang").call("ticket.act", id=id, action="cancel", data={"reason": "x"})
        self.assertNotIn("spent", answer)
        self.assertEqual(yuan(300), self.left()["day_left"])
        id = self.handling()
        self.reply(id, yuan(30))
        self.c.call("clock.advance", to=START_MS + DAY_MS)
        self.reply(self.handling(), yuan(10))
        self.person("wu.qiang").call("ticket.act", id=id, action="cancel", data={"reason": "x"})
        self.assertEqual(yuan(290), self.left()["day_left"])

    def test_the_ticket(self):
        """The limit of a ticket counts what anybody gave by it; reopened it is still counted."""
        id = self.handling()
        self.reply(id, yuan(30))
        self.c.call("ticket.act", id=id, action="reopen", data={"reason": "x"})
        answer = self.reply(id, yuan(30))
        self.assertEqual("refund 30.00 after 30.00 is above your grant of 50.00 a ticket; authority 3 may (up to 500.00): lin.tao",
            answer["advice"][0]["en"])
        self.assertEqual(yuan(0), self.reply(id, yuan(20))["grants"]["refund"]["ticket_left"])

    def test_once_by_request_id(self):
        id = self.handling()
        first = self.reply(id, yuan(30), request_id="q")
        self.assertEqual(first, self.reply(id, yuan(30), request_id="q"))
        self.assertEqual(yuan(270), self.left()["day_left"])

    def test_nobody_shares_one_yuan(self):
        """Eight replies in flight, in one turn: six are given, two are not; and so it is after kill -9."""
        ids = [self.handling() for _ in range(8)]
        answers = self.person("wu.qiang").pipeline(
            [("ticket.act", {"id": i, "action": "reply", "data": {"text": "x", "refund": yuan(50)}}) for i in ids])
        self.assertEqual(["replied"] * 6 + ["handling"] * 2, [a["stage"] for a in answers])
        self.persons.clear()
        self.restart()
        self.assertEqual((yuan(300), 0), (self.left()["day_spent"], self.left()["day_left"]))

    def test_refused(self):
        id = self.handling()
        for bad in (-1, 1.5, "30", 2 ** 63):
            self.refused("ticket.act", {"id": id, "action": "reply", "data": {"text": "x", "refund": bad}}, c=self.person("wu.qiang"),
                code="rejected", argument="data.refund")
        self.refused("ticket.act", {"id": id, "action": "reply", "data": {"text": "x", "refund": yuan(2000.01)}}, c=self.person("wu.qiang"),
            code="rejected", argument="data.refund", value="200001",
            message="refund 2000.01 is above your grant of 50.00 a ticket; nobody's grant is so high / "
                "退费 2000.01 元，超过您每单 50.00 元的额度；没有人有这么高的额度")
        self.assertEqual(yuan(300), self.left()["day_left"])

    def test_whose(self):
        self.reply(self.handling(), yuan(30))
        self.refused("grant.list", {"person": "lin.tao"}, c=self.person("wu.qiang"), code="forbidden", argument="person",
            message="the grants of others are for the role supervisor, leader, auditor, admin; wu.qiang has the role agent")
        of = self.person("lin.tao").call("grant.list", person="wu.qiang")
        self.assertEqual(("wu.qiang", yuan(50), yuan(270)), (of["person"], of["grants"][0]["ticket"], of["grants"][0]["day_left"]))
        self.assertEqual(yuan(500), self.person("lin.tao").call("grant.list")["grants"][0]["ticket"])
        self.assertEqual((0, 0), tuple(self.c.call("grant.list")["grants"][0][k] for k in ("ticket", "day_left")))
        self.refused("grant.list", {"person": "nobody"}, code="bad_request", argument="person", value="nobody")

    def test_explain(self):
        """explain asks the pack again with what was given then."""
        self.reply(self.handling(), yuan(50))
        id = self.handling()
        self.reply(id, yuan(60))
        told = self.c.call("ticket.explain", id=id)
        self.assertEqual({"refund": {"day": yuan(50)}}, told["decisions"][0]["facts"]["spent"])


PACK = {
    "pack.lua": 'pack { base = "default" }\n',
    "grants.lua": '''grants "refund" { zh = "退费", en = "refund",
  { person = "zheng.li", ticket = yuan "5.00" },
  { authority = 3, day = yuan "100.00" },
  { role = "agent", ticket = yuan "1.00", day = yuan "2.00" },
}
rules.before "refuse" {
  kinds = { "complaint" },
  rule "nearly used up" { when = { action = "reply", ["day_left.refund"] = less_than(yuan "1.00"), within_grant = present },
    say = { zh = "今日额度将尽", en = "today is nearly used up" } },
}
rules.before "follow" {
  kinds = { "complaint" },
  rule "a reopened one gives back" { when = { action = "reopen" }, release = "*" },
}
''',
}


class Words(Base):
    """A pack of one's own: refuses, limits of one kind only, rules that ask what is left."""

    def setUp(self):
        self.rules = tempfile.mkdtemp(prefix="tocsin-grants.")
        self.addCleanup(shutil.rmtree, self.rules, True)
        for name, text in PACK.items():
            with open(os.path.join(self.rules, name), "w", encoding="utf-8") as f:
                f.write(text)
        super().setUp()

    def daemon_new(self):
        d = daemon.Daemon(rules=self.rules)
        d.start()
        return d

    def test_rules(self):
        self.refused("ticket.act", {"id": self.handling(), "action": "reply", "data": {"text": "x", "refund": 101}}, c=self.person("wu.qiang"),
            code="rejected", message="refund 1.01 is above your grant of 1.00 a ticket; zheng.li may (up to 5.00): zheng.li / "
                "退费 1.01 元，超过您每单 1.00 元的额度；郑丽可以（每单 5.00 元以内）：郑丽")
        id = self.handling()
        answer = self.reply(id, 500, "zheng.li")
        self.assertEqual({"refund": {"ticket_left": 0}}, answer["grants"])
        self.assertNotIn("day", self.left("zheng.li"))
        self.assertEqual(10000, self.left("lin.tao")["day_left"])
        self.reply(self.handling(), 100)
        self.reply(self.handling(), 50)
        id = self.handling()
        self.refused("ticket.act", {"id": id, "action": "reply", "data": {"text": "x", "refund": 1}}, c=self.person("wu.qiang"),
            code="rejected", message="today is nearly used up / 今日额度将尽")
        self.person("wu.qiang").call("ticket.act", id=id, action="reply", data={"text": "x"})

    def test_a_rule_gives_back(self):
        id = self.handling()
        self.reply(id, 100)
        self.assertEqual(100, self.left()["day_left"])
        self.c.call("ticket.act", id=id, action="reopen", data={"reason": "x"})
        self.assertEqual(200, self.left()["day_left"])


if __name__ == "__main__":
    daemon.main()
