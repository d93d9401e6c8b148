"""What goes out for a case in Guangdong: one script to desk, voice menu and groups, the version before taken back; the voice menu's link may be
down; the BOSS restores numbers and takes a service over; text messages wait for the morning."""

import os
import shutil
import subprocess
import tempfile

from daemon import HOUR_MS, ROOT, START_MS, Case, Daemon, main
from outreach_support import CATEGORY, Guangdong


class Push(Guangdong):
    def events(self, c, n):
        return [c.next_event()[1][0]["data"] for _ in range(n)]

    def test_the_desk_of_each_city_has_it_also_after_a_reconnect(self):
        case = self.open(level="orange")
        desk = self.connect()
        desk.call("topic.subscribe", topics=["frontdesk.foshan"], consumer="desk-7", after=0)
        self.script(case)
        got = [(e["event"], e.get("version"), e.get("zh")) for e in self.events(desk, 2)]
        self.assertEqual([("opened", None, None), ("script", 1, "充值平台故障，预计12点恢复")], got)
        desk.close()
        self.script(case, "预计13点恢复")
        desk = self.connect()
        desk.call("topic.subscribe", topics=["frontdesk.foshan"], consumer="desk-7", after=0)
        last = self.events(desk, 3)[-1]
        self.assertEqual(("script", 2, 1, "预计13点恢复", case), tuple(last[k] for k in ("event", "version", "withdrawn", "zh", "incident")))

    def test_the_version_before_is_taken_back(self):
        case = self.open(level="orange")
        self.script(case)
        first = self.tasks("ivr")
        self.assertEqual([("play", 1, "waiting")], [(t["data"]["op"], t["data"]["version"], t["state"]) for t in first])
        self.script(case, "预计13点恢复")
        self.assertEqual([(1, "cancelled"), (2, "waiting")], [(t["data"]["version"], t["state"]) for t in self.tasks("ivr")])
        self.assertEqual([(1, "cancelled"), (2, "waiting")], [(t["data"]["version"], t["state"]) for t in self.tasks("group_message")])
        got = self.claim("ivr")[0]["data"]
        self.assertEqual((2, 1, "P-RECHARGE-01", ["age65", "vip"], 1, "agent", "0"),
                         tuple(got[k] for k in ("version", "replaces", "prompt", "never", "cap", "on_failure", "agent_key")))

    def test_yellow_plays_nothing_and_orange_does(self):
        case = self.open(level="yellow")
        self.script(case)
        self.assertEqual([], self.tasks("ivr"))
        self.act(case, "level", level="orange")
        self.assertEqual([1], [t["data"]["version"] for t in self.tasks("ivr")])

    def test_the_link_is_down(self):
        case = self.open(level="red")
        duty = self.connect()
        duty.call("topic.subscribe", topics=["duty"])
        self.script(case)
        self.advance("44s")
        self.assertNotIn("ivr", self.c.call("ticket.get", id=case)["fields"])
        self.advance("1s")
        said = self.events(duty, 2)
        self.assertEqual(("ivr", "late"), (said[0]["kind"], said[0]["state"]))
        got = self.c.call("incident.get", id=case)
        self.assertEqual("not_delivered", got["fields"]["ivr"])
        self.assertEqual([{"zh": "IVR未送达", "en": "IVR not delivered"}], got["advice"])
        self.assertEqual(1, len(self.tasks("ivr", "waiting")))  # it goes on being tried
        self.done(self.claim("ivr")[0])
        self.assertEqual("on", self.c.call("ticket.get", id=case)["fields"]["ivr"])

    def test_bulletins_say_that_the_prompt_is_not_delivered(self):
        key = "shenzhen/" + CATEGORY
        case = self.leader.call("warning.act", key=key, action="raise", level="red", reason="x")["incident"]
        told = self.connect()
        told.call("topic.subscribe", topics=["bulletin"])
        self.script(case)
        self.advance("45s")
        said = self.raised(told, key, "black")
        self.assertEqual([("black", case, [{"zh": "IVR未送达", "en": "IVR not delivered"}])] * 3, [(e["level"], e["incident"], e["facts"]) for e in said])
        self.assertEqual({"wall", "frontdesk", "leaders"}, {e["to"] for e in said})
        self.done(self.claim("ivr")[0])
        self.assertEqual([["IVR plays the prompt"]] * 3, [[fact["en"] for fact in e["facts"]] for e in self.raised(told, key, "red")])

    def raised(self, told, key, level):
        self.leader.call("warning.act", key=key, action="raise" if level == "black" else "lower", level=level, reason="x")
        return self.events(told, 3)

    def test_proven_everything_is_withdrawn_and_everybody_told_once(self):
        case = self.open(level="red")
        self.script(case)
        tickets = [self.complain(n)["id"] for n in range(5)]
        self.done(self.claim("ivr")[0])
        self.act(case, "claim", self.agent)
        self.act(case, "prove")
        self.assertEqual([("play", "done"), ("withdraw", "waiting")], [(t["data"]["op"], t["state"]) for t in self.tasks("ivr")])
        self.advance()
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        sms = self.tasks("sms")
        self.assertEqual([5], [t["n_numbers"] for t in sms])
        self.assertEqual({"replied"}, {self.c.call("ticket.get", id=t)["stage"] for t in tickets})


    def test_those_to_be_told_stand_behind_many_that_need_not_be(self):
        """Numbers are looked at a batch at a time (1,000): a batch of none goes on to the next."""
        case = self.open(level="red")
        at = self.c.call("clock.now")["now"]

        def push(kind, numbers):
            for k in range(0, len(numbers), 500):
                self.c.call("signal.push", signals=[{"at": at, "source": "boss", "kind": kind, "city": "shenzhen", "service": "recharge",
                                                     "number": str(13800000000 + n)} for n in numbers[k:k + 500]])
        push("txn_pending", range(2100))
        push("txn_failed", range(2100, 2200))
        counts = self.c.call("number.list", incident=case, list="all", limit=1)["counts"]
        self.assertEqual((100, 2100), (counts["affected"], counts["potential"]))
        self.act(case, "claim", self.agent)
        self.act(case, "prove")
        self.advance()
        job = [j for j in self.c.call("incident.get", id=case)["jobs"] if j["kind"] == "numbers"]
        self.assertEqual([("done", 100, 1)], [(j["state"], j["n_done"], j["n_tasks"]) for j in job])
        self.assertEqual([100], [t["n_numbers"] for t in self.tasks("sms")])

    def test_a_prompt_without_an_end_ends(self):
        case = self.open(level="red")
        at = self.c.call("clock.now")["now"]
        self.c.call("signal.push", signals=[{"at": at, "source": "boss", "kind": "txn_failed", "city": "shenzhen", "service": "recharge",
                                             "number": "13900139000"}])
        self.script(case)
        self.assertEqual("4h", self.tasks("ivr")[0]["data"]["most"])
        prompt = lambda: self.c.call("number.check", number="13900139000").get("prompt")
        self.advance("%dms" % (4 * HOUR_MS - 1))
        self.assertEqual("P-RECHARGE-01", prompt())
        self.advance("1ms")
        self.assertIsNone(prompt())
        self.assertEqual("充值平台故障，预计12点恢复", self.c.call("number.check", number="13900139000")["say"]["zh"])

    def test_calls_that_the_prompt_avoided(self):
        case = self.open(level="red")
        self.script(case)

        def deflected(n):
            at = self.c.call("clock.now")["now"]
            self.assertEqual(1, self.c.call("signal.push", signals=[{"at": at, "source": "ivr", "kind": "ivr.deflected", "number": "1380013%04d" % n,
                                                                     "code": "P-RECHARGE-01"}])["accepted"])

        def sums():
            calls = self.c.call("incident.effect", id=case)["calls"]
            return tuple(calls[k] for k in ("deflected", "reached", "avoided", "pending"))

        for n in range(5):
            deflected(n)
        self.advance("1h")
        self.complain(0)  # called again and reached an agent
        self.c.call("contact.add", incident=case, number="13800130001", channel="hotline_10086", kind="same_fault")
        self.assertEqual((5, 2, 0, 3), sums())
        self.advance("61m")
        self.complain(2)  # too late: that call was avoided
        self.assertEqual((5, 2, 3, 0), sums())

    def test_what_an_erased_number_heard(self):
        """Its calls count on without it: the sums close, and nobody knows any more that it heard anything."""
        case = self.open(level="red")
        self.script(case)

        def hear(n, kind="ivr.deflected"):
            at = self.c.call("clock.now")["now"]
            self.assertEqual(1, self.c.call("signal.push", signals=[{"at": at, "source": "ivr", "kind": kind, "number": "1380013%04d" % n,
                                                                     "code": "P-RECHARGE-01"}])["accepted"])

        def calls():
            return {k: v for k, v in self.c.call("incident.effect", id=case)["calls"].items() if k != "versions"}, \
                self.c.call("incident.effect", id=case)["calls"].get("versions")

        def heard(n, category="tariff.dispute"):
            got = self.c.call("ticket.create", channel="hotline_10086", number="1380013%04d" % n, text="no money came", category=category)
            return self.c.call("ticket.get", id=got["id"]).get("fields", {}).get("heard_version"), got["id"]

        for n in (1, 1, 2, 2, 3):
            hear(n)
        hear(1, "ivr.continued")
        self.advance("1m")
        (version, first), (other, _) = heard(1), heard(2)
        self.assertEqual((1, 1), (version, other))
        before = calls()
        self.assertEqual((5, 4, 0, 1), tuple(before[0][k] for k in ("deflected", "reached", "avoided", "pending")))
        self.c.call("ticket.act", id=first, action="cancel")
        self.c.call("ticket.erase", id=first, reason="asked for")
        self.assertEqual(before, calls())
        (version, again), (other, _) = heard(1), heard(2, "sms.failure")
        self.assertEqual((None, 1), (version, other))
        hear(1)
        self.c.call("ticket.act", id=again, action="cancel")
        self.c.call("ticket.erase", id=again, reason="asked for, once more")
        self.advance("3h")
        self.assertEqual((6, 5, 1, 0), tuple(calls()[0][k] for k in ("deflected", "reached", "avoided", "pending")))
        self.restart()
        self.assertEqual((6, 5, 1, 0), tuple(calls()[0][k] for k in ("deflected", "reached", "avoided", "pending")))
        self.assertEqual(0, self.d.stop())
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual(0, said.returncode, said.stdout + said.stderr)

    def test_one_number_that_hears_it_often(self):
        """Twelve calls in half an hour: none was avoided when the number reaches an agent within two hours."""
        case = self.open(level="red")
        self.script(case)

        def hear():
            at = self.c.call("clock.now")["now"]
            self.assertEqual(1, self.c.call("signal.push", signals=[{"at": at, "source": "ivr", "kind": "ivr.deflected", "number": "13800130001",
                                                                     "code": "P-RECHARGE-01"}])["accepted"])

        def sums():
            calls = self.c.call("incident.effect", id=case)["calls"]
            return tuple(calls[k] for k in ("deflected", "reached", "avoided", "pending"))

        for _ in range(12):
            hear()
            self.advance("150s")
        self.assertEqual((12, 0, 0, 12), sums())
        self.complain(1)
        self.assertEqual((12, 12, 0, 0), sums())
        self.advance("3h")
        for _ in range(10):
            hear()
        self.assertEqual((22, 12, 0, 10), sums())
        self.advance("121m")
        self.assertEqual((22, 12, 10, 0), sums())

    def test_the_effect(self):
        case = self.open(level="red")
        for n in range(6):
            self.complain(n)
        self.advance("1h")
        self.act(case, "resolve", text="已恢复")
        self.advance("30m")
        self.complain(9)
        self.advance()
        self.assertEqual(0, self.c.call("incident.effect", id=case)["numbers_told"])  # asked for, and no more
        task = self.claim("sms")[0]
        numbers = task["data"]["numbers"]
        self.c.call("task.done", id=task["id"], ok=False, worker="w", error="the gateway stopped",
                    result={"numbers": [{"number": n, "ok": True} for n in numbers[:4]]})
        self.assertEqual(4, self.c.call("incident.effect", id=case)["numbers_told"])
        self.advance("30s")
        self.done(self.claim("sms")[0], result={"numbers": [{"number": n, "ok": n != numbers[5]} for n in numbers[4:]]})
        got = self.c.call("incident.effect", id=case)
        self.assertEqual([0, 6, 1], [got[k]["complaints"] for k in ("before", "during", "after")])
        self.assertEqual((6.0, 1.9, 5, 6), (got["during"]["per_hour"], got["after"]["per_hour"], got["numbers_told"], got["complaints_answered"]))


