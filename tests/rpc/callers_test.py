"""S4: a voice menu and a front desk (examples/adapters) on the other side. Who is affected hears the case's prompt and hangs up or presses 0; the
record keeps the version heard; nobody over 65, no important customer, no complainer and nobody else hears anything; it ends with the recovery."""

import os
import shutil
import subprocess
import sys

from daemon import ROOT, START_MS, Case, Daemon, main

sys.path[:0] = [os.path.join(ROOT, "examples", "adapters"), os.path.join(ROOT, "examples", "clients")]
from desk import Client  # noqa: E402
from desk_sim import Desk  # noqa: E402
from ivr_sim import Ivr  # noqa: E402

ADAPTERS = os.path.join(ROOT, "examples", "adapters")
CATEGORY = "recharge.not_credited"
PROMPT = "P-RECHARGE-01"
SAID = "充值平台故障，款项安全，预计12点前到账"
MINUTE_MS = 60000


def number(i):
    return "138%08d" % i


class Callers(Case):
    def setUp(self):
        self.d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"))
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()
        self.writer, self.head = self.person("wu.qiang"), self.person("lin.tao")

    def person(self, name):
        c = self.connect()
        c.call("session.hello", {"as": name})
        return c

    def tearDown(self):
        """Whatever was played: the rows agree with one another, and no number is in the log."""
        if self.d.process is not None:
            self.d.stop()
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual((0, "%s: 0 findings\n" % self.d.data), (said.returncode, said.stdout))
        self.assertEqual([], self.d.numbers_in_log())

    def take_pack(self, old, new):
        """The same pack with one thing in outreach.lua otherwise; its specs say what it was."""
        rules = self.d.dir + "/pack"
        shutil.copytree(self.d.rules, rules)
        os.remove(rules + "/outreach_spec.lua")
        with open(rules + "/outreach.lua", encoding="utf-8") as f:
            text = f.read()
        self.assertEqual(1, text.count(old))
        with open(rules + "/outreach.lua", "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))
        self.line = text[:text.index(old)].count("\n") + 1
        self.assertEqual([], self.c.call("rules.check", dir=rules)["errors"])
        self.d.rules = rules
        self.d.restart()
        self.c = self.connect()

    def sim(self):
        client = Client(self.d.address)
        self.addCleanup(client.close)
        return client

    def advance(self, by):
        self.c.call("clock.advance", by=by)

    def act(self, action, c=None, **data):
        return (c or self.head).call("ticket.act", id=self.case, action=action, data=data)

    def failed(self, numbers):
        at = self.c.call("clock.now")["now"]
        signals = [{"at": at, "source": "boss", "kind": "txn_failed", "city": "shenzhen", "component": "recharge_gateway", "code": "E1023",
                    "number": number(i)} for i in numbers]
        self.assertEqual({"accepted": len(signals), "rejected": []}, self.c.call("signal.push", signals=signals))

    def complain(self, i):
        return self.c.call("ticket.create", channel="hotline_10086", number=number(i), category=CATEGORY, city="shenzhen", text="充值没有到账",
                           fields={"amount": 5000, "paid_at": START_MS})

    def open(self, level="orange"):
        """A case with ten affected numbers, 0 to 9."""
        self.failed(range(10))
        self.case = self.c.call("ticket.create", kind="incident", channel="webhook", title="充值平台故障", text="x", category=CATEGORY,
                                city="shenzhen", fields={"cities": ["shenzhen"], "level": level})["id"]
        self.ivr, self.desk = Ivr(self.sim()), Desk(self.sim(), "shenzhen", "desk-7")

    def script(self, zh=SAID, **more):
        self.act("script", self.writer, zh=zh, en="recharges are late", prompt=PROMPT, **more)
        self.act("approve_script")

    def prompt(self, i):
        return self.c.call("number.check", number=number(i)).get("prompt")

    def calls(self):
        return self.c.call("incident.effect", id=self.case)["calls"]

    def test_a_caller_on_the_list_and_one_who_is_not(self):
        self.open()
        self.script(eta=START_MS + 120 * MINUTE_MS)
        self.assertEqual(1, self.ivr.work())
        hung_up = self.ivr.dial(number(1), True)
        went_on = self.ivr.dial(number(2), False)
        other = self.ivr.dial(number(77), True)
        self.assertEqual(((self.case, 1), "hung_up"), (hung_up.heard, hung_up.went))
        self.assertEqual(((self.case, 1), "agent"), (went_on.heard, went_on.went))
        self.assertEqual((None, "agent"), (other.heard, other.went))
        screen, answer = self.desk.take_call(number(2))
        self.assertEqual({"number": number(2), "state": "affected", "complained": False, "incident": self.case, "version": 1, "zh": SAID,
                          "en": "recharges are late", "eta": START_MS + 120 * MINUTE_MS}, screen)
        self.assertEqual((self.case, 1), (answer["incident"], answer["script"]["version"]))
        last = self.c.call("ticket.history", id=self.case)["events"][-1]
        self.assertEqual({"incident": self.case, "version": 1, "at": START_MS}, last["heard"])
        self.assertEqual({"incident": self.case, "version": 1}, last["script"])
        screen, answer = self.desk.take_call(number(77))
        self.assertEqual({"number": number(77), "state": "clear", "complained": False}, screen)
        self.assertNotIn("heard_version", self.c.call("ticket.get", id=answer["id"])["fields"])
        self.assertEqual({"deflected": 1, "reached": 0, "avoided": 0, "pending": 1, "continued": 1,
                          "versions": [{"version": 1, "deflected": 1, "continued": 1}]}, self.calls())

    def test_nobody_over_65_no_important_customer_and_no_complainer(self):
        self.open()
        self.script()
        self.ivr.work()
        self.c.call("subscriber.put", number=number(1), age65=True)
        self.c.call("subscriber.put", number=number(2), vip=True)
        self.c.call("subscriber.put", number=number(3), vip=False, age65=False)
        self.complain(4)
        self.assertEqual([PROMPT, None, None, PROMPT, None], [self.prompt(i) for i in range(5)])
        self.assertEqual([(self.case, 1), None, None, (self.case, 1), None], [self.ivr.dial(number(i), True).heard for i in range(5)])
        self.assertEqual({"hung_up": 2, "agent": 3, "failed_open": 0}, {k: self.ivr.sums[k] for k in ("hung_up", "agent", "failed_open")})
        self.assertEqual("affected", self.c.call("number.check", number=number(1))["state"])  # the desk knows all the same

    def test_the_pack_decides_who_hears_it(self):
        self.open()
        self.script()
        self.c.call("subscriber.put", number=number(1), star=5)
        self.assertEqual(PROMPT, self.prompt(1))
        self.take_pack("{ age65 = true }", "{ star = at_least(5) }")
        self.assertEqual([PROMPT, None], [self.prompt(i) for i in range(2)])

    def test_a_rule_that_fails_puts_the_caller_through(self):
        self.open()
        self.script()
        self.ivr.work()
        self.take_pack("when = { age65 = true }", "when = function(t) return t.number.nothing.more end")
        self.assertEqual((None, "affected"), (self.prompt(1), self.c.call("number.check", number=number(1))["state"]))
        self.ivr.client = self.sim()
        call = self.ivr.dial(number(1), True)
        self.assertEqual((None, "agent", 0), (call.heard, call.went, self.ivr.sums["failed_open"]))
        self.assertEqual(3, self.c.call("server.stats")["rules"]["failures"])
        self.assertIn("outreach.lua:%d:" % self.line, self.d.log("rules.failed")[0])

    def test_below_orange_nothing_is_heard(self):
        self.open(level="yellow")
        self.script()
        self.assertEqual((0, None), (self.ivr.work(), self.prompt(1)))
        self.act("level", level="orange")
        self.assertEqual((1, PROMPT), (self.ivr.work(), self.prompt(1)))

    def test_cap_end_and_a_number_that_was_fixed(self):
        self.open()
        self.script(until_time=START_MS + 30 * MINUTE_MS)
        self.ivr.work()
        self.assertEqual([(self.case, 1), None], [self.ivr.dial(number(1), True).heard for _ in range(2)])  # cap 1
        self.c.call("signal.push", signals=[{"at": START_MS + 1000, "source": "boss", "kind": "txn_ok", "city": "shenzhen",
                                             "component": "recharge_gateway", "number": number(2)}])
        self.assertIsNone(self.ivr.dial(number(2), True).heard)
        self.advance("29m")
        self.assertEqual((self.case, 1), self.ivr.dial(number(3), True).heard)
        self.advance("1m")
        self.assertEqual((None, None), (self.prompt(4), self.ivr.dial(number(4), True).heard))

    def test_the_version_before_is_gone_at_once_and_both_are_kept(self):
        self.open()
        self.script()
        self.ivr.work()
        self.ivr.dial(number(1), False)
        self.script("预计13点前到账")
        self.assertIsNone(self.ivr.dial(number(2), True).heard)  # version 1 is no longer true, version 2 has not come: put through
        self.ivr.work()
        self.assertEqual((self.case, 2), self.ivr.dial(number(3), True).heard)
        made = self.complain(1)
        self.assertEqual((2, 1), tuple(self.c.call("ticket.get", id=made["id"])["fields"][k] for k in ("script_version", "heard_version")))
        self.assertEqual([{"version": 1, "deflected": 0, "continued": 1}, {"version": 2, "deflected": 1, "continued": 0}],
                         self.calls()["versions"])
        self.assertEqual({"version": 2, "zh": "预计13点前到账", "en": "recharges are late"},
                         {k: self.desk.take_call(number(5))[0][k] for k in ("version", "zh", "en")})

    def test_withdrawn_with_the_recovery(self):
        self.open()
        self.script()
        self.ivr.work()
        self.desk.follow()
        self.assertEqual([1], [s["version"] for s in self.desk.scripts.values()])
        self.act("claim", self.writer)
        self.assertEqual(PROMPT, self.prompt(1))
        self.act("prove")
        self.assertEqual((None, None), (self.prompt(1), self.ivr.dial(number(1), True).heard))  # before the task comes
        self.advance("1s")
        self.ivr.work()
        self.assertEqual(({}, 1), (self.ivr.playing, self.ivr.sums["withdrawn"]))
        self.assertEqual("off", self.c.call("ticket.get", id=self.case)["fields"]["ivr"])
        self.assertEqual("withdrawn", self.desk.follow()[-1]["event"])
        self.assertEqual({}, self.desk.scripts)

    def test_the_daemon_is_away_and_everybody_is_put_through(self):
        self.open()
        self.script()
        self.ivr.work()
        self.ivr.client.connect_always = lambda: None  # a voice menu does not wait
        self.d.kill()
        call = self.ivr.dial(number(1), True)
        self.assertEqual((None, "agent", 1), (call.heard, call.went, self.ivr.sums["failed_open"]))

    def test_calls_avoided(self):
        """Heard, hung up, and reached no agent within two hours."""
        self.open()
        self.script()
        self.ivr.work()
        self.assertEqual(6, sum(self.ivr.dial(number(i), True).went == "hung_up" for i in range(6)))
        self.ivr.dial(number(6), False)
        self.desk.take_call(number(6))
        self.advance("1h")
        self.desk.take_call(number(0))
        self.complain(1)
        self.d.restart()
        self.c = self.connect()
        got = self.calls()
        self.assertEqual((6, 2, 0, 4, 1), tuple(got[k] for k in ("deflected", "reached", "avoided", "pending", "continued")))
        self.advance("1h")
        self.desk = Desk(self.sim(), "shenzhen", "desk-7")
        self.desk.take_call(number(2))  # two hours, not more: reached
        got = self.calls()
        self.assertEqual((6, 3, 0, 3, 1), tuple(got[k] for k in ("deflected", "reached", "avoided", "pending", "continued")))
        self.advance("1ms")
        self.desk.take_call(number(3))  # too late: avoided
        got = self.calls()
        self.assertEqual((6, 3, 3, 0, 1), tuple(got[k] for k in ("deflected", "reached", "avoided", "pending", "continued")))

    def test_a_signal_without_a_version_is_of_the_one_approved(self):
        self.open()
        self.script()
        self.script("预计13点前到账")
        at = self.c.call("clock.now")["now"]
        heard = {"at": at, "source": "ivr", "kind": "ivr.deflected", "number": number(1), "code": PROMPT}
        for more in ({}, {"incident": self.case, "version": 1, "code": "P-OLD"}, {"incident": 999, "version": 1}, {"code": "P-OTHER"}):
            self.assertEqual(1, self.c.call("signal.push", signals=[{**heard, **more}])["accepted"])
        self.assertEqual([{"version": 1, "deflected": 1, "continued": 0}, {"version": 2, "deflected": 1, "continued": 0}],
                         self.calls()["versions"])
        refused = self.c.call("signal.push", signals=[{**heard, "version": 0}])["rejected"]
        self.assertEqual([{"index": 0, "field": "version", "message": "version must be a whole number from 1",
            "message_zh": "version 应为不小于 1 的整数"}], refused)

    def test_a_case_by_signals_alone_takes_complaints_of_its_fault_only(self):
        self.failed(range(1000))
        self.advance("1m")
        case = self.c.call("incident.list")["incidents"][0]
        self.assertEqual(("signal:shenzhen/txn_failed/recharge", None), (case["key"], case.get("category")))
        made = {category: self.c.call("ticket.create", channel="hotline_10086", number="13900000001", city="shenzhen", category=category,
                                      text="x") for category in ("recharge.not_credited", "network.no_service", "billing.cdr")}
        self.assertEqual([case["id"], None, None], [made[k].get("incident") for k in ("recharge.not_credited", "network.no_service", "billing.cdr")])
        elsewhere = self.c.call("ticket.create", channel="hotline_10086", number="13900000002", city="foshan", category="recharge.not_credited", text="x")
        self.assertNotIn("incident", elsewhere)

    def test_more_calls_than_are_kept_are_counted_all(self):
        self.open()
        self.script()
        signal = {"at": self.c.call("clock.now")["now"], "source": "ivr", "kind": "ivr.deflected", "number": number(1), "code": PROMPT}
        for _ in range(12):
            self.c.call("signal.push", signals=[signal])
        self.assertEqual({"deflected": 12, "reached": 0, "avoided": 0, "pending": 12, "continued": 0,
                          "versions": [{"version": 1, "deflected": 12, "continued": 0}]}, self.calls())
        self.c.call("signal.push", signals=[signal] * 260)  # no person: what is no longer kept is not claimed to be avoided
        self.assertEqual({"deflected": 272, "reached": 16, "avoided": 0, "pending": 256, "continued": 0,
                          "versions": [{"version": 1, "deflected": 272, "continued": 0}]}, self.calls())
        self.advance("121m")
        self.c.call("signal.push", signals=[dict(signal, at=self.c.call("clock.now")["now"])])
        self.restart()
        self.assertEqual({"deflected": 273, "reached": 16, "avoided": 256, "pending": 1, "continued": 0,
                          "versions": [{"version": 1, "deflected": 273, "continued": 0}]}, self.calls())

    def test_the_programs_themselves(self):
        self.open()
        self.script()
        ivr = subprocess.run([os.path.join(ADAPTERS, "ivr_sim.py"), "--server", self.d.address, "--callers", "1380000000", "--numbers", "10",
                              "--calls", "40", "--every", "0", "--hangs-up", "0.5", "--seed", "3"], capture_output=True, text=True, timeout=60, check=True)
        sums = dict(pair.split("=") for pair in ivr.stderr.split())
        self.assertEqual(("40", "10", "1", "0"), tuple(sums[k] for k in ("calls", "heard", "played", "failed_open")))
        self.assertEqual(40 - int(sums["hung_up"]), len(ivr.stdout.splitlines()))
        desk = subprocess.run([os.path.join(ADAPTERS, "desk_sim.py"), "--server", self.d.address, "--as", "wu.qiang", "-"], input=ivr.stdout,
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual("calls=%d complaints=0 linked=%d\n" % (len(ivr.stdout.splitlines()), len(ivr.stdout.splitlines())), desk.stderr)
        self.assertEqual("%s affected: case %d, version 1: %s" % (ivr.stdout.split()[0], self.case, SAID), desk.stdout.splitlines()[0])
        for name in ("ivr_sim.py", "desk_sim.py", "boss_sim.py"):
            got = subprocess.run([os.path.join(ADAPTERS, name), "--help"], capture_output=True, text=True, check=True)
            self.assertIn("usage: " + name, got.stdout)


if __name__ == "__main__":
    main()
