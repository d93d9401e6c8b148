"""Complaints over the wire: create, get, find, act, contact, history, explain, and what is refused and how."""

from daemon import DAY_MS, HOUR_MS, ME, START_MS, Case, main

ALLOWED = 'allowed: ["accept","cancel","dispatch","escalate","merge","reject"]'


class Create(Case):
    def test_answer(self):
        t = self.create(number="13800138000", category="account.realname", city="foshan")
        self.assertEqual({"id": 1, "no": "C20260922-000001", "status": "acknowledged", "stage": "accepted", "version": 1,
            "complete": True, "missing": [], "category": "account.realname", "city": "foshan", "grade": "normal",
            "queue": "second_line", "department": "second_line", "owner": "wu.qiang", "generation": 1, "advice": [],
            "due": {"dispatch": START_MS + 2 * HOUR_MS, "handle": START_MS + 48 * HOUR_MS, "answer": 1791475200000}}, t)
        self.assertEqual("C20260922-000002", self.create(number="13800138001")["no"])

    def test_get_is_what_was_created(self):
        t = self.create(number="13800138000", category="account.realname", city="foshan", text="实名制", title="a title",
            customer={"name": "李四", "star": 5}, fields={"k": [1, {"deep": True}]}, source_ref="r1", priority=3)
        got = self.c.call("ticket.get", id=t["id"])
        expected = {"channel": "app", "number": "13800138000", "subject": {"type": "mobile", "id": "13800138000"},
            "text": "实名制", "title": "a title", "customer": {"name": "李四", "star": 5}, "fields": {"k": [1, {"deep": True}]},
            "source_ref": "r1", "created": START_MS, "created_by": ME, "kind": "complaint", "contacts": 0}
        self.assertEqual(expected, {key: got.get(key) for key in expected})
        for key in ("id", "no", "status", "stage", "version", "queue", "owner", "due"):
            self.assertEqual(t[key], got[key], key)

    def test_incomplete_is_kept(self):
        t = self.create(number="abc", category="recharge.not_credited")
        self.assertFalse(t["complete"])
        self.assertEqual(["fields.amount", "fields.paid_at"], [m for m in t["missing"] if m.startswith("fields.")])
        self.assertEqual(START_MS + DAY_MS, t["due"]["completion"])
        t = self.create()
        self.assertFalse(t["complete"])
        self.assertIn("number", t["missing"])

    def test_names_of_the_catalog(self):
        for argument, wrong, meant in (("channel", "ap", "app"), ("category", "billing.cd", "billing.cdr"),
                ("city", "guangzho", "guangzhou"), ("kind", "complain", "complaint")):
            self.refused("ticket.create", {"channel": "app", "text": "x", argument: wrong}, code="bad_request",
                argument=argument, value=wrong,
                message='%s "%s" is not in the catalog (did you mean "%s"?)' % (argument, wrong, meant))
        self.refused("ticket.create", {"channel": "carrier pigeon", "text": "x"}, code="bad_request", argument="channel",
            message='channel "carrier pigeon" is not in the catalog')
        self.assertEqual(0, self.c.call("server.stats")["tickets"]["last_id"])

    def test_arguments(self):
        for args, argument, message in (
                ({"text": "x"}, "channel", 'ticket.create needs the argument "channel": text'),
                ({"channel": "app"}, "text", 'ticket.create needs the argument "text": text'),
                ({"channel": 5, "text": "x"}, "channel", 'argument "channel" is integer 5; expected text'),
                ({"channel": "app", "text": ["x"]}, "text", 'argument "text" is array ["x"]; expected text'),
                ({"channel": "app", "text": "x", "customer": "me"}, "customer", 'argument "customer" is text "me"; expected a map'),
                ({"channel": "app", "text": "x", "priority": 11}, "priority",
                    'argument "priority" is 11; expected 1 to 10'),
                ({"channel": "app", "text": "x", "citty": "foshan"}, "citty",
                    'ticket.create has no argument "citty" (did you mean "city"?)'),
                ({"channel": "app", "text": "x" * 32769}, "text", 'argument "text" has 32769 bytes; a text has at most 32768'),
                ({"channel": "app", "text": "a\0b"}, "text", 'argument "text" holds a NUL character at byte 1')):
            error = self.refused("ticket.create", args, code="bad_request", argument=argument)
            self.assertEqual(message, error["message"])
        self.assertEqual(1, self.create(text="x" * 32768)["id"])

    def test_subject(self):
        self.refused("ticket.create", {"channel": "app", "text": "x", "subject": {"type": "line"}}, code="bad_request",
            argument="subject", message="subject must be {type=text, id=text}")
        t = self.create(subject={"type": "mobile", "id": "13800138000"})
        self.assertEqual("13800138000", self.c.call("ticket.get", id=t["id"])["number"])
        self.assertEqual([t["id"]], [x["id"] for x in self.c.call("ticket.find", where={"number": "13800138000"})["tickets"]])

    def test_what_happens_in_time_to_come_is_kept_without_that_time(self):
        in_2030 = 1900000000000
        t = self.create(occurred=in_2030, number="13800138000", city="foshan", category="service.attitude", fields={"a": "b"})
        self.assertIn({"zh": "发生时间在将来，未采用，请核实", "en": "the time it happened lies ahead and was not taken: ask when it was"}, t["advice"])
        kept = self.c.call("ticket.get", id=t["id"])
        self.assertEqual(({"a": "b", "occurred_said": in_2030}, None), (kept["fields"], kept.get("occurred")))
        soon = self.c.call("clock.now")["now"] + 5 * 60000
        self.assertEqual(soon, self.c.call("ticket.get", id=self.create(occurred=soon)["id"])["occurred"])

    def test_source_ref_is_unique_for_ever(self):
        self.assertEqual(1, self.create(source_ref="A-1")["id"])
        args = {"channel": "app", "text": "the bill is wrong", "source_ref": "A-1"}
        same = {"code": "conflict", "argument": "source_ref", "value": "A-1", "reason": "id=1",
            "message": 'source_ref "A-1" of channel app is ticket 1 already'}
        self.refused("ticket.create", args, **same)
        self.refused("ticket.create", dict(args, text="y"), code="conflict", argument="text", reason="id=1",
            message='source_ref "A-1" of channel app is ticket 1 already, with another text')
        self.assertEqual(2, self.create(channel="hall", source_ref="A-1", number="13800138000")["id"])
        self.refused("ticket.create", {"channel": "hall", "text": "the bill is wrong", "source_ref": "A-1", "number": "13800138001"}, code="conflict",
            argument="number", reason="id=2", message='source_ref "A-1" of channel hall is ticket 2 already, with another number')
        self.refused("ticket.create", {"channel": "hall", "text": "the bill is wrong", "source_ref": "A-1", "number": "+86 138 0013 8000"}, code="conflict",
            argument="source_ref", reason="id=2")
        self.restart()
        self.c.call("clock.advance", by="400d")
        self.refused("ticket.create", args, **same)
        long_ref = "r" * 2000
        self.assertEqual(3, self.create(source_ref=long_ref)["id"])
        self.refused("ticket.create", dict(args, source_ref=long_ref), code="conflict", reason="id=3")


