"""The life of a complaint, move by move: legal moves, required data, who may; every refusal says why and what is allowed."""

from daemon import HOUR_MS, START_MS, Case, main

NUMBER = "13800138000"
ALL = ("accept", "cancel", "close", "confirm", "dispatch", "escalate", "handle", "merge", "reject", "reopen", "reply", "resume", "suspend",
    "transfer", "unmerge")
TO = {  # the way to each stage
    "accepted": (),
    "dispatched": (("dispatch", {}),),
    "handling": (("dispatch", {}), ("handle", {})),
    "replied": (("dispatch", {}), ("handle", {}), ("reply", {"text": "done"})),
    "confirmed": (("dispatch", {}), ("handle", {}), ("reply", {"text": "done"}), ("confirm", {"satisfied": True})),
    "closed": (("dispatch", {}), ("handle", {}), ("reply", {"text": "done"}), ("confirm", {}), ("close", {})),
}
LEGAL = {
    "accepted": ("accept", "cancel", "dispatch", "escalate", "merge", "reject"),
    "dispatched": ("cancel", "escalate", "handle", "merge", "reject", "reply", "resume", "suspend", "transfer"),
    "handling": ("cancel", "escalate", "handle", "merge", "reply", "resume", "suspend", "transfer"),
    "replied": ("cancel", "close", "confirm", "escalate", "merge", "reopen"),
    "confirmed": ("close", "reopen"),
    "closed": ("reopen", "unmerge"),
}
ZH = {"accept": "受理", "cancel": "撤销", "close": "归档", "confirm": "客户确认", "dispatch": "派单", "escalate": "升级", "handle": "处理", "merge": "合并",
    "reject": "不予受理", "reopen": "重开", "reply": "回复", "resume": "解挂", "suspend": "挂起", "transfer": "转派", "unmerge": "拆分"}
STAGE_ZH = {"accepted": "已受理", "dispatched": "已派单", "handling": "处理中", "replied": "已回复", "confirmed": "客户已确认", "closed": "已归档"}


