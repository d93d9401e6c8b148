"""Pages: every list that does not hold all in one answer gives a cursor, takes it, refuses what it did not give, and goes on after a kill."""

import os

from daemon import Case, Daemon, HOUR_MS, ROOT, START_MS, main

N = 7
BY_AFTER = {"ticket.history": "after", "number.list": "after"}  # what the contract has besides


class Pages(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(rules=os.path.join(ROOT, "tests", "packs", "outbox"))
        d.start()
        return d

    def setUp(self):
        super().setUp()
        self.case = self.create(kind="incident", fields={"key": "foshan/billing.cdr", "cities": ["foshan"]}, city="foshan", category="billing.cdr")["id"]
        for i in range(N):
            self.create(callback="13712345678", category="billing.cdr", city="foshan", number="138%08d" % i)
            self.c.call("contact.add", incident=self.case, channel="app", kind="ask")
            self.c.call("change.put", id="c%d" % i, components=["sms_centre"], owner="ops", to=START_MS + HOUR_MS, **{"from": START_MS})
        self.lists = {  # method → its arguments, where the rows are, what tells them apart, whether there are N at least
            "ticket.find": ({"order": "-id"}, "tickets", "id"),
            "ticket.history": ({"id": self.case}, "events", "seq"),
            "incident.children": ({"id": self.case}, "children", "id"),
            "task.list": ({}, "tasks", "id"),
            "change.list": ({}, "changes", "id"),
            "rules.facts": ({}, "decisions", "seq"),
        }

    def test_every_list(self):
        for method, (args, rows, key) in self.lists.items():
            with self.subTest(method=method):
                whole = self.c.call(method, dict(args, limit=1000))
                self.assertNotIn("cursor", whole)
                whole = [r[key] for r in whole[rows]]
                self.assertGreaterEqual(len(whole), N)
                for limit in (1, 3):
                    seen, cursor = [], None
                    while True:
                        page = self.c.call(method, dict(args, limit=limit, **({"cursor": cursor} if cursor else {})))
                        self.assertLessEqual(len({r[key] for r in page[rows]}), limit)
                        seen += [r[key] for r in page[rows]]
                        cursor = page.get("cursor")
                        if cursor is None:
                            break
                        self.assertIsInstance(cursor, str)
                        if len(seen) == 3 * limit:
                            self.restart()
                    self.assertEqual(whole, seen)

    def test_what_is_no_cursor(self):
        lists = dict(self.lists, **{"warning.list": ({}, "warnings", "key"),
            "number.list": ({"incident": self.case, "list": "all"}, "numbers", "number")})
        del lists["ticket.find"]  # says more: the cursor belongs to another search
        for method, (args, _, _) in lists.items():
            for cursor in ("nonsense", "-1", "1x", "99999999999999999999"):
                with self.subTest(method=method, cursor=cursor):
                    self.refused(method, dict(args, cursor=cursor), code="bad_request", argument="cursor", value=cursor,
                        message='cursor "%s" is not one that %s gave' % (cursor, method))
            with self.subTest(method=method):
                self.refused(method, dict(args, cursor=""), code="bad_request", argument="cursor",
                    message='argument "cursor" has 0 bytes; expected text of 1 to 2048 bytes')
        for method, also in BY_AFTER.items():
            args = dict(lists[method][0], cursor="5", **{also: 5 if method == "ticket.history" else "5"})
            self.refused(method, args, code="bad_request", argument="cursor", value="5",
                message="say either cursor or after: both tell where the page begins")

    def test_the_one_dialect(self):
        """All that takes a limit of rows takes a cursor, or says that it was cut."""
        for m in self.c.call("rpc.methods")["methods"]:
            names = {a["name"] for a in m["args"]}
            if "limit" in names and m["name"] != "task.claim":
                with self.subTest(method=m["name"]):
                    self.assertTrue("cursor" in names and "cursor?" in m["returns"] or "is_cut?" in m["returns"], m["returns"])
            self.assertFalse({"before", "offset", "page"} & names, m["name"])

    def test_more_incidents_than_listed(self):
        self.create(kind="incident", fields={"key": "zhuhai/network.slow"})
        page = self.c.call("incident.list", limit=1)
        self.assertEqual((1, True), (len(page["incidents"]), page["is_cut"]))
        self.assertNotIn("is_cut", self.c.call("incident.list", limit=2))


if __name__ == "__main__":
    main()