class RequestId(Case):
    def test_same_arguments_same_answer(self):
        args = {"channel": "app", "text": "x", "number": "13800138000", "request_id": "q1"}
        first = self.c.call("ticket.create", args)
        self.assertEqual(first, self.c.call("ticket.create", dict(reversed(list(args.items())))))
        self.restart()
        self.assertEqual(first, self.c.call("ticket.create", args))
        self.assertEqual(1, self.c.call("server.stats")["tickets"]["last_id"])

    def test_other_arguments_conflict(self):
        self.create(request_id="q1")
        message = "request_id was used for ticket.create before, with other arguments; a new call needs a new request_id"
        for _ in range(2):
            self.refused("ticket.create", {"channel": "app", "text": "other", "request_id": "q1"}, code="conflict",
                argument="request_id", message=message)
            self.restart()

    def test_is_kept_for_seven_days(self):
        first = self.create(request_id="q1")
        self.c.call("ticket.act", id=1, action="cancel", request_id="q1")
        self.c.call("clock.advance", by="7d")
        self.create(request_id="q2")  # takes nothing away yet
        self.assertEqual(first, self.create(request_id="q1"))
        self.c.call("clock.advance", by=1)
        self.create(request_id="q3")
        for _ in range(2):
            self.restart()
            self.assertEqual(4, self.create(request_id="q1")["id"])
        self.assertEqual(2, self.create(request_id="q2")["id"])

    def test_is_of_a_method(self):
        self.create(request_id="q1")
        t = self.c.call("ticket.act", id=1, action="accept", request_id="q1")
        self.assertEqual(2, t["version"])
        self.assertEqual(t, self.c.call("ticket.act", id=1, action="accept", request_id="q1"))
        self.assertEqual(2, self.c.call("ticket.get", id=1)["version"])

    def test_pipelined_twice_is_one(self):
        args = {"channel": "app", "text": "x", "request_id": "q1"}
        a, b = self.c.pipeline([("ticket.create", args), ("ticket.create", args)])
        self.assertEqual(a, b)
        self.assertEqual(1, self.c.call("server.stats")["tickets"]["last_id"])

    def test_a_refused_call_does_not_use_it(self):
        self.refused("ticket.create", {"channel": "ap", "text": "x", "request_id": "q1"}, code="bad_request")
        self.assertEqual(1, self.create(request_id="q1")["id"])