class Drill(Guangdong):
    def test_a_drill_touches_nobody_and_is_scored(self):
        case = self.open(level="red", drill=True)
        desk = self.connect()
        desk.call("topic.subscribe", topics=["frontdesk.shenzhen"], after=0)
        self.advance("2m")
        self.act(case, "take", self.agent)
        self.advance("1m")
        self.act(case, "call", person="peng.yan")
        self.advance("4m")
        self.script(case)
        self.act(case, "restore_numbers", self.agent, numbers=["13800130001"])
        for kind in ("ivr", "sms", "group_message", "boss_emergency"):
            self.assertEqual([], self.tasks(kind))
        noted = [t["kind"] for e in self.c.call("ticket.history", id=case)["events"] for t in e.get("drill_tasks", [])]
        self.assertEqual(["ivr", "group_message", "boss_emergency"], noted)
        said = [desk.next_event()[1][0]["data"] for _ in range(2)]
        self.assertEqual([(True, "演练")] * 2, [(d["drill"], d["label"]) for d in said])
        self.assertNotIn("incident", self.complain(1))
        self.assertEqual({"id": case, "label": "演练 drill", "acknowledge_min": 2.0, "call_min": 3.0, "script_min": 7.0},
                         self.c.call("drill.report", id=case))
        real = self.open(level="red")
        self.refused("drill.report", {"id": real}, code="bad_request", argument="id", message="incident %d is no drill" % real)


