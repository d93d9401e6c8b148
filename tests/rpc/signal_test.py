"""Signals: accepted and rejected one by one, folded into counts that survive kill -9; suspects by evidence; planned changes."""

import os
import shutil
import tempfile

from daemon import DAY_MS, HOUR_MS, PACK as DEFAULT, START_MS, Case, Daemon, main

MINUTE_MS = 60 * 1000
PACK = """pack { base = "default", name = "signals" }
kind "incident" {
  prefix = "I", first = "open", zh = "事件", en = "incident",
  stage "open" { status = "inProgress", zh = "处理中", en = "open" },
  stage "closed" { status = "closed", zh = "已关闭", en = "closed" },
  action "close" { zh = "关闭", en = "close", from = { "open" }, to = "closed" },
}
"""
COMPONENTS = """
component "gateway" { zh = "网关", en = "gateway", service = "recharge", depends_on = { "billing", "sms" }, team = "front", rhythm = "5m" }
component "billing" { zh = "计费", en = "billing", service = "billing", depends_on = { "database" }, team = "core" }
component "database" { zh = "数据库", en = "database", service = "database", team = "core" }
component "sms" { zh = "短信", en = "sms", service = "sms", team = "front" }
component "portal" { zh = "门户", en = "portal", service = "portal", team = "front" }
fault "recharge" { zh = "充值", en = "recharge", service = "recharge", categories = { "recharge" } }
"""