class Duplicates(Case):
    def test_within_a_day(self):
        args = {"number": "13800138000", "category": "account.realname", "city": "foshan"}
        self.create(**args)
        t = self.create(**args)
        self.assertEqual((2, 1, "closed", "closed", {}), tuple(t[k] for k in ("id", "duplicate_of", "status", "stage", "due")))
        original = self.c.call("ticket.get", id=1)
        self.assertEqual((2, 1, "acknowledged"), (original["version"], original["contacts"], original["status"]))
        self.assertNotIn("duplicate_of", self.create(**dict(args, category="account.cancel")))
        self.assertNotIn("duplicate_of", self.create(**dict(args, number="13800138001")))
        self.c.call("clock.advance", by="23h")
        self.assertEqual(1, self.create(**args)["duplicate_of"])
        self.c.call("clock.advance", by="61m")
        self.assertNotIn("duplicate_of", self.create(**args))

    def test_no_subject_no_check(self):
        for _ in range(2):
            self.assertNotIn("duplicate_of", self.create(category="account.realname"))

    def test_in_one_turn(self):
        args = {"channel": "app", "text": "x", "number": "13800138000", "category": "account.realname"}
        answers = self.c.pipeline([("ticket.create", args)] * 5)
        self.assertEqual([None, 1, 1, 1, 1], [a.get("duplicate_of") for a in answers])
        self.assertEqual(4, self.c.call("ticket.get", id=1)["contacts"])


