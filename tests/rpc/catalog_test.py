#!/usr/bin/python3
"""What front ends make their forms of: rpc.methods says where names stand, catalog.get has them, in both languages."""

import os
import re
import unittest

import daemon


class Catalog(daemon.Case):
    shared = True

    def args(self, method):
        found = next(m for m in self.c.call("rpc.methods")["methods"] if m["name"] == method)
        return {a["name"]: a for a in found["args"]}

    def test_where_names_stand(self):
        create = self.args("ticket.create")
        self.assertEqual({"kind": "kinds", "channel": "channels", "category": "categories", "city": "cities", "form": "forms"},
            {name: a["of"] for name, a in create.items() if "of" in a})
        self.assertEqual("channels", self.args("contact.add")["channel"]["of"])
        self.assertEqual({"city": "cities", "department": "departments"}, {n: a["of"] for n, a in self.args("duty.now").items()})
        self.assertEqual("cities", self.args("subscriber.put")["city"]["of"])
        self.assertEqual("calendars", self.args("calendar.due")["calendar"]["of"])
        self.assertEqual("tasks", self.args("task.claim")["kinds"]["of"])
        self.assertEqual("kinds.KIND.actions", self.args("ticket.act")["action"]["of"])

    def test_every_of_is_there(self):
        catalog = self.c.call("catalog.get")
        methods = self.c.call("rpc.methods")["methods"]
        names = {m["name"] for m in methods}
        for m in methods:
            for a in m["args"]:
                if "of" in a and a["of"] not in names:
                    self.assertIn(a["of"].split(".")[0], catalog, (m["name"], a["name"]))

    def test_words(self):
        self.assertEqual(["hours", "natural_days", "working_days"], self.args("calendar.due")["unit"]["words"])
        self.assertEqual(["id", "-id", "due", "-due"], self.args("ticket.find")["order"]["words"])
        self.assertEqual(["urge", "ask", "same_fault", "add_info", "withdraw"], self.args("contact.add")["kind"]["words"])

    def test_members(self):
        create = self.args("ticket.create")
        self.assertEqual([("name", "text"), ("brand", "text"), ("star", "integer"), ("group", "text"), ("vip", "bool"), ("age65", "bool")],
            [(m["name"], m["type"]) for m in create["customer"]["members"]])
        self.assertEqual([("type", True), ("id", True)], [(m["name"], m["required"]) for m in create["subject"]["members"]])

    def test_labels(self):
        catalog = self.c.call("catalog.get")
        self.assertEqual({"acknowledged", "inProgress", "pending", "held", "resolved", "closed", "rejected", "cancelled"},
            set(catalog["statuses"]))
        self.assertEqual({"zh": "挂起", "en": "pending"}, catalog["statuses"]["pending"]["label"])
        for name, kind in catalog["kinds"].items():
            self.assertEqual(sorted(kind["actions"]), sorted(kind["action_order"]), name)
            for action in kind["actions"].values():
                for key, asked in action["data"].items():
                    self.assertEqual({"zh", "en"}, set(asked["label"]), key)
                    self.assertNotEqual(key, asked["label"]["zh"], key)
        complaint = catalog["kinds"]["complaint"]
        self.assertEqual(["accept", "dispatch", "transfer", "handle", "suspend", "resume", "reply", "answer", "attach", "detach",
            "confirm", "close", "reopen", "merge", "unmerge", "escalate", "reject", "cancel"], complaint["action_order"])
        self.assertEqual({"type": "queue", "required": True, "label": {"zh": "所在队列", "en": "queue the ticket is in"}},
            complaint["actions"]["transfer"]["data"]["queue"])
        self.assertEqual({"zh": "理由", "en": "reason"}, complaint["actions"]["transfer"]["data"]["reason"]["label"])

    def test_no_places(self):
        def walk(path, x):
            if isinstance(x, dict):
                for k, v in x.items():
                    walk(path + "." + str(k), v)
            elif isinstance(x, list):
                for v in x:
                    walk(path, v)
            elif isinstance(x, str):
                self.assertIsNone(re.search(r"\.(lua|csv):\d", x), (path, x))
        walk("catalog", self.c.call("catalog.get"))


class Usual(daemon.Case):
    """A pack that says nothing of signals has the numbers of the words; the core has none of its own."""

    @classmethod
    def daemon_new(cls):
        d = daemon.Daemon(rules=os.path.join(daemon.ROOT, "tests", "packs", "alone"))
        d.start()
        return d

    def test_what_holds_where_a_pack_says_nothing(self):
        c = self.c.call("catalog.get")
        self.assertEqual(dict(late_ms=daemon.DAY_MS, ahead_ms=60000, keep_ms=7 * daemon.DAY_MS, streams=2000, numbers=6000000, version_every_ms=20000,
            number_keep_ms=90 * daemon.DAY_MS), c["signal_limits"])
        self.assertEqual(dict(window_ms=3600000, expires_ms=daemon.DAY_MS), c["fault_defaults"])
        self.assertEqual(dict(window_ms=3600000, change_ms=daemon.DAY_MS, order=[], most=5, metrics=[],
            minimum=dict(failed=1, share=0, times_usual=0, metric=0)), c["suspects"])

    def test_levels_where_a_pack_has_none(self):
        """The contract's, of which the core has none of its own."""
        self.assertEqual([("yellow", "黄色", "yellow"), ("orange", "橙色", "orange"), ("red", "红色", "red"), ("black", "黑色", "black")],
            [(x["name"], x["label"]["zh"], x["label"]["en"]) for x in self.c.call("catalog.get")["levels"]])


if __name__ == "__main__":
    daemon.main()
