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


if __name__ == "__main__":
    main()