class Act(Case):
    def test_the_way_of_a_complaint(self):
        self.create(number="13800138000", category="account.realname", city="foshan")
        steps = (("accept", {}, "accepted", "acknowledged"), ("dispatch", {}, "dispatched", "inProgress"),
            ("handle", {}, "handling", "inProgress"), ("suspend", {"cause": "customer away"}, "handling", "pending"),
            ("resume", {}, "handling", "inProgress"), ("reply", {"text": "done"}, "replied", "resolved"),
            ("confirm", {"satisfied": True}, "confirmed", "resolved"), ("close", {}, "closed", "closed"),
            ("reopen", {"reason": "again"}, "handling", "inProgress"))
        for i, (action, data, stage, status) in enumerate(steps):
            t = self.c.call("ticket.act", id=1, action=action, data=data, version=i + 1, note="n%d" % i)
            self.assertEqual((stage, status, i + 2), (t["stage"], t["status"], t["version"]), action)
            self.assertEqual(t, self.c.call("ticket.get", id=1))
        events = self.history(1)
        self.assertEqual(["ticket.create"] + ["ticket.act"] * len(steps), [e["method"] for e in events])
        self.assertEqual([s[0] for s in steps], [e["action"] for e in events[1:]])
        self.assertEqual(["n%d" % i for i in range(len(steps))], [e["note"] for e in events[1:]])
        self.assertEqual(list(range(1, len(steps) + 2)), [e["version"] for e in events])
        self.assertEqual({ME}, {e["who"] for e in events})
        before = self.c.call("ticket.get", id=1)
        self.restart()
        self.assertEqual(before, self.c.call("ticket.get", id=1))
        self.assertEqual(events, self.history(1))

    def test_version_conflict(self):
        self.create()
        self.refused("ticket.act", {"id": 1, "action": "accept", "version": 9}, code="conflict", argument="version",
            value="9", message="ticket 1 is at version 1, not 9; read it again")
        self.assertEqual(1, self.c.call("ticket.get", id=1)["version"])
        answers = self.c.pipeline([("ticket.act", {"id": 1, "action": "accept", "version": 1})] * 2)
        self.assertEqual(2, answers[0]["version"])
        self.assertEqual("conflict", answers[1].code)

    def test_illegal_move_says_what_is_allowed(self):
        self.create()
        self.refused("ticket.act", {"id": 1, "action": "reopen"}, code="rejected", argument="action", value="reopen",
            reason=ALLOWED, message="reopen is not possible while the ticket is accepted / 工单处于“已受理”时不能重开")
        self.refused("ticket.act", {"id": 1, "action": "nosuch"}, code="rejected", argument="action", value="nosuch",
            reason=ALLOWED, message='"nosuch" is not an action of complaint / “nosuch”不是投诉的操作')
        self.refused("ticket.act", {"id": 99, "action": "accept"}, code="not_found", argument="id", value="99",
            message="ticket 99 does not exist")
        self.refused("ticket.get", {"id": 99}, code="not_found", message="ticket 99 does not exist")
        self.refused("ticket.get", {"id": 0}, code="bad_request", argument="id")
        self.assertEqual(1, len(self.history(1)))

    def test_contacts(self):
        self.create(number="13800138000", category="account.realname")
        first = self.c.call("contact.add", ticket=1, channel="app", kind="urge")
        self.assertEqual({"id": first["id"], "ticket": 1, "contacts": 1}, first)
        self.assertEqual({"id": first["id"] + 1, "ticket": 1, "contacts": 2},
            self.c.call("contact.add", number="13800138000", channel="app", kind="add_info"))
        t = self.c.call("ticket.get", id=1)
        self.assertEqual((2, 1, 3), (t["contacts"], t["urges"], t["version"]))
        self.refused("contact.add", {"channel": "app", "kind": "urge"}, code="bad_request", argument="ticket",
            message="a contact needs ticket, incident or number")
        error = self.refused("contact.add", {"number": "13900139000", "channel": "app", "kind": "urge"}, code="not_found")
        self.assertTrue(error["message"].endswith("has no open ticket; name one, or use ticket.create"), error)
        self.refused("contact.add", {"ticket": 1, "channel": "app", "kind": "urg"}, code="bad_request", argument="kind")
        self.assertEqual([], [x for x in self.c.call("ticket.find", where={"id": {"gt": 1}})["tickets"]])

    def test_explain(self):
        self.create(number="13800138000", category="network.no_service", city="shenzhen")
        e = self.c.call("ticket.explain", id=1)
        self.assertEqual((1, 1, START_MS, ["create"]), (e["id"], e["generation"], e["at"], [x["point"] for x in e["decisions"]]))
        rules = {r["rule"]: r for r in e["decisions"][0]["rules"]}
        self.assertTrue(rules["routing/network in a known city"]["fired"])
        bypass = rules["routing/bypass"]
        self.assertEqual((False, {"field": "bypass", "expected": "true"}),
            (bypass["fired"], {k: bypass["failed"][k] for k in ("field", "expected")}))
        one = self.c.call("ticket.explain", id=1, rule="routing/bypass")
        self.assertEqual(["routing/bypass"], [r["rule"] for r in one["decisions"][0]["rules"]])
        self.assertEqual({"field": "bypass", "value": False, "expected": "true", "expected_zh": "true"}, one["decisions"][0]["rules"][0]["failed"])
        self.restart()
        self.assertEqual(e, self.c.call("ticket.explain", id=1))