class Night(Guangdong):
    start = "2026-09-22T23:00"

    def test_no_text_message_before_eight(self):
        case = self.open(level="red")
        self.complain(1)
        self.act(case, "resolve", text="已恢复")
        self.advance()
        self.assertEqual([], self.claim("sms"))
        self.advance("%dms" % (9 * HOUR_MS - 1001))
        self.assertEqual([], self.claim("sms"))
        self.advance("1ms")
        self.assertEqual(1, len(self.claim("sms")))


class Evening(Guangdong):
    start = "2026-09-22T19:58"

    def told(self):
        case = self.open(level="red")
        self.complain(1)
        self.act(case, "resolve", text="已恢复")
        self.advance()

    def test_a_relapse_in_the_night(self):
        """What waits for the morning says that it works: it is not sent when the fault is back before, and the next recovery tells everybody."""
        case = self.open(level="red")
        self.complain(1)
        self.advance("2h2m")
        self.act(case, "resolve", text="已恢复")
        self.advance()
        self.assertEqual([], self.claim("sms"))
        self.act(case, "relapse", reason="又坏了")
        self.assertEqual(["cancelled"], [t["state"] for t in self.tasks("sms")])
        self.advance("10h")
        self.assertEqual([], self.claim("sms"))
        self.act(case, "resolve", text="已恢复")
        self.advance()
        self.assertEqual([["13800130001"]], [t["data"]["numbers"] for t in self.claim("sms")])

    def test_a_relapse_while_everybody_is_being_told(self):
        """The jobs of the recovery are on their way: what they have not done yet stays undone, over a kill, too."""
        case = self.open(level="red")
        tickets = [self.complain(n)["id"] for n in range(40)]
        self.act(case, "resolve", text="已恢复")
        self.act(case, "relapse", reason="又坏了")
        self.restart_all()
        self.advance("10s")
        self.assertEqual([], [t for t in self.tasks("sms") if t["state"] != "cancelled"])
        self.assertEqual([("children", "answer", "withdrawn"), ("numbers", None, "withdrawn"), ("children", "reopen", "done")],
                         [(j["kind"], j.get("action"), j["state"]) for j in self.c.call("incident.get", id=case)["jobs"] if j["kind"] != "attach"])
        self.assertNotIn("replied", {self.c.call("ticket.get", id=t)["stage"] for t in tickets})

    def test_quiet_hours_do_not_count_as_time_to_be_tried(self):
        """Twelve hours from 19:58, of which two before the night: what failed at 21:59 is tried in the morning."""
        self.told()
        self.advance("2h")
        task = self.claim("sms")[0]
        self.c.call("task.done", id=task["id"], ok=False, worker="w", error="gateway busy")
        self.advance("%dm" % (10 * 60 + 2))
        self.assertEqual((1, "waiting"), tuple(self.c.call("task.get", id=task["id"])[k] for k in ("attempts", "state")))
        self.assertEqual(task["id"], self.claim("sms")[0]["id"])

    def test_one_that_nobody_took_before_the_night_expires_by_day(self):
        self.told()
        id = self.tasks("sms")[0]["id"]
        self.advance("%dm" % (22 * 60 - 1))  # 17:58 of the next day
        self.assertEqual("waiting", self.c.call("task.get", id=id)["state"])
        self.advance("2m")
        self.assertEqual("given_up", self.c.call("task.get", id=id)["state"])


