"""Drills (演练): a recorded outage is played again against tonight's rules and roster; nothing else moves, and it is scored."""

import os

from daemon import ME, ROOT, START_MS, Case, Daemon, main

MINUTE_MS = 60 * 1000
LEVELS = [(75, "none", "yellow"), (80, "yellow", "orange"), (95, "orange", "red"), (115, "red", "black")]  # minutes of the recording: S1's


class Drill(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"))
        d.start()
        return d

    def start(self, **args):
        return self.c.call("drill.start", **args)

    def leader(self):
        c = self.connect()
        c.call("session.hello", **{"as": "zhou.gang"})
        return c

    def advance(self, by):
        self.c.call("clock.advance", by=by)

    def told(self, topic):
        return self.published(topic)

    def minutes(self, at):
        return (at - START_MS) / MINUTE_MS

    def levels(self, report):
        return [(self.minutes(x["at"]), x["from"], x["to"]) for x in report["levels"]]

    def test_the_recording_runs_as_it_happened(self):
        said = self.start(drill="recharge_outage")
        self.assertEqual(("演练 DRILL", 1, 37 * 5), (said["label"], said["speed"], self.minutes(said["ends"])))
        self.assertEqual(LEVELS, [(self.minutes(e["at"]), e["from"], e["to"]) for e in said["events"]][:4])
        self.assertEqual((16, 6, "shenzhen/recharge.not_credited"), tuple(said["events"][0][k] for k in ("seen", "expected", "key")))
        drill = self.c.call("ticket.get", id=said["id"])
        self.assertEqual(("incident", "【演练】DRILL: 深圳充值中断（录制）", True), (drill["kind"], drill["title"], drill["fields"]["drill"]))
        self.assertEqual([], self.c.call("drill.report", id=said["id"])["levels"])
        self.advance("79m")
        self.assertEqual(LEVELS[:1], self.levels(self.c.call("drill.report", id=said["id"])))
        self.advance("105m")
        report = self.c.call("drill.report", id=said["id"])
        self.assertEqual(LEVELS + [(180, "black", "red")], self.levels(report))
        self.assertFalse(report["is_over"])
        self.advance("10m")
        self.assertTrue(self.c.call("drill.report", id=said["id"])["is_over"])

    def test_ten_times_as_fast_over_a_kill_and_scored(self):
        drill = self.start(drill="recharge_outage", speed=10)["id"]
        self.advance("8m")  # yellow at 7.5, orange at 8
        self.restart()
        self.advance("1m")
        self.c.call("ticket.act", id=drill, action="take")
        self.advance("1m")
        self.c.call("ticket.act", id=drill, action="call", data={"person": "peng.yan"})
        self.advance("2m")
        self.c.call("ticket.act", id=drill, action="script", data={"zh": "充值故障，正在抢修", "prompt": "P-RECHARGE-01"})
        self.leader().call("ticket.act", id=drill, action="approve_script")
        report = self.c.call("drill.report", id=drill)
        self.assertEqual((1.5, 2.5, 4.5), tuple(report[k] for k in ("acknowledge_min", "call_min", "script_min")))
        self.assertEqual([(7.5, "none", "yellow"), (8, "yellow", "orange"), (9.5, "orange", "red"), (11.5, "red", "black")], self.levels(report))
        self.assertEqual(["recharge_outage", 10], [report["source"], report["speed"]])

    def test_people_are_called_as_tonight_and_until_somebody_acts(self):
        drill = self.start(drill="recharge_outage")["id"]
        self.advance("94m")  # orange since 11:20, asked again at 11:35
        calls = [(self.minutes(c["at"]), c["person"], c["level"], c["rung"]) for c in self.c.call("drill.report", id=drill)["calls"]]
        self.assertEqual([(75, "chen.jing", "yellow", 1), (80, "chen.jing", "orange", 1), (80, "deng.jun", "orange", 1)], calls)
        self.c.call("ticket.act", id=drill, action="take")
        self.advance("16m")  # red at 11:35 calls; then nobody is called again
        calls = self.c.call("drill.report", id=drill)["calls"][3:]
        self.assertEqual([(95, "red", 1)] * 3, [(self.minutes(c["at"]), c["level"], c["rung"]) for c in calls])
        heard = [e["data"] for e in self.told("duty") if e["data"].get("event") == "call" and e["data"].get("ticket") == drill]
        self.assertEqual(6, len(heard))
        self.assertEqual({(True, "演练")}, {(h["drill"], h["label"][:2]) for h in heard})

    def test_without_anybody_the_next_rung(self):
        drill = self.start(drill="recharge_outage", speed=5)["id"]
        self.advance("22m")  # red at 19; its second rung after 10 min / 5 = 2 min
        calls = [(self.minutes(c["at"]), c["person"], c["level"], c["rung"]) for c in self.c.call("drill.report", id=drill)["calls"]]
        self.assertEqual([(19, "chen.jing", "red", 1), (19, "huang.mei", "red", 1), (19, "peng.yan", "red", 1), (21, "zhou.gang", "red", 2)], calls[3:])

    def figures(self):
        s = self.c.call("server.stats")
        w = s["warnings"]
        return ([w[k] for k in ("counted", "counted_late", "streams", "keys", "warned", "levels", "changes")], [(x["name"], x.get("last")) for x in s["sources"]],
            [x for x in self.c.call("warning.list")["warnings"] if not x["key"].startswith("source:")], s["outbox"].get("kinds", {}))

    def test_nothing_else_moves(self):
        mine = self.c.call("ticket.create", channel="app", number="13800130001", text="充值没有到账", city="shenzhen",
            category="recharge.not_credited")["id"]
        real = self.c.call("ticket.create", kind="incident", channel="webhook", text="真实事件", city="foshan", category="billing.cdr")["id"]
        self.c.call("ticket.act", id=real, action="assign", data={"person": "peng.yan"})
        self.advance("90m")  # silent sources have warned by now
        before, case = self.figures(), self.c.call("ticket.get", id=real)
        drill = self.start(drill="recharge_outage", speed=10)["id"]
        self.advance("12m")
        act = lambda action, **data: self.c.call("ticket.act", id=drill, action=action, data=data)
        act("take")
        act("assign", person="peng.yan")
        act("script", zh="充值故障", prompt="P-RECHARGE-01")
        self.leader().call("ticket.act", id=drill, action="approve_script")
        act("restore_numbers", numbers=["13800130001"])
        act("restore_complainers")
        act("claim")
        act("relapse", reason="又坏了")
        act("resolve", text="已恢复")
        self.advance("10m")
        c = self.c
        after = self.figures()
        self.assertEqual(before, after)
        self.assertEqual([], c.call("task.claim", worker="x", kinds=sorted(c.call("catalog.get")["tasks"]), limit=100)["tasks"])
        self.assertEqual(case, c.call("ticket.get", id=real))
        self.assertNotIn("parent", c.call("ticket.get", id=mine))
        self.assertEqual("clear", c.call("number.check", number="13800130001")["state"])
        self.assertEqual(0, c.call("incident.get", id=drill)["children"])
        for topic in ("frontdesk.shenzhen", "ivr", "bulletin", "incident", "duty"):
            self.assertEqual([], [e["data"] for e in self.told(topic) if e["data"].get("incident", e["data"].get("ticket")) == drill
                and not e["data"].get("drill")], topic)

    def test_signals_numbers_and_a_roll_up(self):
        """What BOSS, the lists and many cities would have said of it, as one case."""
        self.advance("90m")  # silent sources have warned by now
        self.restart()
        before = self.figures()
        said = self.start(drill="recharge_province")
        minutes = lambda at, began=self.c.call("clock.now")["now"]: (at - began) / MINUTE_MS
        signal, city, whole = "signal:shenzhen/txn_failed/recharge", "shenzhen/recharge.not_credited", "cluster:payment"
        def of(key, *more):
            return [(minutes(e["at"]), e["from"], e["to"], e["seen"]) + tuple(e.get(k) for k in more) for e in said["events"] if e["key"] == key]
        self.assertEqual([(7, "none", "yellow", 343), (8, "yellow", "orange", 1243), (11, "orange", "red", 5700), (27, "red", "orange", 225),
            (30, "orange", "yellow", 4), (33, "yellow", "none", 2)], of(signal))
        self.assertEqual([(15, "none", "orange", 68, 4000), (20, "orange", "red", 12000, 12000), (50, "red", "orange", 0, None)], of(city, "affected"))
        self.assertEqual([(20, "none", "red", 125 + 14 * 20, 15), (50, "red", "orange", 0, 12)], of(whole, "cities"))
        self.assertEqual(15, len({e["city"] for e in said["events"] if "city" in e}))
        drill = self.c.call("ticket.get", id=said["id"])
        self.assertEqual(("recharge.not_credited", "shenzhen", [signal, city, whole]), (drill["category"], drill["city"],
            [k for k in drill["fields"]["keys"] if k in (signal, city, whole)]))
        self.advance("8m")
        self.assertEqual("orange", self.c.call("ticket.get", id=said["id"])["fields"]["level"])
        self.advance("12m")
        fields = self.c.call("ticket.get", id=said["id"])["fields"]
        self.assertEqual(("red", 12000), (fields["level"], fields["affected"]))
        self.advance("13m")  # 10:33: the signals are over, the case is as bad as its worst key
        self.assertEqual("red", self.c.call("ticket.get", id=said["id"])["fields"]["level"])
        report = self.c.call("drill.report", id=said["id"])
        calls = [(c["person"], c["level"]) for c in report["calls"]]
        self.assertEqual(len(set(calls)), len(calls))
        self.assertEqual([(20, "none", "red", 15)], [(minutes(x["at"]), x["from"], x["to"], x["cities"]) for x in report["levels"] if x["key"] == whole])
        self.assertEqual(before, self.figures())
        self.assertEqual([], self.c.call("task.claim", worker="x", kinds=sorted(self.c.call("catalog.get")["tasks"]), limit=100)["tasks"])
        self.assertEqual(0, self.c.call("incident.get", id=said["id"])["children"])
        self.assertEqual([], self.c.call("ticket.find", where={"kind": "emergency"})["tickets"])
        for topic in ("duty", "bulletin", "frontdesk.shenzhen", "incident"):
            self.assertEqual([], [e["data"] for e in self.told(topic) if e["data"].get("incident", e["data"].get("ticket")) == said["id"]
                and not e["data"].get("drill")], topic)

    def test_whatever_is_told_of_it_is_marked(self):
        """News of the ticket itself in its queue, too; those of a real ticket beside it are not."""
        real = self.c.call("ticket.create", kind="incident", channel="webhook", text="真实事件", city="foshan", category="billing.cdr")["id"]
        drill = self.start(drill="recharge_outage", speed=10)["id"]
        self.advance("12m")
        for case in (drill, real):
            self.c.call("ticket.act", id=case, action="take")
        self.c.call("ticket.act", id=drill, action="assign", data={"person": "peng.yan"})
        self.leader().call("ticket.act", id=drill, action="cancel", data={"reason": "够了"})
        self.advance("1m")
        def of(ticket):
            return [e for e in self.told("#") if ticket in [e["data"].get(k) for k in ("id", "ticket", "incident")]]
        self.assertLessEqual({"ticket.duty", "duty", "bulletin", "frontdesk.shenzhen"}, {e["topic"] for e in of(drill)})
        self.assertEqual([], [e for e in of(drill) if (e["data"].get("drill"), e["data"].get("label")) != (True, "演练")])
        news = [e["data"] for e in of(drill) if e["topic"] == "ticket.duty"]
        version = self.c.call("ticket.get", id=drill)["version"]
        self.assertEqual(list(range(1, version + 1)), [n["version"] for n in news])
        self.assertEqual({"id": drill, "no": "I20260922-000002", "kind": "incident", "version": 1, "status": "acknowledged", "stage": "open",
            "queue": "duty", "city": "shenzhen", "category": "recharge.not_credited", "method": "drill.start", "who": ME, "drill": True,
            "label": "演练"}, news[0])
        self.assertEqual([], [e for e in of(real) if "drill" in e["data"] or "label" in e["data"]])

    def test_its_sentences_begin_with_it(self):
        """A screen that shows no more than title and text shows that it is one."""
        drill = self.start(drill="recharge_outage", speed=10)["id"]
        self.advance("8m")
        self.c.call("ticket.act", id=drill, action="script", data={"zh": "充值故障", "en": "recharges fail", "prompt": "P-1"})
        self.leader().call("ticket.act", id=drill, action="approve_script")
        said = [e["data"] for e in self.told("frontdesk.shenzhen") if e["data"].get("incident") == drill]
        self.assertEqual([("opened", "【演练】深圳充值中断（录制）", None, None), ("script", None, "【演练】充值故障", "DRILL: recharges fail")],
            [(d["event"], d.get("title"), d.get("zh"), d.get("en")) for d in said])
        self.assertEqual("充值故障", self.c.call("ticket.get", id=drill)["fields"]["script"]["zh"])

    def test_its_highest_level(self):
        """As a real case keeps it: what it was at its worst."""
        drill = self.start(drill="recharge_outage", speed=10)["id"]
        levels = lambda: tuple(self.c.call("ticket.get", id=drill)["fields"].get(k) for k in ("level", "highest"))
        seen = [levels()]
        for _ in range(19 * 2):
            self.advance("30s")
            if levels() != seen[-1]:
                seen.append(levels())
        self.assertEqual([(None, None), ("yellow", "yellow"), ("orange", "orange"), ("red", "red"), ("black", "black"), ("red", "black")], seen)

    def test_an_incident_with_signals(self):
        """The signals of its service are played again, too."""
        now = self.c.call("clock.now")["now"]
        signals = [{"at": now, "source": "boss", "kind": "txn_failed", "component": "recharge_gateway", "city": "shenzhen"} for _ in range(1200)]
        self.assertEqual(1200, self.c.call("signal.push", signals=signals)["accepted"])
        self.advance("10m")
        (real,) = self.c.call("incident.list")["incidents"]
        said = self.start(incident=real["id"])
        self.assertEqual([(10 + 61, "none", "orange"), (10 + 68, "orange", "yellow")],
            [(self.minutes(e["at"]), e["from"], e["to"]) for e in said["events"] if e["key"].startswith("signal:shenzhen/")])

    def test_an_incident_that_happened(self):
        real = self.c.call("ticket.create", kind="incident", channel="webhook", text="充值", title="充值未到账", city="shenzhen",
            category="recharge.not_credited")["id"]
        for n in (2, 3, 11, 20, 41):
            self.c.pipeline([("ticket.create", dict(channel="app", text="充值没有到账", city="shenzhen", category="recharge.not_credited"))] * n)
            self.advance("5m")
        live = [(e["data"]["from"], e["data"]["to"]) for e in self.told("warning") if e["data"]["key"] == "shenzhen/recharge.not_credited"]
        self.assertEqual([("none", "yellow"), ("yellow", "orange")], live)
        said = self.start(incident=real, speed=1)
        self.assertEqual([(25 + 75, "none", "yellow"), (25 + 80, "yellow", "orange")],
            [(self.minutes(e["at"]), e["from"], e["to"]) for e in said["events"]])
        self.c.call("ticket.act", id=said["id"], action="cancel", data={"reason": "够了"})
        self.advance("4h")
        self.assertEqual([], self.c.call("drill.report", id=said["id"])["levels"])
        self.refused("drill.start", {"incident": said["id"]}, code="bad_request", argument="incident",
            message="ticket %d is no incident that happened" % said["id"])

    def test_explained_as_it_was_opened(self):
        drill = self.start(drill="recharge_outage")["id"]
        said = self.c.call("ticket.explain", id=drill)["decisions"]
        self.assertEqual(["create"], [d["point"] for d in said])
        ticket = said[0]["facts"]["ticket"]
        self.assertEqual(("incident", "recharge.not_credited", "shenzhen", True),
            (ticket["kind"], ticket["category"], ticket["city"], ticket["fields"]["drill"]))

    def test_refusals(self):
        self.refused("drill.start", {}, code="bad_request", argument="drill",
            message="say one of drill (a recording of the pack) and incident (one that happened)")
        self.refused("drill.start", {"drill": "recharge_outages"}, code="bad_request", argument="drill", value="recharge_outages")
        quiet = self.c.call("ticket.create", kind="incident", channel="webhook", text="x", city="foshan", category="billing.cdr")["id"]
        self.refused("drill.start", {"incident": quiet}, code="rejected",
            message="the live rules would change the level 0 times (1 to 200 are a drill): nobody would be warned of it")


if __name__ == "__main__":
    main()