class Find(Case):
    """250 tickets in three cities, two queues and three hours."""

    N = 250

    def setUp(self):
        super().setUp()
        cities = ("foshan", "shenzhen", "zhuhai")
        categories = ("network.no_service", "account.realname")
        for hour in range(3):
            calls = []
            for i in range(hour * self.N // 3, (hour + 1) * self.N // 3):
                calls.append(("ticket.create", {"channel": "app", "text": "t%d" % i, "number": "138%08d" % i,
                    "city": cities[i % 3], "category": categories[i % 2]}))
            for answer in self.c.pipeline(calls):
                self.assertIsInstance(answer, dict)
            self.c.call("clock.advance", by="30m")
        for i in (1, 2, 3):
            self.c.call("ticket.act", id=i, action="cancel", data={})
        self.all = [self.c.call("ticket.get", id=i) for i in range(1, self.N + 1)]

    def pages(self, where, order, limit=17, restart_at=None):
        out, cursor, n = [], None, 0
        while True:
            args = {"where": where, "limit": limit}
            if order is not None:
                args["order"] = order
            if cursor is not None:
                args["cursor"] = cursor
            page = self.c.call("ticket.find", args)
            self.assertLessEqual(len(page["tickets"]), limit)
            out += page["tickets"]
            n += 1
            if n == restart_at:
                self.restart()
            if "cursor" not in page:
                return out
            cursor = page["cursor"]

    def expect(self, where, keep, order):
        """By due: tickets without one come last in the list of a queue or person, and not at all in other lists."""
        found = [t for t in self.all if keep(t)]
        if not order.endswith("due"):
            return [t["id"] for t in sorted(found, key=lambda t: t["id"], reverse=order[0] == "-")]
        timed = sorted((t for t in found if t["due"]), key=lambda t: (min(t["due"].values()), t["id"]), reverse=order[0] == "-")
        rest = sorted((t for t in found if not t["due"]), key=lambda t: t["id"], reverse=order[0] == "-")
        return [t["id"] for t in timed + (rest if "queue" in where or "owner" in where else [])]

    def test_orders_and_cursors(self):
        for restart_at in (None, 2):
            for where, keep in (
                    ({"queue": "second_line"}, lambda t: t["queue"] == "second_line"),
                    ({"queue": "city_support.shenzhen"}, lambda t: t["queue"] == "city_support.shenzhen"),
                    ({"owner": "wu.qiang"}, lambda t: t.get("owner") == "wu.qiang"),
                    ({"city": "zhuhai"}, lambda t: t["city"] == "zhuhai"),
                    ({"status": "cancelled"}, lambda t: t["status"] == "cancelled"),
                    ({"city": {"in": ["zhuhai", "foshan"]}, "category": "account.realname"},
                        lambda t: t["city"] != "shenzhen" and t["category"] == "account.realname"),
                    ({"id": {"ge": 100, "lt": 120}}, lambda t: 100 <= t["id"] < 120),
                    ({}, lambda t: True)):
                for order in ("id", "-id", "due", "-due"):
                    with self.subTest(where=where, order=order, restart_at=restart_at):
                        got = [t["id"] for t in self.pages(where, order, restart_at=restart_at)]
                        self.assertEqual(self.expect(where, keep, order), got)

    def test_whole_tickets(self):
        page = self.c.call("ticket.find", where={"city": "zhuhai"}, order="id", limit=1000)
        self.assertEqual([t for t in self.all if t["city"] == "zhuhai"], page["tickets"])

    def test_refused(self):
        self.refused("ticket.find", {"order": "colour"}, code="bad_request", argument="order",
            value="colour",
            message='argument "order" is "colour"; expected one of "id", "-id", "due", "-due"')
        self.refused("ticket.find", {"limit": 1001}, code="bad_request", argument="limit")
        for cursor in ("", "zz", "00", "ff" * 40, "0" * 3):
            self.refused("ticket.find", {"cursor": cursor}, code="bad_request", argument="cursor")


if __name__ == "__main__":
    main()