class Refused(Case):
    def test_what_cannot_be_applied_tells_nobody(self):
        """A decision with news and with more advice than a ticket holds: the complaint is kept, the news is not told."""
        pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, pack, True)
        with open(os.path.join(pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "refused" }\n'
                    'rules.before "outbox" { kinds = { "complaint" }, rule "news" { when = { event = "create" }, news = news "bulletin" { no = "{no}" } } }\n')
            for name in ("one", "two", "three"):
                f.write('rules.before "advice" { kinds = { "complaint" }, rule "%s" { when = { city = "foshan" }, say = { zh = "%s", en = "x" } } }\n'
                        % (name, "x" * 60000))
        self.d = Daemon(rules=pack)
        self.d.start()
        self.addCleanup(self.d.close)
        self.c, desk = self.connect(), self.connect()
        desk.call("topic.subscribe", topics=["bulletin"])
        kept = self.create(city="foshan", text="x" * 32000, fields={"more%d" % i: "x" * 32000 for i in range(7)})
        self.assertEqual(["the ticket would have more than 409600 bytes"],
                         [x["failed"]["message"] for x in self.c.call("ticket.history", id=kept["id"])["events"][0]["decisions"] if "failed" in x])
        good = self.create(city="shenzhen")
        self.assertEqual(good["no"], desk.next_event()[1][0]["data"]["no"])


