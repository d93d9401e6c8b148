"""S5: a recovery is claimed, proven by a probe and three closes under the exit of red, told, watched, closed; who was told and complains again
makes a relapse of the same case. On the curve of S1."""

import os
import shutil
import tempfile

from daemon import ROOT, START_MS, Case, Daemon, main

BIN = 300000
BEFORE = 12
CURVE = [2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1, 2]
KEY = "shenzhen/recharge.not_credited"


class Recovery(Case):
    def setUp(self):
        self.d = Daemon(rules=os.path.join(ROOT, "tests", "packs", "recovery"), clock="virtual:2026-09-22T09:00")
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()
        self.n = 0

    def person(self, name):
        c = self.connect()
        c.call("session.hello", {"as": name})
        return c

    def heard(self, *topics):
        c = self.connect()
        c.call("topic.subscribe", topics=list(topics), after=0)
        n = quiet = 0
        while quiet < 10:
            c.call("session.ping")
            quiet, n = (quiet + 1 if len(c.events) == n else 0), len(c.events)
        return [params[0] for _, params in c.events]

    def act(self, action, c=None, **data):
        return (c or self.c).call("ticket.act", id=self.case(), action=action, data=data)

    def complain(self, number):
        return self.c.call("ticket.create", channel="hotline_10086", number="1380013%04d" % number, category="recharge.not_credited",
                           city="shenzhen", text="充值没有到账", fields={"amount": 5000, "paid_at": START_MS})

    def play(self, counts):
        """Bins of complaints of new numbers from now on; ends at the close of the last."""
        for count in counts:
            for _ in range(count):
                self.complain(self.n)
                self.n += 1
            self.c.call("clock.advance", by=BIN)

    def warning(self):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == KEY]
        return found[0] if found else None

    def case(self):
        return self.warning()["incident"]

    def stage(self):
        return self.c.call("ticket.get", id=self.case())["stage"]

    def field(self, name):
        return self.c.call("ticket.get", id=self.case())["fields"].get(name)

    def at(self, hour, minute):
        return START_MS - 10 * 3600000 + (hour * 60 + minute) * 60000

    def until(self, hour, minute):
        """Play the curve up to this time."""
        now = self.c.call("clock.now")["now"]
        done = (now - self.at(10, 0)) // BIN
        self.play(CURVE[done:done + (self.at(hour, minute) - now) // BIN])

    def recovered(self):
        """To 11:30 with a claim at 11:00 and a good probe."""
        self.play([2] * BEFORE)
        self.until(11, 0)
        self.act("claim", self.person("feng.lei"), text="BOSS已恢复")
        self.until(11, 10)
        self.assertEqual("recovering", self.stage())
        self.act("probe", self.person("feng.lei"), ok=True)
        self.until(11, 25)
        self.assertEqual(("recovering", "black"), (self.stage(), self.warning()["level"]))
        self.until(11, 30)

    def test_claimed_proven_told_watched_closed(self):
        self.recovered()
        w = self.warning()
        case = w["incident"]
        got = self.c.call("ticket.get", id=case)
        self.assertEqual((case, "black"), (w["incident"], w["level"]))
        self.assertEqual(self.at(11, 30), got["fields"]["proven_at"])
        self.c.call("clock.advance", by="1s")
        self.assertEqual(("watched", "watched"), (self.stage(), self.warning()["recovery"]))
        self.c.call("clock.advance", to=self.at(12, 0))
        said = [(e["topic"], e["at"], e["data"].get("event"), e["data"]["level"], e["data"].get("recovery"), e["data"].get("recovery_label", {}).get("zh"))
            for e in self.heard("bulletin", "warning") if e["data"].get("to") in ("wall", "red") and e["data"]["key"] == KEY and e["at"] >= self.at(10, 55)]
        self.assertEqual([("bulletin", self.at(10, 55), "change", "black", None, None), ("bulletin", self.at(11, 0), "rhythm", "black", None, None),
            ("bulletin", self.at(11, 30), "rhythm", "black", "proven", "恢复中"), ("bulletin", self.at(12, 0), "change", "red", "watched", "恢复中"),
            ("warning", self.at(12, 0), None, "red", "watched", "恢复中")], sorted(said, key=lambda s: (s[1], s[0])))
        said = self.warning()["recovery_label"]
        self.assertEqual("恢复中", said["zh"])
        self.c.call("clock.advance", by="1m")
        jobs = self.c.call("incident.get", id=case)["jobs"]
        answered = [j for j in jobs if j["kind"] == "children"][0]
        self.assertEqual(("done", "rules"), (answered["state"], answered["who"]))
        self.assertEqual(answered["n_done"], self.c.call("incident.get", id=case)["children"])
        self.c.call("clock.advance", to=self.at(13, 29))
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.c.call("clock.advance", to=self.at(13, 31))
        self.assertEqual("closed", self.c.call("ticket.get", id=case)["stage"])

    def silent(self, stands):
        """The complaints end at 11:30; two hours later nothing counts any more."""
        self.until(11, 30)
        self.case_id = self.case()
        self.c.call("clock.advance", to=self.at(13, 32))
        w = self.warning()
        self.assertEqual(stands, w and (w["level"], w["recovery"]))

    def check_proven_at_13_35(self):
        stage = lambda: self.c.call("ticket.get", id=self.case_id)["stage"]
        self.c.call("clock.advance", to=self.at(13, 35) - 1)
        self.assertEqual("recovering", stage())
        self.c.call("clock.advance", to=self.at(13, 35))
        self.assertEqual(self.at(13, 35), self.c.call("ticket.get", id=self.case_id)["fields"]["proven_at"])
        self.c.call("clock.advance", by="1s")
        self.assertEqual("watched", stage())
        self.c.call("clock.advance", by="1m")
        got = self.c.call("incident.get", id=self.case_id)
        answered = [j for j in got["jobs"] if j["kind"] == "children"][0]
        self.assertEqual(("done", "rules", got["children"]), (answered["state"], answered["who"], answered["n_done"]))
        self.c.call("clock.advance", to=self.at(15, 34))
        self.assertEqual("watched", stage())
        self.c.call("clock.advance", to=self.at(15, 36))
        self.assertEqual("closed", stage())

    def test_claimed_when_nothing_counts_any_more(self):
        self.play([2] * BEFORE)
        self.silent(None)
        self.c.call("ticket.act", id=self.case_id, action="claim", data={"text": "BOSS已恢复"})
        self.c.call("ticket.act", id=self.case_id, action="probe", data={"ok": True})
        self.check_proven_at_13_35()

    def test_probed_when_nothing_counts_any_more(self):
        """Claimed in time; the probe comes when nobody has complained for two hours, and after a restart."""
        self.play([2] * BEFORE)
        self.until(11, 0)
        self.act("claim", self.person("feng.lei"), text="BOSS已恢复")
        self.silent(("none", "claimed"))
        self.d.kill()
        self.d.start()
        self.c = self.connect()
        self.c.call("ticket.act", id=self.case_id, action="probe", data={"ok": True})
        self.check_proven_at_13_35()

    def test_the_effect_begins_with_the_outbreak(self):
        """The case is opened at 10:20; more than usual came from 10:05 on."""
        self.recovered()
        case = self.case()
        self.assertEqual((self.at(10, 20), self.at(10, 5)), (self.c.call("ticket.get", id=case)["created"], self.field("began")))
        self.c.call("clock.advance", to=self.at(12, 30))
        effect = self.c.call("incident.effect", id=case)
        phases = [tuple(effect[k].get(key) for key in ("from", "to", "complaints", "per_hour")) for k in ("before", "during", "after")]
        self.assertEqual([(self.at(9, 5), self.at(10, 5), 24, 24.0), (self.at(10, 5), self.at(11, 30), sum(CURVE[1:18]), 697.4),
                          (self.at(11, 30), self.at(12, 30), 0, 0.0)], phases)

    def test_the_effect_of_a_case_that_a_person_opened(self):
        """No warning says when it began: its first complaint does."""
        self.c.call("clock.advance", by="30m30s")
        self.complain(0)
        self.c.call("clock.advance", by="10m")
        self.complain(1)
        case = self.c.call("ticket.create", kind="incident", channel="app", category="recharge.not_credited", city="shenzhen", title="x",
                           text="x")["id"]
        self.c.call("clock.advance", by="1m")
        effect = self.c.call("incident.effect", id=case)
        self.assertEqual([(0, self.at(8, 30)), (2, self.at(9, 30))], [(effect[k]["complaints"], effect[k]["from"]) for k in ("before", "during")])

    def test_the_effect_of_a_case_that_a_person_opened_on_what_boss_says(self):
        """Here and there one fails; from 10:20 on many do: that is when it began, and not with the first complaint twenty minutes later."""
        def failing(n):
            at = self.c.call("clock.now")["now"]
            self.c.call("signal.push", signals=[{"at": at, "source": "boss", "kind": "txn_failed", "city": "shenzhen", "service": "recharge"}] * n)
        for minute in range(110):
            failing(5 if minute >= 80 else 2 if minute % 7 == 0 else 0)
            self.c.call("clock.advance", by="1m")
            if minute == 100:
                self.complain(0)
        case = self.c.call("ticket.create", kind="incident", channel="app", category="recharge.not_credited", city="shenzhen", title="x",
                           text="x")["id"]
        self.assertNotIn("began", self.c.call("ticket.get", id=case)["fields"])
        self.assertEqual(self.at(10, 20), self.c.call("incident.effect", id=case)["during"]["from"])

    def test_a_relapse_stands_in_the_report(self):
        self.recovered()
        case = self.case()
        self.c.call("clock.advance", by="1m")
        answered = self.c.call("incident.effect", id=case)["complaints_answered"]
        for n in range(100, 140):
            self.complain(n)
        effect = self.c.call("incident.effect", id=case)
        self.assertEqual((40, 1, 0), (effect["complained_again"], effect["relapses"], self.field("again")))
        self.c.call("clock.advance", by="1m")  # all are open again
        self.assertEqual((1006, 0), (answered, self.c.call("incident.effect", id=case)["complaints_answered"]))

    def test_forty_of_the_told_complain_again(self):
        self.recovered()
        self.c.call("clock.advance", by="1m")
        case = self.case()
        self.c.call("clock.advance", to=self.at(13, 5))
        self.assertIn(self.warning()["level"], ("none", "yellow"))
        for n in range(100, 139):
            self.complain(n)
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.complain(139)
        got = self.c.call("ticket.get", id=case)
        self.assertEqual(("restoring", True, 1), (got["stage"], got["fields"]["relapse"], got["reopened"]))
        w = self.warning()
        self.assertEqual(("orange", case), (w["level"], w["incident"]))
        self.assertEqual([case], [i["id"] for i in self.c.call("incident.list")["incidents"]])
        self.assertTrue(self.c.call("incident.list")["incidents"][0]["relapse"])

    def test_a_second_recovery_is_proven_by_closes_behind_the_relapse(self):
        """Forty complaints are under the exit of red, and so was all before them: that proves nothing of the fault that came back."""
        self.recovered()
        self.c.call("clock.advance", to=self.at(12, 55))
        case = self.case()
        for n in range(100, 140):
            self.complain(n)
        self.assertEqual("restoring", self.stage())
        self.c.close()
        self.d.restart()
        self.c = self.connect()
        for action, data in (("claim", {}), ("probe", {"ok": True})):
            self.c.call("ticket.act", id=case, action=action, data=data)
        self.c.call("clock.advance", to=self.at(13, 10) - 1)
        self.assertEqual("recovering", self.stage())
        self.c.call("clock.advance", to=self.at(13, 10))
        self.assertEqual(("told", self.at(13, 10)), (self.stage(), self.field("proven_at")))

    def test_a_close_of_which_nothing_follows_leaves_no_entry_once_it_is_proven(self):
        self.recovered()
        self.c.call("clock.advance", to=self.at(13, 0))
        asked = [e["at"] for e in self.history(self.case()) for d in e.get("decisions", [])
            if d["point"] == "warning" and d["facts"]["warning"]["event"] == "recovery"]
        self.assertEqual([self.at(11, m) for m in (5, 10, 15, 20, 25, 30)], asked)


TELLS = """
tasks { { "sms", zh = "短信", en = "text message", lease = "60s", numbers = "told" } }
rules.before "outbox" { kinds = { "incident" },
  rule "everybody is told" { when = { action = any_of("tell", "resolve") }, of = "everybody", batch = 1000,
    task = task "sms" { incident = "{id}", text = "it works" } } }
"""


class Told(Case):
    """Customers of the lists of a case, who never complained, are told by text message."""

    def setUp(self):
        self.pack = pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, pack, True)
        shutil.copytree(os.path.join(ROOT, "tests", "packs", "recovery"), pack, dirs_exist_ok=True)
        with open(os.path.join(pack, "tells.lua"), "w", encoding="utf-8") as f:
            f.write(TELLS)
        self.d = Daemon(rules=pack, clock="virtual:2026-09-22T09:00")
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()

    def number(self, n):
        return "1380014%04d" % n

    def now(self):
        return self.c.call("clock.now")["now"]

    def signal(self, kind, numbers):
        signals = [{"at": self.now(), "source": "boss", "kind": kind, "city": "shenzhen", "service": "recharge", "number": self.number(n)}
                   for n in numbers]
        self.assertEqual(len(signals), self.c.call("signal.push", signals=signals)["accepted"])

    def told(self, failed=50, fixed=50, again=0):
        """A case with so many failed numbers, of which so many work again; all are told, but so many fail once more before they are."""
        case = self.c.call("ticket.create", kind="incident", channel="app", category="recharge.not_credited", city="shenzhen", title="x",
                           text="x")["id"]
        self.signal("txn_failed", range(failed))
        self.c.call("clock.advance", by="1m")
        self.signal("txn_ok", range(fixed))
        self.c.call("ticket.act", id=case, action="resolve", data={"text": "it works"})
        self.c.call("clock.advance", by="1m")
        self.signal("txn_failed", range(again))
        (task,) = self.c.call("task.claim", worker="w", kinds=["sms"], limit=10)["tasks"]
        self.assertEqual(failed, len(task["data"]["numbers"]))
        self.c.call("task.done", id=task["id"], ok=True, worker="w",
                    result={"numbers": [{"number": n, "ok": True} for n in task["data"]["numbers"]]})
        return case

    def complain(self, n, **more):
        return self.c.call("ticket.create", channel="hotline_10086", number=self.number(n), category="recharge.not_credited", city="shenzhen",
                           text="充值没有到账", **more)

    def same_fault(self, case, n):
        self.c.call("contact.add", incident=case, number=self.number(n), channel="hotline_10086", kind="same_fault")

    def stages(self, case):
        return self.c.call("number.list", incident=case, list="affected", limit=1)["counts"]["stages"]

    def check(self, n):
        return self.c.call("number.check", number=self.number(n))["state"]

    def again(self, case):
        got = self.c.call("ticket.get", id=case)
        return got["stage"], got["fields"].get("again")

    def test_who_is_told_before_the_signal_of_success_comes(self):
        """The case is over by the pack's word: who was told of it is told, and the case ends in its time."""
        case = self.told(fixed=10)
        self.assertEqual({"failed": 0, "fixed": 0, "told": 50, "silent": 0, "total": 50}, self.stages(case))
        self.assertEqual("clear", self.check(49))
        self.c.call("clock.advance", by="3h")
        self.assertEqual("closed", self.c.call("ticket.get", id=case)["stage"])

    def test_a_case_with_numbers_unaccounted_for_waits_and_says_so(self):
        """Three failed again and nobody settles them: the watch ends, the case does not; the duty desk hears of it once; settled, it closes."""
        case = self.told(fixed=10, again=3)
        self.c.call("clock.advance", by="3h")
        self.c.close()
        self.d.restart()
        self.c = self.connect()
        self.c.call("clock.advance", by="1h")
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        duty = self.connect()
        duty.call("topic.subscribe", topics=["duty"], after=0)
        duty.call("session.ping")
        held = [p[0]["data"] for _, p in duty.events if p[0]["data"].get("event") == "held"]
        self.assertEqual([{"event": "held", "ticket": case, "no": held[0]["no"], "action": "finish", "rung": "duty",
            "en": "incident %d cannot close: 3 affected or potential numbers are not settled, 0 numbers wait for review (number.list, number.settle)" % case,
            "zh": "事件 %d 不能关闭：还有 3 个故障或潜在故障号码未处理完，0 个号码待核查" % case}], held)
        self.c.call("number.settle", incident=case, list="all", to="silent")
        self.c.call("clock.advance", by="9m")
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.c.call("clock.advance", by="1m")
        self.assertEqual("closed", self.c.call("ticket.get", id=case)["stage"])

    def test_who_fails_again_before_he_is_told(self):
        case = self.told(fixed=10, again=3)
        self.assertEqual({"failed": 3, "fixed": 0, "told": 47, "silent": 0, "total": 50}, self.stages(case))
        self.assertEqual(["affected", "clear"], [self.check(2), self.check(3)])

    def test_a_relapse_that_cannot_be_done_changes_nothing(self):
        """The warning that the fortieth raises is refused: so is the relapse, whole, and the complaint is taken in."""
        with open(os.path.join(self.pack, "wrong.lua"), "w", encoding="utf-8") as f:
            f.write('rules.before "warning" { rule "wrong" { when = { warning = "change" }, act = "note" } }\n')
        self.assertTrue(self.c.call("rules.reload")["ok"])
        case = self.told()
        duty = self.connect()
        for n in range(39):
            self.complain(n)
        before, jobs = self.c.call("ticket.get", id=case), self.c.call("incident.get", id=case)["jobs"]
        duty.call("topic.subscribe", topics=["duty"])
        with_case = self.complain(39)
        self.assertEqual(before, self.c.call("ticket.get", id=case))
        self.assertEqual([], self.c.call("warning.list")["warnings"])
        self.assertEqual(jobs, self.c.call("incident.get", id=case)["jobs"])
        error = "the decision's act 1 on ticket %d: " % case
        said = duty.next_event()[1][0]["data"]
        self.assertEqual(("acts_failed", with_case["id"], error), (said["event"], said["ticket"], said["error"][:len(error)]))
        self.assertEqual(said["error"], self.c.call("ticket.history", id=with_case["id"])["events"][0]["acts_failed"])

    def test_forty_of_the_told_complain_for_the_first_time(self):
        case = self.told()
        for n in range(39):
            self.complain(n)
        self.complain(9000)  # nobody told this one anything
        self.assertEqual(("watched", 39), self.again(case))
        self.complain(39)
        got = self.c.call("ticket.get", id=case)
        self.assertEqual(("restoring", True, 1), (got["stage"], got["fields"]["relapse"], got["reopened"]))
        self.assertEqual([("orange", case)], [(w["level"], w["incident"]) for w in self.c.call("warning.list")["warnings"]])

    def test_forty_of_the_told_fail_again_and_complain(self):
        """The fault is back: their transactions fail again, so they are affected again, and were told all the same; also after a restart."""
        case = self.told()
        self.c.call("clock.advance", by="10m")
        self.signal("txn_failed", range(45))
        self.signal("txn_failed", range(100, 105))  # those fail for the first time
        self.assertEqual({"failed": 50, "fixed": 0, "told": 5, "silent": 0, "total": 55}, self.stages(case))
        for n in (*range(39), 100, 101):
            self.complain(n)
        self.assertEqual(("watched", 39), self.again(case))
        self.c.close()
        self.d.restart()
        self.c = self.connect()
        self.complain(40)
        self.assertEqual("restoring", self.again(case)[0])
        self.assertEqual([("orange", case)], [(w["level"], w["incident"]) for w in self.c.call("warning.list")["warnings"] if w["key"] == KEY])

    def test_persons_complain_again_not_calls(self):
        """Forty complaints of one person are no relapse; a contact of him adds none either, also after a restart."""
        case = self.told()
        for _ in range(20):
            self.complain(7)
        self.c.call("contact.add", incident=case, number=self.number(7), channel="hotline_10086", kind="same_fault")
        self.d.kill()
        self.d.start()
        self.c = self.connect()
        for _ in range(25):
            self.same_fault(case, 7)
        self.assertEqual(("watched", 1), self.again(case))
        for n in range(8, 46):
            self.same_fault(case, n)
            self.complain(n)
        self.assertEqual(("watched", 39), self.again(case))
        self.complain(46)
        self.assertEqual("restoring", self.again(case)[0])

    def test_the_told_who_are_added_to_the_case_count_too(self):
        case = self.told()
        for n in range(39):
            self.same_fault(case, n)
        self.same_fault(case, 9000)
        self.c.call("contact.add", incident=case, number=self.number(40), channel="hotline_10086", kind="ask")
        self.assertEqual(("watched", 39), self.again(case))
        self.same_fault(case, 39)
        self.assertEqual(("restoring", 0), self.again(case))
        self.assertEqual([("orange", case)], [(w["level"], w["incident"]) for w in self.c.call("warning.list")["warnings"]])


if __name__ == "__main__":
    main()
