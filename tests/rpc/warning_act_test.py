"""Acting on warnings: signatures, acknowledgement and its expiry, the tree of calls, bulletins, the incident, disaster mode."""

import os
from datetime import datetime, timezone

from daemon import DAY_MS, HOUR_MS, START_MS, main
from warning_test import BIN_MS, KEY, MINUTE_MS, PACKS, S1, Warning, clock

TO_BLACK = [2] * 12 + S1[:11]


class Acting(Warning):
    source = "signed"

    def as_person(self, name):
        c = self.connect()
        c.hello(**{"as": name})
        return c

    def duty(self, **wanted):
        return [e["data"] for e in self.events("duty") if all(e["data"].get(k) == x for k, x in wanted.items())]

    def act(self, person, action, key=KEY, **more):
        return self.as_person(person).call("warning.act", key=key, action=action, reason="because", **more)

    def test_black_needs_a_signature(self):
        self.feed([2] * 12 + S1[:22])
        self.assertEqual("black", self.one()["level"])
        self.assertNotIn("is_ready", self.one())
        self.refused("warning.act", dict(key=KEY, action="sign_down", reason="x"), self.as_person("huang.mei"), code="rejected",
            argument="action", message="sign_down is for leader only / 只有 leader 可以 sign_down")
        self.refused("warning.act", dict(key=KEY, action="sign_down", reason="x"), self.as_person("zhou.gang"), code="rejected",
            argument="key", message="%s is not ready to lower: it has not been under its exit long enough / %s 还不到可以降级的时候" % (KEY, KEY))
        self.feed(S1[22:24])  # 12:00
        w = self.one()
        self.assertEqual(("black", True, "sign", "waits for leader to sign it down", "等待领导签字降级"),
            (w["level"], w["is_ready"], w["next"]["what"], w["next"]["en"], w["next"]["zh"]))
        self.feed(S1[24:30])
        self.restart()
        self.assertEqual("black", self.one()["level"])
        self.assertEqual(("12:30", "black", "red"), self.changes_of(self.act("zhou.gang", "sign_down")))
        self.assertEqual(4, len(self.changes()[:-1]))
        self.assertEqual(1, len(self.duty(event="ready")))
        self.assertEqual({"wall", "frontdesk", "leaders"}, {e["data"]["to"] for e in self.events("bulletin") if e["data"].get("event") == "ready"})

    def changes_of(self, answer):
        self.assertEqual(KEY, answer["key"])
        return self.changes()[-1]

    def test_each_person_once(self):
        self.feed(TO_BLACK)  # yellow 10:15, orange 10:20, red 10:35, black 10:55
        calls = [(d["level"], d["person"]) for d in self.duty(event="call")]
        self.assertEqual(sorted(set(calls)), sorted(calls))
        self.assertEqual({("yellow", "chen.jing"), ("orange", "chen.jing"), ("orange", "deng.jun"), ("red", "chen.jing"), ("red", "huang.mei")},
            {c for c in calls if c[0] != "black" and c[1] in ("chen.jing", "deng.jun", "huang.mei")} - {("orange", "huang.mei")})
        self.assertTrue(all(d["reach"] and d["label"]["zh"] and d["line"]["zh"] and d["line"]["en"] for d in self.duty(event="call")))

    def test_again_until_somebody_acts(self):
        self.feed([2] * 12 + S2_LIKE[:8])  # yellow 10:15; again every 30 minutes
        self.c.call("clock.advance", by="4m59s")
        self.assertEqual([], self.duty(event="unanswered"))
        self.c.call("clock.advance", by="1s")
        self.assertEqual([("10:45", 1, 2)], [(clock(e["at"]), e["data"]["reminders"], e["data"]["rung"]) for e in self.events("duty")
            if e["data"].get("event") == "unanswered"])
        self.assertEqual(["chen.jing", "huang.mei"], [d["person"] for d in self.duty(event="call")])

    def test_acknowledgement_holds_and_expires(self):
        self.feed([2] * 12 + S2_LIKE[:4])
        self.act("chen.jing", "ack")
        ack = self.one()["ack"]
        self.assertEqual(("chen.jing", 2 * HOUR_MS), (ack["by"], ack["until"] - ack["at"]))
        self.feed(S2_LIKE[:23])
        self.assertEqual([], self.duty(event="unanswered"))
        self.feed(S2_LIKE[:3])  # the acknowledgement has ended
        self.assertEqual(1, len(self.duty(event="unanswered")))
        self.assertNotIn("ack", self.one())

    def test_raise_lower_note(self):
        self.feed([2] * 12)
        answer = self.act("zhou.gang", "raise", level="red")
        self.assertEqual("red", answer["level"])
        self.assertEqual("black", self.act("zhou.gang", "raise")["level"])
        self.refused("warning.act", dict(key=KEY, action="raise", reason="x"), code="rejected", argument="level",
            message="%s stands at black; it cannot be raised further / %s 处于 black，不能再升级" % (KEY, KEY))
        self.refused("warning.act", dict(key=KEY, action="lower", level="purple", reason="x"), code="bad_request", argument="level",
            value="purple", message='argument "level" is "purple"; expected one of "none", "yellow", "orange", "red", "black"')
        self.assertEqual("red", self.act("zhou.gang", "lower")["level"])
        self.assertEqual("none", self.act("zhou.gang", "lower", level="none")["level"])
        self.assertEqual([("10:00", "none", "red"), ("10:00", "red", "black"), ("10:00", "black", "red"), ("10:00", "red", "none")], self.changes())
        self.refused("warning.act", dict(key=KEY, action="ack", reason="x"), code="rejected", argument="key",
            message="%s stands at no level; there is nothing to ack / %s 没有预警，不能 ack" % (KEY, KEY))
        self.refused("warning.act", dict(key="foshan/sms.failure", action="ack", reason="x"), code="not_found", argument="key",
            value="foshan/sms.failure", message='nothing is watched under "foshan/sms.failure"; warning.list shows the keys')
        self.refused("warning.act", dict(key=KEY, action="raise", reason="x"), self.as_person("chen.jing"), code="rejected", argument="action",
            message="raise is for supervisor, leader only / 只有 supervisor, leader 可以 raise")
        self.refused("warning.act", dict(key=KEY, action="mute", reason="x"), code="bad_request", argument="action")

    def test_the_incident(self):
        self.feed([2] * 12 + S1[:4])  # orange 10:20
        w = self.one()
        t = self.c.call("ticket.get", id=w["incident"])
        self.assertEqual(("incident", "shenzhen", "recharge.not_credited", KEY, "orange"),
            (t["kind"], t["city"], t["category"], t["fields"]["key"], t["fields"]["level"]))
        self.feed(S1[4:7])  # red 10:35
        self.assertEqual("red", self.c.call("ticket.get", id=w["incident"])["fields"]["level"])
        self.assertEqual(w["incident"], self.one()["incident"])
        methods = [e["method"] for e in self.history(w["incident"])]
        self.assertEqual("warning.change", methods[0])
        explained = self.c.call("ticket.explain", id=w["incident"], rule="warning/a case from orange")
        decision = [d for d in explained["decisions"] if d["point"] == "warning"][0]
        self.assertEqual({"field": "incident", "value": w["incident"], "expected": "absent", "expected_zh": "未知"}, decision["rules"][0]["failed"])
        first = self.c.call("ticket.explain", id=w["incident"], seq=self.history(w["incident"])[0]["seq"])
        decision = [d for d in first["decisions"] if d["point"] == "warning"][0]
        self.assertEqual(["warning/a case from orange"], [r["rule"] for r in decision["rules"] if r["fired"]])
        self.assertEqual(34, decision["facts"]["warning"]["seen"]["S15"])

    def test_another_outbreak_is_another_case(self):
        """What rises after the case is closed opens another, and calls everybody anew."""
        outbreak, quiet = S1[:4] + [2] * 9, [2] * 12
        self.feed(quiet + outbreak)
        self.assertEqual([("10:15", "none", "yellow"), ("10:20", "yellow", "orange"), ("10:45", "orange", "yellow"), ("11:00", "yellow", "none")],
            self.changes())
        first, calls = self.duty(event="call")[-1]["incident"], len(self.duty(event="call"))
        self.c.call("ticket.act", id=first, action="cancel", data={"reason": "over"})
        self.feed(quiet + S1[:4])
        self.assertNotEqual(first, self.one()["incident"])
        second = self.c.call("ticket.get", id=self.one()["incident"])
        self.assertEqual(("incident", "orange", KEY), (second["kind"], second["fields"]["level"], second["fields"]["key"]))
        called = [(d["level"], d["person"]) for d in self.duty(event="call")]
        self.assertEqual([("yellow", "chen.jing"), ("orange", "chen.jing"), ("orange", "deng.jun")], called[:3])
        self.assertEqual(called[:3], called[calls:])
        self.feed([40] * 4)  # red: still the second case
        self.assertEqual(second["id"], self.one()["incident"])

    def test_bulletins(self):
        self.feed([2] * 12 + S1[:9] + [150] * 20)  # red 10:35, black soon: every 30 minutes
        rhythm = [e for e in self.events("bulletin") if e["data"].get("event") == "rhythm" and e["data"]["to"] == "wall"]
        self.assertEqual(["11:00", "11:30", "12:00"], [clock(e["data"]["slot"]) for e in rhythm][:3])
        change = [e["data"] for e in self.events("bulletin") if e["data"].get("event") == "change" and e["data"]["level"] == "yellow"]
        self.assertEqual(["wall", "frontdesk"], [d["to"] for d in change])
        self.assertEqual((16, 6, 1, {"zh": "黄色预警", "en": "yellow warning"}),
            (change[0]["seen"], change[0]["expected"], change[0]["generation"], change[0]["label"]))

    def with_pack(self, more):
        with open(os.path.join(self.pack, "more.lua"), "w", encoding="utf-8") as f:
            f.write(more)
        self.c.call("rules.reload")

    def slots(self, key=KEY):
        return [datetime.fromtimestamp(e["data"]["slot"] / 1000 + 8 * 3600, timezone.utc).strftime("%H:%M") for e in self.events("bulletin")
            if e["data"].get("event") == "rhythm" and e["data"]["key"] == key and e["data"]["to"] == "wall"]

    def test_bulletins_at_a_time_of_the_day(self):
        self.with_pack('alarm "red" { zh = "红", en = "red", bulletin = "12h", bulletin_at = "20:30", to = { "wall" } }\n'
            'disaster { longest = "72h", calls = { "black" }, bulletin = "1d", bulletin_at = "08:30", to = { "wall" } }')
        self.feed([2] * 12)
        self.act("zhou.gang", "raise", level="red")
        self.act("zhou.gang", "raise", key="*", until=START_MS + 60 * HOUR_MS)
        self.c.call("clock.advance", to=START_MS + 48 * HOUR_MS)
        self.assertEqual(["20:30", "08:30", "20:30", "08:30"], self.slots())
        self.assertEqual(["08:30", "08:30"], self.slots("*"))

    def test_disaster_mode(self):
        self.refused("warning.act", dict(key="*", action="raise", reason="typhoon"), code="rejected", argument="until",
            message="until must lie within the next 72 hours / until 应在今后 72 小时之内")
        self.refused("warning.act", dict(key="*", action="raise", reason="typhoon", until=START_MS), self.as_person("huang.mei"),
            code="rejected", argument="action", message="disaster is for leader only / 只有 leader 可以 disaster")
        self.refused("warning.act", dict(key="*", action="ack", reason="x"), code="rejected", argument="action",
            message="on * only raise (disaster mode, with until) and lower are possible / 对 * 只能 raise（灾害模式，写明 until）或 lower")
        self.refused("warning.act", dict(key="*", action="lower", reason="x"), code="rejected", argument="key",
            message="there is no disaster mode to end / 现在没有灾害模式")
        order = self.act("zhou.gang", "raise", key="*", until=START_MS + HOUR_MS)["order"]
        self.assertEqual(("zhou.gang", START_MS + HOUR_MS, "because"), (order["by"], order["until"], order["reason"]))
        self.restart()
        self.feed([2] * 12 + S1[:7])
        self.assertEqual([], [d for d in self.duty(event="call") if d["level"] in ("yellow", "orange")])
        self.assertNotEqual([], [d for d in self.duty(event="call") if d["level"] == "red"])
        self.assertEqual(4, len(self.changes()[:4]) + 1)
        self.c.call("clock.advance", to=START_MS + HOUR_MS)
        self.assertEqual([], [w for w in self.c.call("warning.list")["warnings"] if w["key"] == "*"])
        told = [e["data"].get("event") for e in self.events("bulletin") if e["data"]["key"] == "*" and e["data"]["to"] == "wall"]
        self.assertEqual(("disaster", "disaster_over"), (told[0], told[-1]))