class Signals(Case):
    def daemon_new(self):
        folder = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, folder, True)
        for name, text in (("pack.lua", PACK), ("components.lua", COMPONENTS)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        self.folder = folder
        d = Daemon(rules=folder)
        self.addCleanup(d.close)
        d.start()
        return d

    def signal(self, kind="txn_failed", component="gateway", **more):
        s = {"at": START_MS, "source": "boss", "kind": kind, "component": component, "city": "shenzhen"}
        s.update(more)
        return {key: x for key, x in s.items() if x is not None}

    def push(self, *signals):
        answer = self.c.call("signal.push", signals=list(signals))
        self.assertEqual({"accepted": len(signals), "rejected": []}, answer)

    def rejected(self, signal):
        answer = self.c.call("signal.push", signals=[self.signal(), signal, self.signal()])
        self.assertEqual(2, answer["accepted"])
        self.assertEqual(1, len(answer["rejected"]))
        self.assertEqual(1, answer["rejected"][0]["index"])
        return answer["rejected"][0]["field"], answer["rejected"][0]["message"]

    def counts(self, **more):
        return self.c.call("signal.counts", more)["counts"]


class TriedAgain(Signals):
    """A timer whose work cannot be stored is due again after a pause: here lists for more topics than an entry tells."""

    def publish(self, topics):
        with open(os.path.join(self.folder, "components.lua"), "w", encoding="utf-8") as f:
            f.write(COMPONENTS.replace('categories = { "recharge" } }', 'categories = { "recharge" }, publish = { %s } }'
                % ", ".join('"%s"' % t for t in topics)))

    def test_too_many_topics_and_a_better_pack(self):
        self.publish(["topic%d" % i for i in range(200)])
        self.assertTrue(self.c.call("rules.reload")["ok"])
        cities = sorted(self.c.call("catalog.get")["cities"])
        self.assertEqual(21, len(cities))
        self.create(kind="incident", category="recharge.not_credited", title="province", text="x")
        self.push(*[self.signal(city=city, service="recharge", component=None, number="138%08d" % i) for i, city in enumerate(cities)])
        self.c.call("clock.advance", by="2m")
        broken = self.d.log("timer.broken")
        self.assertTrue(2 <= len(broken) <= 3, broken)
        self.assertIn("more than 4096", broken[0])
        self.publish(["incident"])
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.c.call("clock.advance", by="1m")
        self.c.call("topic.subscribe", topics=["incident"], after=0)
        for _ in range(20):
            self.c.call("session.ping")
        told = sorted(p[0]["data"]["city"] for _, p in self.c.events if p[0]["data"].get("event") == "numbers")
        self.assertEqual(cities, told)


class Push(Signals):
    def test_rejected_one_by_one(self):
        late, ahead = DAY_MS, MINUTE_MS
        for bad, field, message in (
                ("x", "", "a signal is a map {at, source, kind, …}, not text"),
                (self.signal(at=None), "at", "at is missing"),
                (self.signal(at="noon"), "at", "at must be a time: integer ms since 1970 UTC, or ISO 8601 text"),
                (self.signal(at=START_MS - late - 1), "at", "at is 2026-09-21T09:59:59.999+08:00, longer ago than the 1d by which a signal may be late"),
                (self.signal(at=START_MS + ahead + 1), "at", "at is 2026-09-22T10:01:00.001+08:00, further ahead than the 1m by which clocks may differ"),
                (self.signal(source=None), "source", "source is missing"),
                (self.signal(kind=None), "kind", "kind is missing"),
                (self.signal(kind="txn_fail"), "kind", 'kind "txn_fail" is not in the catalog (did you mean "txn_failed"?)'),
                (self.signal(city="shenzen"), "city", 'city "shenzen" is not in the catalog (did you mean "shenzhen"?)'),
                (self.signal(component="gatway"), "component", 'component "gatway" is not in the catalog (did you mean "gateway"?)'),
                (self.signal(service="rechange"), "service", 'service "rechange" is not in the catalog (did you mean "recharge"?)'),
                (self.signal(number="12a"), "number", "number is not 1 to 15 digits"),
                (self.signal(number=13800138000), "number", "number must be text, not integer"),
                (self.signal(code=7), "code", "code must be text of 1 to 64 bytes"),
                (self.signal(wher="x"), "", "wher is not a field of a signal"),
                (self.signal(kind="metric"), "value", "value must be a number"),
                (self.signal(kind="component_state", value="dead"), "value", 'value must be "up", "degraded" or "down"'),
                (self.signal(kind="component_state", value="up", component=None), "component", "component is missing: whose state is it?")):
            with self.subTest(message):
                self.assertEqual((field, message), self.rejected(bad))

    def test_rejected_in_chinese(self):
        late = [self.signal(at=START_MS - DAY_MS - 1), self.signal(at=START_MS + MINUTE_MS + 1), self.signal(kind="txn_fail"), "x", self.signal(wher=1)]
        self.assertEqual(["at 是 2026-09-21T09:59:59.999+08:00，太早，超出信号允许迟到的 1d", "at 是 2026-09-22T10:01:00.001+08:00，比现在晚，超出时钟允许相差的 1m",
            "kind“txn_fail”不在目录里（是不是“txn_failed”？）", "信号应为一组字段 {at, source, kind, …}，而不是文本", "信号没有 wher 这个字段"],
            [r["message_zh"] for r in self.c.call("signal.push", signals=late)["rejected"]])

    def test_a_state_out_of_order(self):
        self.push(self.signal("component_state", value="down"))
        self.assertEqual(("at", "out of order: a state of gateway from 2026-09-22T10:00:00.000+08:00 is known already"),
            self.rejected(self.signal("component_state", value="up", at=START_MS - MINUTE_MS)))

    def test_counts_survive_kill(self):
        self.push(*[self.signal() for _ in range(5)], self.signal(city=None), self.signal(at=START_MS - MINUTE_MS), self.signal("txn_ok"))
        self.push(self.signal("metric", code="queue", value=3), self.signal("metric", code="queue", value=9.5))
        self.push(self.signal("metric", code="queue", value=1))
        self.restart()
        self.push(self.signal())
        of = {"component": "gateway", "service": "recharge"}
        self.assertEqual([dict(of, kind="txn_failed", n=1), dict(of, kind="txn_failed", city="shenzhen", n=7)],
            sorted(self.counts(kind="txn_failed"), key=lambda c: c["n"]))
        self.assertEqual([dict(of, kind="metric", city="shenzhen", name="queue", n=3, sum=13.5, min=1, max=9.5, last=1)],
            self.counts(kind="metric"))

    def test_request_id_and_nothing_raw(self):
        signals = [self.signal(number="13812345678")]
        for _ in range(2):
            self.assertEqual(1, self.c.call("signal.push", signals=signals, request_id="r1")["accepted"])
        self.assertEqual(1, self.counts()[0]["n"])
        self.refused("signal.push", {"signals": [self.signal()], "request_id": "r1"}, code="conflict")
        with open(os.path.join(self.d.data, "tocsin.log"), "rb") if os.path.exists(os.path.join(self.d.data, "tocsin.log")) else open(os.devnull, "rb") as f:
            self.assertNotIn(b"13812345678", f.read())

    def test_silent_component(self):
        def source():
            return {s["name"]: s for s in self.c.call("server.stats")["sources"]}["gateway"]
        self.push(self.signal("txn_ok"))
        self.assertEqual((False, 5 * MINUTE_MS), (source()["is_late"], source()["expected_ms"]))
        self.c.call("clock.advance", by=5 * MINUTE_MS + 1)
        self.assertTrue(source()["is_late"])

    def test_old_counts_go(self):
        self.push(*[self.signal(at=START_MS - i * MINUTE_MS) for i in range(20)])
        self.c.call("clock.advance", by="8d")
        self.push(*[self.signal(at=START_MS + 8 * DAY_MS) for _ in range(20)])
        self.push(*[self.signal(at=START_MS + 8 * DAY_MS) for _ in range(20)])
        self.push(*[self.signal(at=START_MS + 8 * DAY_MS) for _ in range(20)])
        self.assertEqual(60, sum(c["n"] for c in self.counts(**{"from": START_MS - DAY_MS})))

    def test_too_many_streams(self):
        with open(os.path.join(self.d.rules, "signals.lua"), "w", encoding="utf-8") as f:
            f.write('signals { streams = 2, { "txn_failed", zh = "失败", en = "failed", number = "affected" } }\n'
                'suspects { order = { { by = "share" } } }\n')
        self.c.call("rules.reload")
        answer = self.c.call("signal.push", signals=[self.signal(city=city) for city in ("shenzhen", "zhuhai", "foshan")])
        self.assertEqual({"accepted": 2, "rejected": [{"index": 2, "field": "kind",
            "message": "this minute has 2 streams of txn_failed already (signals.streams of the pack)",
            "message_zh": "这一分钟已有 2 条 txn_failed 序列（规则包的 signals.streams）"}]}, answer)

    def test_many_metrics_take_no_room_from_failures(self):
        with open(os.path.join(self.d.rules, "signals.lua"), "w", encoding="utf-8") as f:
            f.write('signals { streams = 2, { "txn_failed", zh = "失败", en = "failed", number = "affected" },\n'
                '  { "metric", zh = "指标", en = "metric", value = "number" } }\nsuspects { order = { { by = "share" } } }\n')
        self.c.call("rules.reload")
        answer = self.c.call("signal.push", signals=[self.signal("metric", code="lat_%d" % i, value=1) for i in range(3)])
        self.assertEqual((2, ["this minute has 2 streams of metric already (signals.streams of the pack)"]),
                         (answer["accepted"], [r["message"] for r in answer["rejected"]]))
        self.push(self.signal(), self.signal(city="zhuhai"))

    def test_what_is_rejected_leaves_nothing(self):
        """The lists are full: its stream does not count in the minute. The minute is full: its state is not known."""
        with open(os.path.join(self.d.rules, "signals.lua"), "w", encoding="utf-8") as f:
            f.write('signals { streams = 2, numbers = 1, { "txn_failed", zh = "失败", en = "failed", number = "affected" },\n'
                '  { "state", zh = "状态", en = "state", value = "state" } }\n'
                'suspects { order = { { by = "share" } } }\n')
        self.c.call("rules.reload")
        full = "the lists of numbers are full (signals.numbers of the pack)"
        answer = self.c.call("signal.push", signals=[self.signal(city=city, number="1380000%04d" % i)
                                                     for i, city in enumerate(("shenzhen", "zhuhai", "foshan", "dongguan"))])
        self.assertEqual((1, [full] * 3), (answer["accepted"], [r["message"] for r in answer["rejected"]]))
        self.push(self.signal(city="zhuhai", number=None))  # the second stream has room
        self.push(*[self.signal("state", value="up", city=city) for city in ("shenzhen", "zhuhai")])
        answer = self.c.call("signal.push", signals=[self.signal("state", value="down", city="foshan")])
        self.assertEqual((0, ["this minute has 2 streams of state already (signals.streams of the pack)"]),
                         (answer["accepted"], [r["message"] for r in answer["rejected"]]))
        self.push(self.signal("state", value="up", city="foshan", at=START_MS - MINUTE_MS))  # nothing later is known


class Suspects(Signals):
    def suspects(self, **more):
        return self.c.call("incident.suspects", more or {"service": "recharge"})

    def evidence(self, suspect):
        return {e["by"]: e["value"] for e in suspect["evidence"]}

    def test_unknown_when_thin(self):
        self.assertEqual(("unknown", []), (self.suspects()["suspect"], self.suspects()["suspects"]))
        self.push(*[self.signal() for _ in range(19)])
        self.assertEqual("unknown", self.suspects()["suspect"])
        self.push(self.signal())
        self.assertEqual("gateway", self.suspects()["suspect"])
        self.assertEqual({"share": 100, "overlap_cities": 100, "lead": 0, "distance": 0, "failures": 20},
            self.evidence(self.suspects()["suspects"][0]))

    def test_usual_failures_are_no_evidence(self):
        self.push(*[self.signal(at=START_MS - 90 * MINUTE_MS) for _ in range(60)], *[self.signal() for _ in range(60)])
        self.assertEqual("unknown", self.suspects()["suspect"])

    def test_what_it_needs_fails_first(self):
        self.push(*[self.signal(component="database", at=START_MS - 10 * MINUTE_MS) for _ in range(30)],
            *[self.signal(component="gateway") for _ in range(200)], *[self.signal(component="portal") for _ in range(500)])
        answer = self.suspects()
        self.assertEqual(("database", 230), (answer["suspect"], answer["failures"]))
        self.assertEqual(["database", "gateway"], [s["component"] for s in answer["suspects"]])
        self.assertEqual({"share": 100, "overlap_cities": 100, "lead": 10 * MINUTE_MS, "distance": 2, "failures": 30},
            self.evidence(answer["suspects"][0]))
        self.assertEqual("core", answer["suspects"][0]["team"])
        label = answer["suspects"][0]["evidence"][0]["label"]
        self.assertEqual({"zh": "可解释的失败占比", "en": "share of the failures it explains"}, label)
        incident = self.c.call("ticket.create", kind="incident", channel="app", text="x", category="recharge.not_credited")["id"]
        self.assertEqual("database", self.suspects(incident=incident)["suspect"])
        self.assertEqual("database", self.suspects(key="shenzhen/recharge.not_credited")["suspect"])
        self.assertEqual("unknown", self.suspects(key="zhuhai/recharge.not_credited")["suspect"])
        before = self.suspects()
        self.restart()
        self.assertEqual(before, self.suspects())

    def test_state(self):
        self.push(self.signal("component_state", component="billing", value="down"), *[self.signal() for _ in range(50)])
        answer = self.suspects()
        self.assertEqual("billing", answer["suspect"])
        self.assertEqual("down", self.evidence(answer["suspects"][0])["state"])
        self.push(self.signal("component_state", component="billing", value="up", at=START_MS + 1))
        self.assertEqual("gateway", self.suspects()["suspect"])

    def metric(self, code, values, component="database", minutes_ago=10, **more):
        self.push(*[self.signal("metric", component=component, code=code, value=v, at=START_MS - minutes_ago * MINUTE_MS, **more) for v in values])

    def test_a_metric_gone_bad_is_evidence(self):
        self.push(*[self.signal(component="gateway") for _ in range(30)])
        self.metric("latency_ms", [80, 100, 120, 90, 110], minutes_ago=70)
        self.metric("latency_ms", [280, 300, 320, 290, 310], city=None)  # 300 of 100: three times
        self.metric("latency_ms", [900] * 4, component="gateway")  # four readings, and none before
        answer = self.suspects()
        database = next(s for s in answer["suspects"] if s["component"] == "database")
        self.assertEqual({"by": "metric", "value": 300, "unit": "%", "metric": "latency_ms", "mean": 300.0, "mean_before": 100.0,
                          "label": {"zh": "指标恶化（与上一时段之比）", "en": "a metric gone bad, of what it was in the window before"}},
                         next(e for e in database["evidence"] if e["by"] == "metric"))
        self.assertNotIn("metric", self.evidence(next(s for s in answer["suspects"] if s["component"] == "gateway")))
        # what the gateway lacks, the database has: the failures of the gateway may come from it
        self.assertEqual(["database", "gateway"], [s["component"] for s in answer["suspects"]])
        self.assertEqual((100, "database"), (self.evidence(database)["share"], answer["suspect"]))

    def test_a_metric_that_is_lower_or_not_far_enough(self):
        self.metric("success_rate", [0.98] * 5, minutes_ago=70)
        self.metric("success_rate", [0.5] * 5)
        self.assertEqual([], self.suspects()["suspects"])  # 1.96 times
        self.metric("success_rate", [0.0] * 5)
        answer = self.suspects()
        self.assertEqual([("database", 392)], [(s["component"], self.evidence(s)["metric"]) for s in answer["suspects"]])
        self.assertEqual("unknown", answer["suspect"])  # a metric alone names nobody where the pack does not say so
        self.assertEqual([], self.suspects(key="zhuhai/recharge.not_credited")["suspects"])  # told of another city
        self.metric("queue", [1] * 5, minutes_ago=70, component="portal")
        self.metric("queue", [900] * 5, component="portal")  # the portal is of another service
        self.assertEqual(["database"], [s["component"] for s in self.suspects()["suspects"]])

    def test_a_metric_alone_where_the_pack_says_so(self):
        with open(os.path.join(self.d.rules, "components.lua"), "a", encoding="utf-8") as f:
            f.write('suspects { order = { { by = "metric", step = 100 } }, minimum = { failed = 1, metric = 500 },\n'
                '  metrics = { { "queue", zh = "排队", en = "queue", times = 4, readings = 1 } } }\n')
        self.assertTrue(self.c.call("rules.reload")["ok"])
        self.metric("queue", [0], minutes_ago=70)
        self.metric("queue", [3])
        answer = self.suspects()
        self.assertEqual(("database", 100000), (answer["suspect"], self.evidence(answer["suspects"][0])["metric"]))  # it was nothing before
        self.metric("queue", [2], minutes_ago=70)  # 3 of 1: three times, not four
        self.assertEqual(("unknown", []), (self.suspects()["suspect"], self.suspects()["suspects"]))

    def test_one_of(self):
        self.refused("incident.suspects", {}, code="bad_request", message="say one of incident, key and service")


class Changes(Signals):
    def change(self, **more):
        args = {"id": "CR-1", "components": ["sms"], "cities": ["shenzhen"], "from": START_MS, "to": START_MS + 2 * HOUR_MS,
            "owner": "wei.chen", "notice_sent": True}
        args.update(more)
        return self.c.call("change.put", args)

    def test_first_suspect_never_a_mute(self):
        self.change()
        self.c.call("clock.advance", by="30m")
        at = START_MS + 30 * MINUTE_MS
        self.push(*[self.signal(at=at) for _ in range(100)])
        answer = self.c.call("incident.suspects", service="recharge")
        self.assertEqual(["sms", "gateway"], [s["component"] for s in answer["suspects"]])
        self.assertEqual(("sms", "CR-1"), (answer["suspect"], answer["suspects"][0]["planned_change"]["id"]))
        self.assertEqual({"by": "planned_change", "value": 30 * MINUTE_MS, "unit": "ms", "label": {"zh": "计划内割接（开始至今）",
            "en": "planned work, time since its beginning"}}, answer["suspects"][0]["evidence"][0])
        self.assertEqual(100, answer["failures"])
        self.assertEqual("gateway", self.c.call("incident.suspects", key="zhuhai/recharge.not_credited")["suspects"][0]["component"]
            if self.c.call("incident.suspects", key="zhuhai/recharge.not_credited")["suspects"] else "gateway")
        self.c.call("clock.advance", by="23h30m")
        self.assertEqual([], self.c.call("incident.suspects", service="recharge")["suspects"])

    def test_settled(self):
        c = self.connect()
        c.call("topic.subscribe", topics=["duty"])
        self.push(*[self.signal(component="sms", at=START_MS - MINUTE_MS) for _ in range(4)])
        self.change()
        self.change(id="CR-2", components=["portal"])
        self.push(*[self.signal(component="sms") for _ in range(40)], *[self.signal(component="sms", city="zhuhai") for _ in range(9)])
        self.assertEqual("running", self.c.call("change.list")["changes"][0]["state"])
        self.restart()
        self.c.call("clock.advance", by="25h")
        page = self.c.call("change.list", state="settled")
        settled = {change["id"]: change["settled"] for change in page["changes"]}
        self.assertEqual((4, 40, START_MS + DAY_MS), (settled["CR-1"]["expected"], settled["CR-1"]["seen"], settled["CR-1"]["at"]))
        self.assertLess(settled["CR-1"]["p"], 1e-20)
        self.assertEqual((0, 0, 1), (settled["CR-2"]["expected"], settled["CR-2"]["seen"], settled["CR-2"]["p"]))
        team = page["teams"].pop("front")
        self.assertEqual(({}, 2, 4, 40), (page["teams"], team["changes"], team["expected"], team["seen"]))
        self.assertEqual(settled["CR-1"]["p"], team["p"])
        self.refused("change.put", {"id": "CR-1", "components": ["sms"], "from": START_MS + 2 * DAY_MS, "to": START_MS + 3 * DAY_MS, "owner": "x"},
            code="conflict", message='change "CR-1" is settled already')

    def test_settled_by_what_needs_it(self):
        """Work on the database breaks the gateway, two steps above it; the database itself reports nothing."""
        self.change(id="CR-3", components=["database"])
        self.push(*[self.signal() for _ in range(50)], *[self.signal(component="sms") for _ in range(7)])
        self.assertEqual("database", self.c.call("incident.suspects", service="recharge")["suspect"])
        self.c.call("clock.advance", by="25h")
        (change,) = self.c.call("change.list", state="settled")["changes"]
        self.assertEqual((0, 50), (change["settled"]["expected"], change["settled"]["seen"]))
        self.assertLess(change["settled"]["p"], 1e-20)
        self.assertEqual(["database"], change["components"])

    def test_changed_and_refused(self):
        self.change()
        self.change(to=START_MS + 3 * HOUR_MS)
        self.assertEqual([START_MS + 3 * HOUR_MS], [c["to"] for c in self.c.call("change.list")["changes"]])
        with self.assertRaisesRegex(Exception, r'component|components "smss" is not in the catalog \(did you mean "sms"\?\)'):
            self.change(components=["smss"])
        for more, message in (({"components": []}, "components must name at least one component"), ({"to": START_MS}, "to must be later than from"),
                ({"from": START_MS - 3 * DAY_MS, "to": START_MS - 2 * DAY_MS}, "the change began more than 1d ago: it is no suspect any more")):
            with self.subTest(message), self.assertRaisesRegex(Exception, message):
                self.change(**more)


WARNING = """
levels "failed" { { "yellow", enter = { F5 = at_least(100) }, leave = { F5 = less_than(50) }, closes = 3, stay = 2 } }
watch "failed recharges" { of = "signals", kinds = { "txn_failed" }, service = "recharge", by = { "city" }, bin = "1m", sums = { F5 = 5 },
  expected = 1.0, levels = "failed" }
levels "numbers" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(1500) }), leave = { S15 = less_than(75), affected = less_than(700) },
    closes = 3, stay = 6 },
}
watch "recharge" { categories = { "recharge" }, by = { "city", "category" }, bin = "5m", sums = { S15 = 3 }, expected = 2.0, levels = "numbers" }
rules.before "warning" { rule "a case by signals" { when = { suspect = present, incident = absent }, open = "incident" } }
"""


class BySignalsAlone(Signals):
    """S18: 2,000 failed recharges and 0 complaints."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(self.d.rules, "warning.lua"), "w", encoding="utf-8") as f:
            f.write(WARNING)
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)

    def outage(self):
        for at in range(0, 2000, 1000):
            self.push(*[self.signal(number="138%08d" % i) for i in range(at, at + 1000)])

    def test_a_case_opens_and_the_desk_is_told(self):
        c = self.connect()
        c.call("topic.subscribe", topics=["incident"])
        self.outage()
        self.c.call("clock.advance", by="1m")
        incidents = self.c.call("ticket.find", where={"kind": "incident"})["tickets"]
        self.assertEqual(1, len(incidents))
        incident = self.c.call("ticket.get", id=incidents[0]["id"])
        self.assertEqual(("shenzhen", "gateway", "recharge"),
            (incident["city"], incident["fields"]["suspect"], incident["fields"]["service"]))
        self.assertEqual(START_MS + MINUTE_MS, incident["created"])
        self.assertEqual("gateway", self.c.call("incident.suspects", incident=incident["id"])["suspect"])
        page = self.c.call("number.list", incident=incident["id"], list="will_complain", limit=10)
        self.assertEqual((2000, 1), (page["counts"]["will_complain"], page["version"]))
        self.assertEqual("affected", self.c.call("number.check", number="13800000007")["state"])
        self.c.call("clock.advance", by="30s")
        while True:
            at, event = (lambda e: (e["at"], e["data"]))(c.next_event()[1][0])
            if event.get("event") == "numbers":
                break
        self.assertLessEqual(at - incident["created"], 30000)
        self.assertEqual((incident["id"], 2000), (event["incident"], event["counts"]["affected"]))

    def test_affected_is_an_input_of_the_levels(self):
        self.outage()
        self.c.call("clock.advance", by="5m")
        levels = {w["key"]: w["level"] for w in self.c.call("warning.list")["warnings"]}
        self.assertEqual("red", levels["shenzhen/recharge"] if "shenzhen/recharge" in levels else levels.get("shenzhen/recharge.not_credited"), levels)
        self.restart()
        self.push(*[self.signal("txn_ok", number="138%08d" % i, at=START_MS + 5 * MINUTE_MS) for i in range(1400)])
        self.c.call("clock.advance", by="1h")
        levels = {w["key"]: w["level"] for w in self.c.call("warning.list")["warnings"]}
        self.assertEqual({}, {k: x for k, x in levels.items() if "recharge" in k and x != "none" and not k.startswith("signal:")})


main()
