"""ticket.find says what it does not know instead of finding nothing."""

import unittest

from daemon import Daemon, main
from tocsin_client import RpcError


class Where(unittest.TestCase):
    def test_unknown_words(self):
        with Daemon() as d, d.client() as c:
            c.call("ticket.create", channel="app", number="13800138000", city="shenzhen", text="充值没有到账")
            for where, message in (
                    ({"queu": "duty"}, 'field "queu" is not known (did you mean "queue"?)'),
                    ({"timers": 1}, 'field "timers" is not known'),
                    ({"satisfie": True}, 'field "satisfie" is not known (did you mean "satisfied"?)'),
                    ({"city": {"foo": 1}}, 'operator "foo" is not known'),
                    ({"city": {"gee": 1}}, 'operator "gee" is not known (did you mean "ge"?)'),
                    ({"city": {"in": "shenzhen"}}, "where.city.in must be an array, not text")):
                with self.subTest(where=where):
                    with self.assertRaises(RpcError) as refused:
                        c.call("ticket.find", where=where)
                    self.assertEqual(("bad_request", message, "where"),
                                     (refused.exception.code, refused.exception.message, refused.exception.argument))
            for where in ({"city": {"in": ["shenzhen"]}}, {"fields.amount": {"eq": None}}, {"category": {"under": "recharge"}},
                          {"subject": {"type": "mobile", "id": "13800138000"}}, {"open": True}, {"due": {"gt": 0}}):
                with self.subTest(where=where):
                    self.assertEqual([1], [t["id"] for t in c.call("ticket.find", where=where)["tickets"]])

    def test_fields_that_rules_and_the_core_set(self):
        with Daemon() as d, d.client() as c:
            c.call("ticket.create", channel="app", number="13800138000", city="shenzhen", text="充值没有到账")
            for field in ("satisfied", "been", "ping_pong", "duplicate_of", "contact_at", "incident", "spent", "approval", "erased"):
                with self.subTest(field=field):
                    self.assertEqual([], c.call("ticket.find", where={field: True if field in ("satisfied", "erased") else 1})["tickets"])
                    self.assertEqual([{"id": 1}], c.call("ticket.find", fields=["id", field])["tickets"])
            for fields, message in ((["open"], 'field "open" is not known'), (["clocks"], 'field "clocks" is not known')):
                with self.assertRaises(RpcError) as refused:
                    c.call("ticket.find", fields=fields)
                self.assertEqual(("bad_request", "fields"), (refused.exception.code, refused.exception.argument))
                self.assertTrue(refused.exception.message.startswith(message), refused.exception.message)

    def test_what_cannot_be_compared_is_refused(self):
        with Daemon() as d, d.client() as c:
            c.call("ticket.create", channel="app", number="13800138000", city="shenzhen", text="充值没有到账")
            for where, argument, message in (
                    ({"due": {"lt": "x"}}, "where.due.lt",
                        'is text "x"; expected a time: integer ms since 1970 UTC, or ISO 8601 text such as "2026-09-22T10:00"'),
                    ({"queue": {"gt": 3}}, "where.queue.gt", "is integer 3; expected text"),
                    ({"id": {"ge": True}}, "where.id.ge", "is true/false true; expected a finite number"),
                    ({"satisfied": 1}, "where.satisfied", "is integer 1; expected true or false")):
                with self.subTest(where=where):
                    with self.assertRaises(RpcError) as refused:
                        c.call("ticket.find", where=where)
                    self.assertEqual(("bad_request", argument, 'argument "%s" %s' % (argument, message)),
                                     (refused.exception.code, refused.exception.argument, refused.exception.message))
            self.assertEqual([], c.call("ticket.find", where={"created": {"le": "2026-09-22"}})["tickets"])
            self.assertEqual(1, len(c.call("ticket.find", where={"id": {"ge": 0.5}, "queue": {"gt": "a"}})["tickets"]))

    def test_numbers_as_people_write_them(self):
        with Daemon() as d, d.client() as c:
            c.call("ticket.create", channel="app", number="+86 138-0013-8000", callback="(0755) 8888 6666", city="shenzhen", text="x")
            for where in ({"number": "138 0013 8000"}, {"number": "+8613800138000"}, {"number": {"eq": "138-0013-8000"}},
                          {"number": {"in": ["13900000000", "+86 13800138000"]}}, {"callback": "0755-88886666"},
                          {"callback": "8888 6666", "city": "shenzhen"}, {"callback": {"in": ["755 88886666"]}},
                          {"subject": {"type": "mobile", "id": "138 0013 8000"}}, {"subject.id": "13800138000"}):
                with self.subTest(where=where):
                    self.assertEqual([1], [t["id"] for t in c.call("ticket.find", where=where)["tickets"]])
            for where in ({"number": "139 0013 8000"}, {"callback": "8888 6666", "city": "foshan"}):
                with self.subTest(where=where):
                    self.assertEqual([], c.call("ticket.find", where=where)["tickets"])


if __name__ == "__main__":
    main()