class NotStored(Warning):
    """An act whose entry cannot be stored (it tells topics more often than an entry may) leaves the warning as it was."""

    def tell_many(self, level):
        self.add_to_pack('local many = {}\nfor i = 1, 5000 do many[i] = "list" .. i end\n'
            'alarm "%s" { zh = "预警", en = "warning", call = { { "duty of care" } }, to = many }\n' % level)

    def test_raised_by_hand(self):
        self.feed([16])
        self.tell_many("red")
        before = self.one()
        self.assertEqual("yellow", before["level"])
        said = self.refused("warning.act", {"key": KEY, "action": "raise", "level": "red", "reason": "x"}, code="too_large")
        self.assertIn("more than 4096", said["message"])
        self.assertEqual(before, self.one())
        self.c.call("warning.act", key=KEY, action="raise", level="orange", reason="x")
        self.assertEqual([("09:05", "none", "yellow"), ("09:05", "yellow", "orange")], self.changes())

    def test_a_relapse(self):
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="x")["id"]
        self.feed([16])
        self.c.call("ticket.act", id=case, action="resolve", data={"text": "x"})
        self.tell_many("orange")
        before, row = self.one(), self.c.call("ticket.get", id=case)
        self.assertEqual("yellow", before["level"])
        said = self.refused("ticket.act", {"id": case, "action": "relapse", "data": {"reason": "x"}}, code="too_large")
        self.assertIn("more than 4096", said["message"])
        self.assertEqual((before, row), (self.one(), self.c.call("ticket.get", id=case)))
        self.restart()
        self.assertEqual(before["level"], self.one()["level"])

    def test_a_part_that_is_dropped(self):
        """What a complaint means for its case is refused after the relapse has raised the warning: so is that."""
        self.add_to_pack('rules.before "follow" { kinds = { "incident" }, rule "at once" { when = { action = "again" }, act = "relapse" } }\n')
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="x")["id"]
        self.feed([16], number="13800130001")
        self.c.call("ticket.act", id=case, action="resolve", data={"text": "x"})
        self.c.call("clock.advance", by="1s")
        self.tell_many("orange")
        before = self.one()
        self.refused("ticket.create", {"channel": "app", "text": "x", "city": "shenzhen", "category": "recharge.not_credited",
            "number": "13800130001"}, code="too_large")
        self.assertEqual(before["level"], self.one()["level"])


S2_LIKE = [6] * 40

if __name__ == "__main__":
    main()