class Restore(Guangdong):
    def test_the_emergency_system_answers_for_each_number(self):
        case = self.open()
        numbers = ["13800130001", "13800130002"]
        self.act(case, "restore_numbers", self.agent, numbers=numbers, operation="recharge")
        task = self.claim("boss_emergency")[0]
        self.assertEqual((case, numbers), (task["ticket"], task["data"]["numbers"]))
        self.done(task, result={"numbers": [{"number": numbers[0], "ok": True}, {"number": numbers[1], "ok": False, "why": "已销户"}]})
        got = self.c.call("task.get", id=task["id"])
        self.assertEqual((1, 1), (got["n_ok"], got["n_failed"]))
        said = [e["task"] for e in self.c.call("ticket.history", id=case)["events"] if "task" in e]
        self.assertEqual([("boss_emergency", "done", 1, 1)], [(t["kind"], t["state"], t["n_ok"], t["n_failed"]) for t in said])

    def test_nobody_is_there_to_restore(self):
        """The complainers wait for it: the duty desk hears after two minutes that no adapter has taken it, or has not answered."""
        case = self.open()
        duty = self.connect()
        duty.call("topic.subscribe", topics=["duty"])
        self.act(case, "restore_numbers", self.agent, numbers=["13800130001"])
        self.advance("119s")
        duty.call("session.ping")
        self.assertEqual([], duty.events)
        self.advance("1s")
        said = duty.next_event()[1][0]["data"]
        self.assertEqual(("boss_emergency", "late", case), (said["kind"], said["state"], said["ticket"]))

    def test_the_green_channel_from_asked_to_checked(self):
        case = self.open()
        until_ms = START_MS + 2 * HOUR_MS

        def green():
            return self.c.call("ticket.get", id=case)["fields"]["green"]

        self.act(case, "ask_green", service="recharge", until_time=until_ms, reason="平台短时间内不能恢复")
        self.act(case, "approve_green", self.leader)
        task = self.claim("boss_green_channel")[0]["data"] | {}
        self.assertEqual(("take_over", "recharge", until_ms, "zhou.gang"),
                         (task["op"], task["service"], task["until_ms"], task["approved_by"]))
        self.done(self.tasks("boss_green_channel", "claimed")[0])
        self.assertEqual("live", green())
        self.refused("ticket.act", {"id": case, "action": "check_green", "data": {"ok": True}}, c=self.head, code="rejected")
        self.advance("2h")
        self.assertEqual("handing_back", green())
        back = self.claim("boss_green_channel")[0]
        self.assertEqual("hand_back", back["data"]["op"])
        self.done(back)
        self.assertEqual("handed_back", green())
        self.act(case, "check_green", ok=False, text="三笔订单对不上")
        self.refused("ticket.act", {"id": case, "action": "cancel", "data": {"reason": "x"}}, c=self.head, code="rejected",
                     message="the check of the hand-back found it wanting: mend it and check again / 交还核对未通过，请处理后再核对")
        self.act(case, "check_green", ok=True, text="订单已核对")
        self.assertEqual("checked", green())
        self.act(case, "cancel", reason="误报")

    def test_a_watch_that_is_over_waits_for_the_green_channel(self):
        """finish is refused while the service is away; it is tried again every ten minutes, and not forgotten."""
        case = self.open()
        self.act(case, "ask_green", service="recharge", until_time=START_MS + 3 * HOUR_MS, reason="平台短时间内不能恢复")
        self.act(case, "approve_green", self.leader)
        self.done(self.claim("boss_green_channel")[0])
        self.act(case, "resolve", text="已恢复")
        self.advance()
        self.advance("3h")
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.done(self.claim("boss_green_channel")[0])
        self.act(case, "check_green", ok=True, text="订单已核对")
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.advance("10m")
        self.assertEqual("closed", self.c.call("ticket.get", id=case)["stage"])
        self.assertEqual([], self.c.call("ticket.get", id=case, **{"with": ["timers"]})["timers"])

    def test_nobody_takes_over_until_its_time_has_passed(self):
        """Approved, and no adapter is there: at its end it lapses; BOSS is asked to give back what it may have taken, and never again to take over."""
        case = self.open()
        self.act(case, "ask_green", service="recharge", until_time=START_MS + HOUR_MS, reason="平台短时间内不能恢复")
        self.act(case, "approve_green", self.leader)
        self.advance("59m")
        self.restart_all()
        self.assertEqual("approved", self.c.call("ticket.get", id=case)["fields"]["green"])
        self.advance("1m")
        self.assertEqual("lapsed", self.c.call("ticket.get", id=case)["fields"]["green"])
        self.assertEqual([("take_over", "cancelled"), ("hand_back", "waiting")],
                         [(t["data"]["op"], t["state"]) for t in self.tasks("boss_green_channel")])
        self.done(self.claim("boss_green_channel")[0])
        self.assertEqual("handed_back", self.c.call("ticket.get", id=case)["fields"]["green"])
        self.act(case, "check_green", ok=True)
        self.act(case, "cancel", reason="误报")

    def test_what_nobody_approves_lapses_and_may_be_asked_again(self):
        case = self.open()
        self.act(case, "ask_green", service="recharge", until_time=START_MS + HOUR_MS, reason="x")
        self.advance("1h")
        self.refused("ticket.act", {"id": case, "action": "approve_green", "data": {}}, c=self.leader, code="rejected",
                     message="no green channel is asked for / 没有待批准的绿色通道申请")
        self.assertEqual([], self.tasks("boss_green_channel"))
        self.act(case, "ask_green", service="recharge", until_time=START_MS + 2 * HOUR_MS, reason="再次申请")
        self.act(case, "approve_green", self.leader)
        self.done(self.claim("boss_green_channel")[0])
        self.advance("1h")
        self.assertEqual("handing_back", self.c.call("ticket.get", id=case)["fields"]["green"])

    def test_the_green_channel_does_not_take_over(self):
        """BOSS refuses for good: the duty desk and a leader hear of it, the service is not with the green channel, it may be asked again."""
        case = self.open()
        self.act(case, "ask_green", service="recharge", until_time=START_MS + 2 * HOUR_MS, reason="平台短时间内不能恢复")
        self.act(case, "approve_green", self.leader)
        self.refused("ticket.act", {"id": case, "action": "cancel", "data": {"reason": "x"}}, c=self.head, code="rejected",
                     message="the service is still with the green channel: hand it back and check it first / 业务还在绿色通道，请先交还并核对")
        task = self.claim("boss_green_channel")[0]
        self.c.call("task.done", id=task["id"], ok=False, retry=False, error="no capacity")
        self.assertEqual("failed", self.c.call("ticket.get", id=case)["fields"]["green"])
        self.refused("ticket.act", {"id": case, "action": "ask_green", "data": {"service": "recharge", "until_time": START_MS, "reason": "x"}},
                     c=self.head, code="rejected", argument="data.until_time",
                     message='data.until_time: "1790042400000" is not a time to come: whole ms since 1970 UTC'
                             " / data.until_time：“1790042400000”不是将来的时刻：自 1970 年 UTC 起的整毫秒数")
        self.act(case, "ask_green", service="recharge", until_time=START_MS + HOUR_MS, reason="再次申请")
        self.assertEqual("asked", self.c.call("ticket.get", id=case)["fields"]["green"])


del Guangdong

if __name__ == "__main__":
    main()
