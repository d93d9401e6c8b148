"""What a ticket shows: words of the customer through every change, ledgers and timers on demand, chosen fields."""

import os
import shutil
import tempfile
import unittest

from daemon import HOUR_MS, PACK, START_MS, Case, Daemon, main

TEXT = "从上周五晚上开始，家里的宽带一到八点就断线，重启光猫也没有用，请尽快派人来看。"
TITLE = "宽带每晚八点断线，影响孩子上网课"
CALLBACK = "请在晚上七点以后拨打这个号码 0757-83210000"


class Rows(Case):
    def make(self, **more):
        return self.create(number="13800138000", category="broadband.fault", city="foshan", text=TEXT, title=TITLE, callback=CALLBACK, **more)

    def words(self, ticket=1):
        t = self.c.call("ticket.get", id=ticket)
        return t["text"], t["title"], t["callback"]

    def test_borrowed_words_survive_everything(self):
        self.make()
        self.c.call("topic.subscribe", topics=["#"], after=0)
        for step in ("dispatch", "handle", None, "reply", "confirm", "reopen"):
            if step is None:
                self.c.call("contact.add", ticket=1, channel="app", kind="urge", text=TEXT)
                self.c.call("clock.advance", by="30h")
            else:
                data = {"reply": {"text": "已派人上门修好"}, "confirm": {"satisfied": True}, "reopen": {"reason": "又断了"}}
                self.c.call("ticket.act", id=1, action=step, data=data.get(step, {}))
            self.assertEqual((TEXT, TITLE, CALLBACK), self.words(), step)
        self.restart()
        self.assertEqual((TEXT, TITLE, CALLBACK), self.words())
        self.assertEqual(TEXT, self.c.call("ticket.find", where={"text": TEXT})["tickets"][0]["text"])
        self.assertEqual([], self.c.call("ticket.find", where={"text": TEXT + "。"})["tickets"])
        first = self.history(1)[0]
        self.assertEqual(("ticket.create", 1), (first["method"], first["version"]))

    def test_merged(self):
        self.make()
        self.create(number="13800138001", text=TEXT + "我是他的邻居。", title=TITLE + "，全楼都断了", callback=CALLBACK)
        self.c.call("ticket.act", id=2, action="merge", data={"ticket": 1})
        self.assertEqual((TEXT, TITLE, CALLBACK), self.words(1))
        self.assertEqual(TEXT + "我是他的邻居。", self.words(2)[0])

    def test_history_begins_with_the_create(self):
        self.create(text="短")
        self.make()
        self.c.call("ticket.act", id=2, action="dispatch")
        events = self.history(2)
        self.assertEqual(["ticket.create", "ticket.act"], [e["method"] for e in events])
        page = self.c.call("ticket.history", id=2, limit=1)
        self.assertEqual((["ticket.create"], events[0]["seq"]), ([e["method"] for e in page["events"]], page["after"]))
        page = self.c.call("ticket.history", id=2, limit=1, after=page["after"])
        self.assertEqual(["ticket.act"], [e["method"] for e in page["events"]])
        self.assertEqual([], self.c.call("ticket.history", id=2, after=page["after"])["events"])

    def test_with(self):
        self.make()
        plain = self.c.call("ticket.get", id=1)
        self.assertEqual([], [k for k in ("clocks", "timers", "erased") if k in plain])
        whole = self.c.call("ticket.get", {"id": 1, "with": ["clocks", "timers"]})
        clocks, timers = whole.pop("clocks"), whole.pop("timers")
        self.assertEqual(plain, whole)
        self.assertEqual(set(plain["due"]), set(clocks))
        dispatch = clocks["dispatch"]
        self.assertEqual(("dispatch", False, START_MS, [], [], START_MS + 2 * HOUR_MS, False),
            tuple(dispatch[k] for k in ("name", "statutory", "started", "pauses", "voids", "due", "paused")))
        self.assertEqual((2 * HOUR_MS, "hours", [75, 100]),
            (dispatch["terms"][0]["goal"], dispatch["terms"][0]["unit"], [p["percent"] for p in dispatch["terms"][0]["percents"]]))
        self.assertEqual({"kind": "clock", "clock": "dispatch", "percent": 75, "name": "clock:dispatch", "due": START_MS + 90 * 60000},
            [{k: v for k, v in t.items() if k != "rule"} for t in timers if t["clock"] == "dispatch"][0])
        self.assertEqual(["clock:" + name for name in clocks], [t["name"] for t in timers])
        self.refused("ticket.get", {"id": 1, "with": ["clock"]}, code="bad_request", argument="with", value="clock",
            message="with[0] is not one of clocks, timers")
        self.assertNotIn("clocks", self.c.call("ticket.act", id=1, action="dispatch"))

    def test_rule_timers_are_shown(self):
        self.make()
        self.c.call("clock.advance", by="121m")
        self.restart()
        timers = self.c.call("ticket.get", {"id": 1, "with": ["timers"]})["timers"]
        rule = [t for t in timers if t["kind"] == "rule"]
        self.assertEqual([("dispatch", 100)], [(t["clock"], t["percent"]) for t in rule])
        self.assertEqual({"due", "kind", "name", "percent", "round", "rule", "clock"}, set(rule[0]))

    def test_fields(self):
        self.make()
        self.make(channel="hall")
        find = lambda **more: self.c.call("ticket.find", dict({"order": "id"}, **more))["tickets"]
        self.assertEqual([{"id": 1, "text": TEXT}], find(fields=["text", "id"], limit=1))
        self.assertEqual([{}], find(fields=["reply"], limit=1))
        whole = find()
        self.assertEqual(whole[0], self.c.call("ticket.get", id=1))
        self.assertEqual(whole, find(fields=list(set(whole[0]) | set(whole[1]))))
        self.refused("ticket.find", {"fields": ["quue"]}, code="bad_request", argument="fields", value="quue",
            message='field "quue" is not known (did you mean "queue"?)')
        self.refused("ticket.find", {"fields": [1]}, code="bad_request", argument="fields", message="fields[0] must be text")
        self.refused("ticket.find", {"order": "created"}, code="bad_request", argument="order", value="created",
            message='argument "order" is "created"; expected one of "id", "-id", "due", "-due"')


class Because(unittest.TestCase):
    def test_of_a_generation_long_gone(self):
        """Entries hold the numbers of rules; what they mean is kept with the pack, also when nobody has it loaded any more."""
        work = tempfile.mkdtemp(prefix="tocsin-because.")
        rules = os.path.join(work, "rules")
        shutil.copytree(PACK, rules, ignore=shutil.ignore_patterns("lib", "meta"))
        try:
            with Daemon(rules=rules) as d, d.client() as c:
                c.call("ticket.create", channel="app", number="13800138000", city="foshan", category="network.slow", text=TEXT)
                why = lambda: c.call("ticket.history", id=1)["events"][0]["decisions"][0]["because"]
                before = why()
                self.assertIn({"rule": "routing/network in a known city", "because": "faults are worked where the equipment stands"},
                    [{k: v for k, v in b.items() if k != "line"} for b in before])
                self.assertTrue(all(b["line"].split(":")[1].isdigit() for b in before))
                for i in range(3):
                    with open(os.path.join(rules, "edition.lua"), "w", encoding="utf-8") as f:
                        f.write("return -- edition %d\n" % i)
                    self.assertTrue(c.call("rules.reload")["ok"])
                self.assertEqual(before, why())
                d.restart()
                with d.client() as again:
                    c = again
                    self.assertEqual(before, why())
                    self.assertEqual(before, c.call("ticket.explain", id=1)["decisions"][0]["because"])
        finally:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
