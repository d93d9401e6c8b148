"""S16 where cities have cases before the roll-up comes: one case of the province, into which the others are merged, and out of it again."""

import os
import subprocess

from daemon import PACK, ROOT, main
from tocsin_client import RpcError
from warning_province_test import CITIES, Cities

MERGES = "a city's case is one with that of its roll-up"
REST = sorted(set(CITIES) - {"shenzhen", "foshan", "zhuhai"})


class Merged(Cities):
    FAULT = """
component "gateway" { zh = "充值网关", en = "gateway", service = "recharge" }
fault "recharge" { zh = "充值未到账", en = "recharge not credited", service = "recharge", categories = { "recharge.not_credited" } }
"""

    def ticket(self, id):
        return self.c.call("ticket.get", id=id)

    def fields(self, id):
        return self.ticket(id)["fields"]

    def open_cases(self):
        return sorted(i["id"] for i in self.c.call("incident.list")["incidents"])

    def of_key(self, city):
        return (self.one(city + "/recharge.not_credited") or {}).get("incident")

    def complainers(self, incident):
        return self.c.call("incident.get", id=incident)["complainers"]

    def settle(self):
        """Jobs end."""
        self.c.call("clock.advance", by=2000)

    def three_cases(self):
        """Shenzhen, foshan and zhuhai have a case each, one bin after another."""
        for city in ("shenzhen", "foshan", "zhuhai"):
            self.complain([city], 30)
        self.settle()
        cases = [self.of_key(city) for city in ("shenzhen", "foshan", "zhuhai")]
        self.assertEqual(cases, self.open_cases())
        self.assertEqual([30, 30, 30], [self.complainers(i) for i in cases])
        return cases

    def merged(self):
        cases = self.three_cases()
        self.complain(REST, 16)  # the roll-up
        self.settle()
        return cases

    def test_standing_cases_of_its_cities_become_one(self):
        first, second, third = self.merged()
        self.assertEqual([first], self.open_cases())
        self.assertEqual({first}, {self.of_key(city) for city in CITIES if self.of_key(city)})
        self.assertEqual(first, self.one(self.WHOLE)["incident"])
        whole = self.fields(first)
        self.assertEqual(([second, third], ["shenzhen"] + sorted(set(CITIES) - {"shenzhen"})), (whole["merged"], whole["cities"]))
        self.assertEqual({c + "/recharge.not_credited" for c in ("shenzhen", "foshan", "zhuhai")} | {self.WHOLE},
                         set(whole["keys"]) & {c + "/recharge.not_credited" for c in ("shenzhen", "foshan", "zhuhai", "*")})
        self.assertEqual([("closed", first)] * 2, [(self.ticket(i)["status"], self.ticket(i)["merged_into"]) for i in (second, third)])
        calls = self.calls()
        self.assertEqual(len(set(calls)), len(calls))
        self.restart()
        self.complain(["foshan"], 30)
        self.assertEqual([first], self.open_cases())
        self.assertEqual(first, self.of_key("foshan"))

    def test_their_complaints_go_along_and_count_once(self):
        first, second, third = self.merged()
        n = 90 + 12 * 16
        self.assertEqual((n, 0, 0), tuple(self.complainers(i) for i in (first, second, third)))
        self.assertEqual(first, self.create(city="zhuhai", category="recharge.not_credited")["incident"])
        self.c.call("ticket.act", id=first, action="take")
        self.c.call("ticket.act", id=first, action="resolve", data={"text": "it works"})
        self.settle()
        self.assertEqual(n + 1, sum(t.get("reply") == "it works" for page in self.pages(kind="complaint") for t in page))

    def pages(self, **where):
        cursor = {}
        while cursor is not None:
            answer = self.c.call("ticket.find", where=where, limit=200, **cursor)
            yield answer["tickets"]
            cursor = {"cursor": answer["cursor"]} if "cursor" in answer else None

    def test_the_history_of_each_says_why(self):
        first, second, _ = self.merged()
        said = {}
        for case in (first, second):
            said[case] = [(d["facts"]["action"], e["who"]) for e in self.history(case) for d in e.get("decisions", []) if d["point"] == "act"]
        self.assertIn(("merge", "warning"), said[second])
        self.assertIn(("take_in", "warning"), said[first])
        (entry,) = [e for e in self.history(second) for d in e.get("decisions", []) if d["point"] == "warning" and d["facts"]["warning"]["event"] == "part"]
        rules = [b["rule"] for d in self.c.call("ticket.explain", id=second, seq=entry["seq"])["decisions"] for b in d.get("because", [])]
        self.assertIn("warning/" + MERGES, rules)

    def test_the_lists_of_numbers_go_along(self):
        self.add_to_pack(self.FAULT)
        at = self.c.call("clock.now")["now"]
        self.c.call("signal.push", signals=[{"at": at, "source": "boss", "kind": "txn_failed", "component": "gateway", "city": city,
            "number": number} for city, number in (("shenzhen", "13800000001"), ("foshan", "13800000002"), ("zhuhai", "13800000003"))])
        first, second, _ = self.three_cases()
        self.assertEqual(second, self.c.call("number.check", number="13800000002")["incident"])
        self.complain(REST, 16)
        self.settle()
        self.assertEqual([first], self.open_cases())
        numbers = self.c.call("number.list", incident=first, list="affected", limit=10)["numbers"]
        self.assertEqual(["13800000001", "13800000002", "13800000003"], [n["number"] for n in numbers])
        self.assertEqual([first] * 3, [self.c.call("number.check", number="1380000000%d" % i)["incident"] for i in (1, 2, 3)])

    def test_a_list_that_the_other_case_is_not_about_goes_along_too(self):
        """What a case of more than the other's category hits is not lost, and settled before the other may close."""
        self.add_to_pack(self.FAULT)
        a = self.create(kind="incident", city="shenzhen", category="billing.cdr", title="a")["id"]
        b = self.create(kind="incident", city="shenzhen", title="b", fields={"service": "recharge"})["id"]
        self.c.call("signal.push", signals=[{"at": self.c.call("clock.now")["now"], "source": "boss", "kind": "txn_failed", "component": "gateway",
            "city": "shenzhen", "number": "13800000001"}])
        before = self.c.call("number.list", incident=b, list="affected", limit=10)["numbers"]
        self.assertEqual(["13800000001"], [n["number"] for n in before])
        self.c.call("ticket.act", id=b, action="merge", data={"ticket": a})
        self.assertEqual(before, self.c.call("number.list", incident=a, list="affected", limit=10)["numbers"])
        self.c.call("clock.advance", by="3h")  # longer than what hangs on no case is kept
        self.assertEqual(before, self.c.call("number.list", incident=a, list="affected", limit=10)["numbers"])
        self.assertEqual(a, self.c.call("number.check", number="13800000001")["incident"])

    def test_who_works_on_it_and_since_when_go_along(self):
        first, second, third = self.three_cases()
        self.c.call("ticket.act", id=second, action="assign", data={"person": "zhou.gang"})
        self.complain(["foshan"], 160)  # red, and soon orange again
        began = min(self.fields(i)["began"] for i in (first, second, third))
        self.complain(REST, 16)
        whole = self.fields(first)
        self.assertEqual((["zhou.gang"], began, "red", "red"), tuple(whole[k] for k in ("maintainers", "began", "highest", "level")))

    def test_who_merged_wrongly_unmerges(self):
        """The city has its case again, with its keys and its complaints, and no roll-up takes it in a second time."""
        first, second, _ = self.merged()
        n = self.complainers(first)
        self.create(city="foshan", category="recharge.not_credited")
        back = self.c.call("ticket.act", id=second, action="unmerge", data={"reason": "another fault"})
        self.assertEqual(("restoring", None), (back["stage"], back.get("merged_into")))
        self.settle()
        self.assertEqual((n - 30, 31), (self.complainers(first), self.complainers(second)))
        self.complain(["foshan", "maoming"], 16)  # a city joins the roll-up: its case is told, and this one left alone
        self.assertEqual([first, second], self.open_cases())
        self.assertEqual((first, second, first), (self.of_key("shenzhen"), self.of_key("foshan"), self.of_key("maoming")))
        self.assertEqual(second, self.create(city="foshan", category="recharge.not_credited")["incident"])
        whole = self.fields(first)
        self.assertNotIn(second, whole["merged"])
        self.assertEqual("orange", self.fields(second)["level"])
        self.assertNotIn("foshan/recharge.not_credited", whole["keys"])

    def test_unmerged_after_its_warnings_have_ended_it_has_no_level(self):
        first, second, _ = self.merged()
        for _ in range(20):
            self.complain([], 0)
        self.assertEqual(None, self.of_key("foshan"))
        self.c.call("ticket.act", id=second, action="unmerge", data={"reason": "another fault"})
        self.complain([], 0)
        self.assertEqual(("none", "orange"), tuple(self.fields(second)[k] for k in ("level", "highest")))

    def test_who_unmerges_while_complaints_are_still_on_their_way_has_them_all(self):
        a, b = [self.create(kind="incident", city=city, category="recharge.not_credited", title=city)["id"] for city in ("foshan", "zhuhai")]
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city="foshan", category="recharge.not_credited"))] * 400)
        self.assertEqual(400, self.complainers(a))
        self.c.pipeline([("ticket.act", dict(id=a, action="merge", data=dict(ticket=b))),
            ("ticket.act", dict(id=a, action="unmerge", data=dict(reason="the wrong one")))])
        self.settle()
        self.assertEqual((400, 0), (self.complainers(a), self.complainers(b)))

    def test_complaints_on_their_way_to_a_case_that_is_merged_go_on(self):
        a, b, c = [self.create(kind="incident", city=city, category="recharge.not_credited", title=city)["id"] for city in ("foshan", "zhuhai", "heyuan")]
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city="foshan", category="recharge.not_credited"))] * 400)
        self.c.pipeline([("ticket.act", dict(id=a, action="merge", data=dict(ticket=b))), ("ticket.act", dict(id=b, action="merge", data=dict(ticket=c)))])
        self.settle()
        self.assertEqual((0, 0, 400), tuple(self.complainers(i) for i in (a, b, c)))

    def test_a_case_that_recovers_is_left_alone(self):
        first, second, third = self.three_cases()
        self.c.call("ticket.act", id=second, action="claim")
        self.complain(REST, 16)
        self.assertEqual([first, second], self.open_cases())

    def test_the_store_is_in_order(self):
        """Also with a merge of a merged case, and unmerged from within; over kill -9 the same."""
        first, second, third = self.merged()
        self.c.call("contact.add", incident=second, channel="app", kind="same_fault", number="13800000009")
        self.assertEqual(1, self.ticket(first)["contacts"])
        whole = self.create(kind="incident", category="recharge.not_credited", title="all of it")["id"]
        self.c.call("ticket.act", id=first, action="merge", data={"ticket": whole})
        self.settle()
        self.assertEqual([whole], self.open_cases())
        self.complain(["foshan"], 5)
        self.assertEqual({whole}, {self.of_key(city) for city in ("shenzhen", "foshan", "zhuhai")} | {self.one(self.WHOLE)["incident"]})
        self.assertEqual((None, [first]), (self.fields(whole).get("cities"), self.fields(whole)["merged"]))
        self.c.call("ticket.act", id=third, action="unmerge", data={"reason": "x"})
        self.settle()
        self.restart()
        self.assertEqual([whole, third], sorted(self.open_cases(), reverse=True))
        self.complain([], 0)
        self.assertEqual((30, third), (self.complainers(third), self.of_key("zhuhai")))
        self.assertNotIn("zhuhai/recharge.not_credited", self.fields(whole)["keys"])
        self.d.stop()
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual(0, said.returncode, said.stdout + said.stderr)
        self.d.start()
        self.c = self.connect()

    def test_nothing_is_merged_into_what_was_told_already(self):
        """Somebody resolves one too early; the others stay open, or nobody would answer their customers."""
        first, second, third = self.three_cases()
        self.c.call("ticket.act", id=first, action="take")
        self.c.call("ticket.act", id=first, action="resolve", data={"text": "it works"})
        self.complain(REST, 16)
        self.assertEqual(("watched", first), (self.ticket(first)["stage"], self.one(self.WHOLE)["incident"]))
        self.assertEqual(["open"] * 2, [self.ticket(i)["stage"] for i in (second, third)])
        with self.assertRaises(RpcError) as caught:
            self.c.call("ticket.act", id=second, action="merge", data={"ticket": first})
        self.assertIn("take_in is not possible while the ticket is watched", caught.exception.message)

    def test_a_pack_may_leave_them_side_by_side(self):
        with open(os.path.join(PACK, "warned.lua"), encoding="utf-8") as f:
            before, after = f.read().split('  rule "%s"' % MERGES)
        with open(os.path.join(self.pack, "warned.lua"), "w", encoding="utf-8") as f:
            f.write(before + after.split("\n  },\n", 1)[1])
        with open(os.path.join(self.pack, "warned_spec.lua"), "w", encoding="utf-8") as f:
            f.write("return\n")
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)
        first, second, third = self.three_cases()
        self.complain(REST, 16)
        self.assertEqual([first, second, third], self.open_cases())

    def test_what_is_refused(self):
        first, second, _ = self.merged()
        def refused(id, action, **data):
            with self.assertRaises(RpcError) as caught:
                self.c.call("ticket.act", id=id, action=action, data=data)
            return caught.exception.message.split(" / ")[0]
        self.assertEqual("the case is part of another one: work that one, or unmerge it first", refused(second, "relapse", reason="x"))
        other = self.create(kind="incident", city="meizhou", title="x")["id"]
        self.c.call("ticket.act", id=other, action="cancel", data={"reason": "x"})
        self.assertEqual("the case was not merged into another one", refused(other, "unmerge"))
        complaint = self.create(city="meizhou", category="billing.cdr")["id"]
        self.assertEqual('the decision\'s act 1 on ticket %d: "take_in" is not an action of complaint' % complaint,
            refused(first, "merge", ticket=complaint))
        drill = self.create(kind="incident", city="meizhou", title="y", fields={"drill": True})["id"]
        self.assertEqual("a drill and a case stay apart", refused(first, "merge", ticket=drill).split(": ")[-1])


if __name__ == "__main__":
    main()