class Life(Case):
    def make(self, stage="accepted", **more):
        self.n = getattr(self, "n", 0) + 1
        args = {"number": "138%08d" % self.n, "category": "account.realname", "city": "foshan"}
        args.update(more)
        id = self.create(**args)["id"]
        for action, data in TO[stage]:
            self.act(id, action, **data)
        return id

    def act(self, id, action, c=None, **data):
        return (c or self.c).call("ticket.act", id=id, action=action, data=data)

    def says(self, id, action, message, data=None, c=None, **more):
        return self.refused("ticket.act", {"id": id, "action": action, "data": data or {}}, c=c, code="rejected", message=message, **more)

    def person(self, name):
        c = self.connect()
        c.call("session.hello", **{"as": name})
        return c

    def test_no_other_move(self):
        """At each stage everything that is not legal is refused, naming action, stage and what is allowed."""
        for stage, legal in LEGAL.items():
            id = self.make(stage)
            allowed = 'allowed: ["%s"]' % '","'.join(legal)
            for action in ALL:
                if action in legal:
                    continue
                with self.subTest(stage=stage, action=action):
                    self.says(id, action, "%s is not possible while the ticket is %s / 工单处于“%s”时不能%s" % (action, stage, STAGE_ZH[stage], ZH[action]),
                        argument="action", value=action, reason=allowed)
            self.assertEqual(stage, self.c.call("ticket.get", id=id)["stage"])

    def test_required_data(self):
        for stage, action, key in (("handling", "transfer", "queue"), ("handling", "suspend", "cause"), ("handling", "reply", "text"),
                ("replied", "reopen", "reason"), ("handling", "merge", "ticket"), ("handling", "escalate", "reason"), ("accepted", "reject", "reason")):
            with self.subTest(action=action):
                self.says(self.make(stage), action, "%s needs data.%s / %s必须填写 %s" % (action, key, ZH[action], key), argument="data." + key)
        self.says(self.make("handling"), "transfer", "transfer needs data.reason / 转派必须填写 reason", {"queue": "expert"}, argument="data.reason")
        self.says(self.make("handling"), "transfer", 'data.queue: "expertt" is not a declared queue (did you mean "expert"?) / data.queue：“expertt”不是已声明的队列（是不是“expert”？）',
            {"queue": "expertt", "reason": "x"}, argument="data.queue", value="expertt")
        self.says(self.make("replied"), "confirm", 'data.satisfied: "yes" is not true or false / data.satisfied：“yes”不是 true 或 false',
            {"satisfied": "yes"}, argument="data.satisfied", value="yes")

    def test_suspend_and_resume(self):
        id = self.make("handling")
        self.says(id, "resume", "the ticket is not suspended / 工单没有挂起")
        self.assertEqual("pending", self.act(id, "suspend", cause="customer away")["status"])
        self.says(id, "suspend", "the ticket is suspended already / 工单已经挂起", {"cause": "again"})
        self.says(id, "reply", "the ticket is suspended: resume it first / 工单已挂起，请先解挂", {"text": "x"})
        self.assertEqual("inProgress", self.act(id, "resume")["status"])
        self.act(id, "suspend", cause="customer away")
        self.c.call("contact.add", ticket=id, channel="app", kind="add_info", text="here I am")
        self.assertEqual("inProgress", self.c.call("ticket.get", id=id)["status"])

    def test_first_taker_stays_answerable(self):
        chen, wu = self.person("chen.jing"), self.person("wu.qiang")
        self.c.call("topic.subscribe", topics=["duty"])
        id = chen.call("ticket.create", channel="hotline_10086", text="x", number=NUMBER, category="account.realname")["id"]
        self.assertEqual("chen.jing", self.c.call("ticket.get", id=id)["first_owner"])
        self.act(id, "dispatch", c=chen)
        self.act(id, "handle", c=wu)
        t = self.act(id, "transfer", c=wu, queue="expert", reason="needs an expert")
        self.assertEqual(("chen.jing", "expert", 1), (t["first_owner"], t["department"], t["transfers"]))
        self.c.call("session.ping")
        self.assertEqual([("first_owner", "chen.jing")], [(e["data"]["rung"], e["data"]["to"]) for _, (e,) in self.c.events])
        t = self.act(id, "reply", text="done")
        self.assertEqual(("replied", "chen.jing"), (t["stage"], t["owner"]))  # who took it tells the customer

    def test_ping_pong_is_counted_and_arbitrated(self):
        id = self.make("handling")
        there, back = {"queue": "expert", "reason": "yours"}, {"queue": "second_line", "reason": "no, yours"}
        counts = [self.act(id, "transfer", **(there if i % 2 == 0 else back)).get("ping_pong", 0) for i in range(3)]
        self.assertEqual([0, 1, 2], counts)
        self.assertEqual((["second_line", "expert"], 3), (lambda t: (t["been"], t["transfers"]))(self.c.call("ticket.get", id=id)))
        e = self.c.call("ticket.explain", id=id)
        self.assertIn("follow/ping-pong", [b["rule"] for b in e["decisions"][0]["because"]])
        fourth = self.act(id, "transfer", **back)  # root is admin: whoever leads may decide
        self.assertEqual((3, "second_line"), (fourth["ping_pong"], fourth["department"]))

    def test_confirm_or_reopen(self):
        id = self.make("replied")
        self.says(id, "confirm", "the customer is not satisfied: reopen it and say why / 客户不满意，请重开并写明原因", {"satisfied": False})
        self.c.call("clock.advance", by="50h")
        t = self.act(id, "reopen", reason="not paid back")
        self.assertEqual(("handling", 1, START_MS + 74 * HOUR_MS), (t["stage"], t["reopened"], t["due"]["handle"]))  # 24 h from now
        t = self.act(id, "reply", text="paid")
        t = self.act(id, "confirm", satisfied=True)
        self.assertEqual((True, "confirmed", {}), (t["satisfied"], t["stage"], t["due"]))
        t = self.act(id, "close")
        self.assertEqual(("closed", START_MS + 50 * HOUR_MS), (t["status"], t["closed"]))
        t = self.act(id, "reopen", reason="again")
        self.assertEqual(("handling", "inProgress", 2), (t["stage"], t["status"], t["reopened"]))
        self.assertNotIn("closed", t)

    def test_call_back_clock_counts_from_the_reply(self):
        id = self.make("handling")
        self.c.call("clock.advance", by="20h")
        t = self.act(id, "reply", text="done")
        self.assertEqual({"confirm"}, set(t["due"]))
        self.assertEqual(1790611200000, t["due"]["confirm"])  # 2 working days behind 09-23: 09-24 and 09-28

    def test_merge_is_a_pointer_and_unmerge_takes_it_back(self):
        a, b = self.make("handling"), self.make("handling")
        self.says(b, "merge", "ticket %d cannot be linked to itself" % b, {"ticket": b})
        self.refused("ticket.act", {"id": b, "action": "merge", "data": {"ticket": 99}}, code="not_found")
        answer = self.c.call("ticket.get", id=b)["due"]["answer"]
        t = self.act(b, "merge", ticket=a)
        self.assertEqual(("closed", a, {}), (t["stage"], t["merged_into"], t["due"]))
        self.says(b, "reopen", "it was merged into another ticket: work that one, or unmerge first / 工单已并入另一工单，请在主单处理或先拆分",
            {"reason": "x"})
        self.assertEqual(a, self.c.call("contact.add", ticket=b, channel="app", kind="urge")["ticket"])
        self.assertEqual((1, 0), (self.c.call("ticket.get", id=a)["contacts"], self.c.call("ticket.get", id=b)["contacts"]))
        t = self.act(b, "unmerge", ticket=a)
        self.assertEqual(("handling", "inProgress", answer), (t["stage"], t["status"], t["due"]["answer"]))
        self.assertNotIn("merged_into", t)
        self.assertEqual(b, self.c.call("contact.add", ticket=b, channel="app", kind="urge")["ticket"])
        closed = self.make("closed")
        self.says(closed, "unmerge", "the ticket was not merged / 工单没有合并过", {"ticket": a})

    def test_merges_go_in_no_circle(self):
        ids = [self.make("handling") for _ in range(12)]
        for one, into in zip(ids, ids[1:]):
            self.act(one, "merge", ticket=into)
        # a long way, followed to its end
        self.assertEqual(ids[-1], self.c.call("contact.add", ticket=ids[0], channel="app", kind="urge")["ticket"])
        for into in (ids[0], ids[5], ids[-2]):
            self.says(ids[-1], "merge", "ticket %d is merged into ticket %d already: a merge cannot go in a circle" % (into, ids[-1]),
                {"ticket": into})
        self.act(ids[-2], "unmerge", ticket=ids[-1])
        self.act(ids[-1], "merge", ticket=ids[0])
        self.assertEqual(ids[-2], self.c.call("contact.add", ticket=ids[-1], channel="app", kind="urge")["ticket"])

    def test_escalate_reject_cancel(self):
        id = self.make("handling")
        t = self.act(id, "escalate", reason="the press is on the line", grade="major", queue="expert")
        self.assertEqual(("handling", "major", "expert", "expert"), (t["stage"], t["grade"], t["queue"], t["department"]))
        t = self.act(self.make(), "reject", reason="not our customer")
        self.assertEqual(("closed", "rejected", "not our customer", {}), (t["stage"], t["status"], t["resolution"], t["due"]))
        t = self.act(self.make("dispatched"), "cancel", reason="withdrawn")
        self.assertEqual(("closed", "cancelled", "withdrawn"), (t["stage"], t["status"], t["resolution"]))

    def test_accept_completes(self):
        id = self.make(category="billing.cdr", number="1380013")
        t = self.c.call("ticket.get", id=id)
        self.assertEqual((False, ["number", "fields.amount", "fields.month"]), (t["complete"], sorted(t["missing"], key=lambda m: m[:1] != "n")))
        t = self.act(id, "accept", number=NUMBER, fields={"amount": 5000})
        self.assertEqual((False, ["fields.month"], True), (t["complete"], t["missing"], "completion" in t["due"]))
        t = self.act(id, "accept", fields={"month": "2026-08"})
        self.assertEqual((True, [], False, {"amount": 5000, "month": "2026-08"}), (t["complete"], t["missing"], "completion" in t["due"], t["fields"]))

    def test_outdated_codes(self):
        t = self.c.call("ticket.get", id=self.make(category="recharge.delay", channel="ivr"))
        self.assertEqual(("recharge.not_credited", {"category_was": "recharge.delay"}), (t["category"], t["fields"]))
        because = self.c.call("ticket.explain", id=t["id"])["decisions"][0]["because"]
        self.assertIn({"rule": "catalog/recharge.delay", "because": "replaced by recharge.not_credited", "line": "catalog.csv:42"}, because)
        self.refused("ticket.create", {"channel": "app", "text": "x", "category": "network.signal"}, code="rejected", argument="category",
            value="network.signal", reason='allowed: ["network.no_service","network.5g"]',
            message="category network.signal was split; use one of network.no_service, network.5g / "
            "分类 network.signal 已拆分；请改用 network.no_service, network.5g")
        self.refused("ticket.create", {"channel": "app", "text": "x", "category": "vas.ringtone"}, code="rejected", argument="category",
            message="category vas.ringtone ended on 2024-12-31 and nothing replaced it / 分类 vas.ringtone 已于 2024-12-31 停用，没有替代分类")
        t = self.act(self.make(), "accept", category="recharge.delay")
        self.assertEqual("recharge.not_credited", t["category"])


if __name__ == "__main__":
    main()
