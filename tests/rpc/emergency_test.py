"""A major-complaint emergency (重大投诉应急) on the Guangdong pack: clocks that follow the class, the runbook, status reports at their rhythm,
public opinion, the reports by law with their drafts, the review."""

import os

from daemon import ME, ROOT, START_MS, Case, Daemon, RpcError, history, main

MINUTE_MS = 60 * 1000
HOUR_MS = 60 * MINUTE_MS


class Guangdong(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"))
        d.start()
        return d

    def declare(self, users=None, minutes=None, **fields):
        e = self.c.call("ticket.create", kind="emergency", channel="webhook", text="深圳充值中断", title="深圳充值中断", city="shenzhen",
            category="recharge.not_credited", fields=fields)
        if users is not None:
            self.act(e["id"], "size", users=users, minutes=minutes)
        return e

    def act(self, of, action, **data):
        return self.c.call("ticket.act", id=of, action=action, data=data)

    def duty(self, after=0):
        """What the duty desk was told: (minutes after 10:00, event or rule, to)."""
        c = self.connect()
        c.call("topic.subscribe", topics=["duty"], after=after)
        n = quiet = 0
        while quiet < 10:
            c.call("session.ping")
            quiet, n = (quiet + 1 if len(c.events) == n else 0), len(c.events)
        c.close()
        return [((e["at"] - START_MS) // MINUTE_MS, e["data"].get("event") or e["data"]["rule"].split("/")[1], e["data"].get("to"))
            for e in (params[0] for _, params in c.events)]

    def due(self, ticket):
        return {k: (at - START_MS) // MINUTE_MS for k, at in self.c.call("ticket.get", id=ticket)["due"].items()}


class Emergency(Guangdong):
    def test_impossible_figures_are_refused(self):
        """They would stand in the report that is owed by law."""
        e = self.declare()["id"]
        users = ("a count: whole, from 0 to 2000000000", "数量：0 到 2000000000 的整数")
        minutes = ("a number of minutes: whole, from 0 to 5256000 (ten years)", "分钟数：0 到 5256000（十年）的整数")
        for data, name, shown, says in (({"users": -5, "minutes": 1e300}, "minutes", "1e+300", minutes), ({"users": -5, "minutes": 5}, "users", "-5", users),
                ({"users": 2 ** 60, "minutes": 5}, "users", "1152921504606846976", users), ({"users": 5, "minutes": -1}, "minutes", "-1", minutes),
                ({"users": 1.5, "minutes": 5}, "users", "1.5", users)):
            with self.subTest(**data), self.assertRaises(RpcError) as raised:
                self.act(e, "size", **data)
            self.assertEqual('data.%s: "%s" is not %s / data.%s：“%s”不是%s' % (name, shown, says[0], name, shown, says[1]),
                raised.exception.error["message"])
        self.act(e, "size", users=0, minutes=0)

    def test_clocks_are_set_and_moved_when_the_class_is_known_and_changes(self):
        e = self.declare()["id"]
        self.assertEqual({"respond": 15}, self.due(e))
        self.c.call("clock.advance", by="10m")
        self.act(e, "respond")
        self.assertEqual({}, self.due(e))
        self.c.call("clock.advance", by="10m")
        self.act(e, "size", users=120000, minutes=20)
        self.assertEqual({"report_oral": 20 + 240, "report_written": 20 + 24 * 60}, self.due(e))
        self.c.call("clock.advance", by="45m")
        self.act(e, "size", users=600000, minutes=65)  # 特别重大: over the time that has passed, so the oral report is late
        self.assertEqual({"report_oral": 20 + 15, "report_written": 20 + 240}, self.due(e))
        self.act(e, "report_oral", to="省通信管理局", text="已口头报告")
        self.assertEqual({"report_written": 20 + 240}, self.due(e))
        self.act(e, "size", users=80000, minutes=65)  # corrected: what was owed is still owed
        self.assertEqual({"report_written": 20 + 240}, self.due(e))
        changes = [[(d["point"], [b["rule"] for b in d["because"]]) for d in x["decisions"]] for x in history(self.c, e) if x.get("action") == "size"]
        self.assertEqual([("act", ["clocks/oral report: in four hours", "clocks/written report: in a day"])], changes[0])
        self.assertEqual([("act", ["clocks/oral report: at once", "clocks/written report: in four hours"])], changes[1])

    def test_clocks_survive_a_kill(self):
        e = self.declare()["id"]
        self.act(e, "size", users=600000, minutes=65)
        before = self.due(e)
        self.restart()
        self.assertEqual(before, self.due(e))
        self.assertEqual({"respond": 15, "report_oral": 15, "report_written": 240}, before)

    def test_the_limits_are_chased_day_and_night(self):
        e = self.declare(users=600000, minutes=70)["id"]
        self.act(e, "respond")
        self.c.call("clock.advance", by="31m")
        oral = [t for t in self.duty() if t[1].startswith("a limit")]
        self.assertEqual([(11, "a limit of the emergency comes near", "lin.bin")], [t for t in oral if t[0] == 11][:1])
        self.assertEqual([15, 15, 15, 30, 30, 30], [at for at, what, _ in oral if what == "a limit of the emergency has passed"])

    def test_status_reports_at_a_rhythm(self):
        e = self.declare()["id"]
        self.act(e, "respond")
        self.c.call("clock.advance", by="30m")
        self.act(e, "status", text="正在切换主库")
        self.c.call("clock.advance", by="61m")  # due at 60 and at 90
        self.assertEqual([30, 30, 60, 60, 90, 90], [at for at, what, _ in self.duty() if what == "a status report is due"])
        t = self.c.call("ticket.get", id=e)
        self.assertEqual((3, 1, "正在切换主库"), (t["fields"]["reminded"], t["fields"]["reports"], t["fields"]["status_text"]))
        self.assertEqual([{"text": "正在切换主库", "by": ME, "at": START_MS + 30 * MINUTE_MS}], t["fields"]["statuses"])
        self.act(e, "restore", text="已恢复")
        self.c.call("clock.advance", by="3h")
        self.assertEqual(6, len([1 for _, what, _ in self.duty() if what == "a status report is due"]))

    def test_call_out_runbook_and_opinion(self):
        e = self.declare()["id"]
        self.act(e, "call", person="peng.yan", text="速来")
        self.assertEqual([(0, "declared", self.c.call("ticket.get", id=e)["owner"]), (0, "called", "peng.yan")],
            [t for t in self.duty() if t[1] in ("declared", "called")])
        self.act(e, "tick", step="确认影响范围")
        self.c.call("clock.advance", by="7m")
        self.act(e, "tick", step="切换主库", text="由备库接管")
        self.assertEqual([{"step": "确认影响范围", "by": ME, "at": START_MS},
            {"step": "切换主库", "text": "由备库接管", "by": ME, "at": START_MS + 7 * MINUTE_MS}],
            self.c.call("ticket.get", id=e)["fields"]["ticked"])
        post = self.c.call("ticket.create", channel="social_media", text="微博：充值不到账上热搜", category="recharge.not_credited", city="shenzhen")["id"]
        self.act(e, "opinion", source="微博", text="话题阅读量300万", ticket=post)
        t = self.c.call("ticket.get", id=e)
        self.assertEqual([{"source": "微博", "text": "话题阅读量300万", "ticket": post, "by": ME, "at": START_MS + 7 * MINUTE_MS}],
            t["fields"]["opinions"])
        self.assertEqual([{"type": "opinion", "id": post}], t["links"])
        self.act(e, "opinion", source="报社来电", text="询问原因")
        self.assertEqual(2, len(self.c.call("ticket.get", id=e)["fields"]["opinions"]))

    def test_the_draft_has_what_is_known_and_names_what_is_not(self):
        case = self.c.call("ticket.create", kind="incident", channel="webhook", text="充值未到账", title="深圳充值未到账", city="shenzhen",
            category="recharge.not_credited")["id"]
        for i in range(3):
            self.create(text="充值没有到账", number="1380013000%d" % i, city="shenzhen", category="recharge.not_credited")
        e = self.declare(incident=case)
        none = self.c.call("draft.get", id=e["id"], draft="report_written")["drafts"][0]
        self.assertEqual(("none", ["class", "due", "users", "minutes", "cause", "measures", "progress", "opinions"]),
            (none["state"], [m["name"] for m in none["missing"]]))
        self.assertNotIn("due", none)
        self.act(e["id"], "respond")
        self.act(e["id"], "size", users=600000, minutes=65)
        self.act(e["id"], "tick", step="切换主库")
        self.c.call("clock.advance", by="20m")
        got = self.c.call("draft.get", id=e["id"])
        self.assertEqual(["report_oral", "report_written"], [d["name"] for d in got["drafts"]])
        oral, written = got["drafts"]
        self.assertEqual(("running", START_MS + 15 * MINUTE_MS, -5 * MINUTE_MS), (oral["state"], oral["due"], oral["left_ms"]))
        self.assertEqual(("running", START_MS + 4 * HOUR_MS, 220 * MINUTE_MS), (written["state"], written["due"], written["left_ms"]))
        self.assertEqual([{"name": "cause", "label": {"zh": "原因", "en": "cause"}},
            {"name": "progress", "label": {"zh": "处置进展", "en": "progress"}},
            {"name": "opinions", "label": {"zh": "舆情", "en": "public opinion"}}], written["missing"])
        self.assertEqual("【草稿，未报送】网络运行事故书面报告\n报：广东省通信管理局（必要时同报工业和信息化部）\n"
            "编号：%s　等级：特别重大　报告时限：2026-09-22 14:00\n一、发生时间：2026-09-22 10:00\n二、地点：深圳\n三、事件：深圳充值未到账（充值未到账）\n"
            "四、影响：受影响用户 600000 户，持续 65 分钟，投诉 3 件\n五、原因：【缺：原因】\n六、已采取措施：切换主库（%s，2026-09-22 10:00）\n"
            "七、处置进展：【缺：处置进展】\n八、舆情：【缺：舆情】\n九、联系人：%s\n（草稿生成于 2026-09-22 10:20）" % (e["no"], ME, ME), written["zh"])
        self.assertIn("DRAFT, not sent: written report of a network accident\n", written["en"])
        self.assertIn("5. Cause: [missing: cause]\n", written["en"])
        self.refused("draft.get", {"id": case}, code="not_found", argument="id", message="the pack drafts no report of a ticket of kind incident")
        self.refused("draft.get", {"id": e["id"], "draft": "report_orel"}, code="bad_request", argument="draft")

    def test_what_is_owed_now(self):
        self.assertEqual({"drafts": []}, self.c.call("draft.list"))
        a, b = self.declare(users=120000, minutes=10)["id"], self.declare(users=600000, minutes=70, drill=True)["id"]
        owed = self.c.call("draft.list")["drafts"]
        self.assertEqual([(b, "report_oral", 15, True), (a, "report_oral", 240, None), (b, "report_written", 240, True), (a, "report_written", 1440, None)],
            [(o["id"], o["draft"], o["left_ms"] // MINUTE_MS, o.get("drill")) for o in owed])
        self.act(b, "respond")
        self.act(b, "report_oral", to="x", text="y")
        self.act(a, "restore", text="已恢复")
        self.assertEqual([(a, "report_oral"), (b, "report_written"), (a, "report_written")],
            [(o["id"], o["draft"]) for o in self.c.call("draft.list")["drafts"]])
        self.act(a, "review", cause="数据库", text="扩容")
        self.assertEqual([(b, "report_written")], [(o["id"], o["draft"]) for o in self.c.call("draft.list")["drafts"]])

    def test_reviewed_after_recovery(self):
        e = self.declare()["id"]
        self.act(e, "restore", text="已恢复")
        self.assertEqual(["review"], list(self.c.call("ticket.get", id=e)["due"]))
        t = self.act(e, "review", cause="数据库连接用尽", text="扩容并加监控")
        self.assertEqual(("closed", "数据库连接用尽", "扩容并加监控"), (t["stage"], t["cause"], t["fields"]["review"]))


class ByItself(Guangdong):
    """An incident becomes an emergency by how many it hits and for how long; once; the clocks begin with that fact."""

    def incident(self, affected, **more):
        return self.c.call("ticket.create", kind="incident", channel="webhook", text="充值未到账", title="深圳充值未到账", city="shenzhen",
            category="recharge.not_credited", fields={"affected": affected}, **more)["id"]

    def emergencies(self):
        return self.c.call("ticket.find", where={"kind": "emergency"})["tickets"]

    def test_so_many_at_once(self):
        small, drill = self.incident(99999), self.incident(600000)
        self.c.call("ticket.act", id=drill, action="cancel", data={"reason": "测试"})
        case = self.incident(120000)
        self.c.call("clock.advance", by="1m")
        (e,) = self.emergencies()
        got = self.c.call("ticket.get", id=e["id"])
        self.assertEqual(("declared", case, 120000, 1, START_MS + MINUTE_MS, "深圳充值未到账", "shenzhen"),
            (got["stage"], got["fields"]["incident"], got["fields"]["users"], got["fields"]["minutes"], got["occurred"], got["title"], got["city"]))
        self.assertEqual({"respond": 1 + 15, "report_oral": 1 + 240, "report_written": 1 + 24 * 60}, self.due(e["id"]))
        self.assertEqual([{"type": "raised", "id": e["id"]}], self.c.call("ticket.get", id=case)["links"])
        self.assertEqual([(1, "declared", got["owner"])], [t for t in self.duty() if t[1] == "declared"])
        self.assertEqual(0, self.c.call("incident.get", id=case)["children"])  # it is no complaint
        self.restart()
        self.c.call("clock.advance", by="2h")
        self.assertEqual([e["id"]], [x["id"] for x in self.emergencies()])  # once
        self.assertEqual(None, self.c.call("ticket.get", id=small).get("links"))

    def test_for_so_long_is_a_fact_of_its_own_time(self):
        """Over half a million, an hour later of a higher class: the reports move, no second emergency."""
        case = self.incident(600000, occurred=START_MS - 30 * MINUTE_MS)
        self.c.call("clock.advance", by="1m")
        (e,) = self.emergencies()
        self.assertEqual({"respond": 16, "report_oral": 1 + 240, "report_written": 1 + 24 * 60}, self.due(e["id"]))
        self.c.call("clock.advance", by="29m")  # 10:30: for an hour
        self.assertEqual({"respond": 16, "report_oral": 1 + 240, "report_written": 1 + 24 * 60}, self.due(e["id"]))
        self.c.call("clock.advance", by="1m")
        self.assertEqual({"respond": 16, "report_oral": 1 + 15, "report_written": 1 + 240}, self.due(e["id"]))
        fields = self.c.call("ticket.get", id=e["id"])["fields"]
        self.assertEqual((600000, 61, case), (fields["users"], fields["minutes"], fields["incident"]))
        self.assertEqual(1, len(self.emergencies()))

    def test_downtime_does_not_move_the_fact(self):
        """It came to be of its class at 10:05, while nobody looked: the clocks began then."""
        case = self.incident(600000, occurred=START_MS - 55 * MINUTE_MS)
        self.c.close()
        self.d.kill()
        self.d.clock = "virtual:2026-09-22T11:10"
        self.d.start()
        self.c = self.connect()
        self.c.call("clock.advance", by="1s")
        (e,) = self.emergencies()
        self.assertEqual("class 1: more than 500 000 numbers for more than an hour", self.c.call("ticket.get", id=case)["fields"]["class"])
        self.assertEqual({"respond": 5 + 15, "report_oral": 5 + 15, "report_written": 5 + 240}, self.due(e["id"]))

    def test_cases_that_are_merged_are_one_emergency(self):
        """What a case became goes along: no second one is declared, and its report has the figures of the case that goes on."""
        a = self.incident(120000)
        self.c.call("clock.advance", by="1m")
        (e,) = self.emergencies()
        b = self.incident(600000, occurred=START_MS - 90 * MINUTE_MS)
        self.act(a, "merge", ticket=b)
        self.c.call("clock.advance", by="9m")
        self.assertEqual([e["id"]], [x["id"] for x in self.emergencies()])
        fields = self.c.call("ticket.get", id=e["id"])["fields"]
        self.assertEqual((600000, 92, a), (fields["users"], fields["minutes"], fields["incident"]))
        figures = lambda: next(line for line in self.c.call("draft.get", id=e["id"], draft="report_written")["drafts"][0]["zh"].split("\n")
            if line.startswith("四、"))
        self.assertEqual("四、影响：受影响用户 600000 户，持续 100 分钟，投诉 0 件", figures())
        self.act(a, "unmerge")
        self.c.call("clock.advance", by="1m")  # each has its own again
        self.assertEqual("四、影响：受影响用户 120000 户，持续 11 分钟，投诉 0 件", figures())
        self.assertEqual([a, b], [self.c.call("ticket.get", id=x["id"])["fields"]["incident"] for x in sorted(self.emergencies(), key=lambda x: x["id"])])

    def failed(self, numbers):
        for k in range(numbers[0], numbers[1], 1000):
            self.c.call("signal.push", signals=[{"at": self.c.call("clock.now")["now"], "source": "boss", "kind": "txn_failed", "city": "foshan",
                "component": "recharge_gateway", "number": str(13600000000 + i)} for i in range(k, k + 1000)])

    def test_a_draft_has_the_figures_of_its_minute(self):
        """By signals alone: the report says what failed, how many by now and for how long; what a person says counts before that."""
        self.failed((0, 101000))
        self.c.call("clock.advance", by="2m")
        (e,) = self.emergencies()
        (case,) = self.c.call("incident.list")["incidents"]
        self.assertEqual(("佛山 充值未到账 近1分钟交易失败101000笔，平时1笔，偶然的可能不到十亿分之一（p = <1e-300）", "important"), (case["title"], case["grade"]))
        figures = lambda: [line for line in self.c.call("draft.get", id=e["id"], draft="report_written")["drafts"][0]["zh"].split("\n")
            if line[:2] in ("编号", "三、", "四、")]
        self.assertEqual(["编号：%s　等级：重大或较大　报告时限：2026-09-23 10:00" % e["no"], "三、事件：充值未到账（充值缴费）",
            "四、影响：受影响用户 101000 户，持续 2 分钟，投诉 0 件"], figures())
        self.assertIn("in Foshan: recharge not credited (recharge", self.c.call("draft.get", id=e["id"], draft="report_oral")["drafts"][0]["en"])
        self.c.call("clock.advance", by="28m")
        self.failed((101000, 105000))
        self.assertEqual("四、影响：受影响用户 105000 户，持续 30 分钟，投诉 0 件", figures()[2])
        self.c.call("ticket.act", id=e["id"], action="size", data={"users": 90000, "minutes": 25})
        self.assertEqual(["编号：%s　等级：一般　报告时限：2026-09-23 10:00" % e["no"], "四、影响：受影响用户 90000 户，持续 25 分钟，投诉 0 件"], figures()[::2])

    def test_why(self):
        case = self.incident(120000)
        self.c.call("clock.advance", by="1m")
        said = self.c.call("ticket.explain", id=case)["decisions"]
        self.assertEqual([("declare", ["declare/class 2 or 3: 100 000 numbers or more"])],
            [(d["point"], [b["rule"] for b in d["because"]]) for d in said if d["point"] == "declare"])


if __name__ == "__main__":
    main()
