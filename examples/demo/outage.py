#!/usr/bin/python3
"""A city's recharge fails: the second half of what `make demo` plays.

Complaints come in, a warning opens a case that holds them, one script goes to the front desk and to the voice menu, the BOSS restores the complainers, the recovery
is proven and everybody is told once. The voice menu and the front desk are examples/adapters/ivr_sim.py and desk_sim.py; BOSS is played here. On a
virtual clock; ends by itself.
"""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "adapters"), os.path.join(os.path.dirname(HERE), "clients")]
from day import Daemon, ROOT, say  # noqa: E402
from tocsin_client import Client  # noqa: E402
import desk  # noqa: E402
from desk_sim import Desk  # noqa: E402
from ivr_sim import Ivr  # noqa: E402

CURVE = [2, 3, 11, 20, 41, 30, 20, 10, 5, 3]  # complaints in five minutes each
PROMPT = "P-RECHARGE-01"
KEY = "shenzhen/recharge.not_credited"
FAILED, HANG_UP = 200, 60  # numbers whose recharge failed; of the first 72 who call, so many hang up after the prompt
CALLS = 72


class Story:
    def __init__(self, daemon):
        self.daemon, self.n = daemon, 0
        self.people = {}
        self.ivr = Ivr(desk.Client(daemon.address))
        self.desk = Desk(desk.Client(daemon.address), "shenzhen", "demo")

    def boss(self, kind, numbers, **more):
        """Transactions as BOSS reports them."""
        now = self.call("clock.now")["now"]
        self.call("signal.push", signals=[{"at": now, "source": "boss", "kind": kind, "city": "shenzhen", "component": "recharge_gateway",
                                           "number": n, **more} for n in numbers])

    def callers(self, numbers):
        """They dial 10086: most hang up after the prompt, the others press 0."""
        for i, number in enumerate(numbers):
            call = self.ivr.dial(number, i < HANG_UP)
            if call.went == "agent":
                shown, _ = self.desk.take_call(number)
        self.tell("%d affected customers call: %d hear the prompt and hang up, %d press 0" % (len(numbers), self.ivr.sums["hung_up"], self.ivr.sums["agent"]))
        self.tell("the agent's screen before %s speaks: %s, “%s”" % (shown["number"], shown["state"], shown["zh"]))

    def person(self, name):
        if name not in self.people:
            self.people[name] = Client(self.daemon.address)
            self.people[name].call("session.hello", {"as": name})
        return self.people[name]

    def call(self, method, **args):
        return self.daemon.call(method, **args)

    def at(self):
        minute = (self.call("clock.now")["now"] // 60000 + 8 * 60) % 1440
        return "%02d:%02d" % (minute // 60, minute % 60)

    def tell(self, text):
        say("  %s  %s" % (self.at(), text))

    def act(self, who, action, **data):
        return self.person(who).call("ticket.act", id=self.case, action=action, data=data)

    def complain(self, count):
        answers = []
        for _ in range(count):
            answers.append(self.call("ticket.create", channel="hotline_10086", number="1380013%04d" % self.n, city="shenzhen",
                                     text="充值50元没有到账", fields={"amount": 5000, "paid_at": 0}))
            self.n += 1
        return answers

    def adapter(self, kind, result):
        """The other side: does what the outbox asks for."""
        for task in self.call("task.claim", worker="demo", kinds=[kind], limit=20)["tasks"]:
            self.call("task.done", id=task["id"], ok=True, result=result(task["data"]))
            self.tell("%s: %s" % (kind, task["data"].get("op")))

    def play(self):
        self.call("clock.advance", by="10h")
        bins = iter(CURVE)
        for _ in range(4):
            self.complain(next(bins))
            self.call("clock.advance", by="5m")
        self.tell("%d complaints of one kind in twenty minutes" % self.n)
        warned = next(w for w in self.call("warning.list")["warnings"] if w["key"] == KEY)
        self.tell("%s is %s: %s" % (KEY, warned["level"], warned["line"]["en"]))
        self.case = warned["incident"]
        self.call("clock.advance", by="1s")
        opened = self.call("ticket.get", id=self.case)
        self.tell("case %s (%s) holds %d complaints" % (opened["no"], opened["grade"], self.call("incident.get", id=self.case)["children"]))
        self.act("wu.qiang", "take")
        self.act("wu.qiang", "script", zh="充值平台故障，款项安全，预计12点前到账", en="recharges are late; the money is safe", prompt=PROMPT)
        self.act("lin.tao", "approve_script")
        self.tell("script version 1, written by wu.qiang, approved by lin.tao")
        affected = ["1390013%04d" % n for n in range(FAILED)]
        self.boss("txn_failed", affected, code="E1023")
        self.tell("BOSS reports failed recharges of %d numbers" % FAILED)
        self.ivr.work()
        self.callers(affected[:CALLS])
        heard = self.complain(next(bins))
        self.tell("the next complaint's screen: “%s”" % heard[0]["advice"][0]["zh"])
        self.act("wu.qiang", "restore_complainers", operation="recharge")
        self.call("clock.advance", by="5s")
        self.adapter("boss_emergency", lambda data: {"numbers": [{"number": n, "ok": True} for n in data["numbers"]]})
        for count in bins:
            self.complain(count)
            self.call("clock.advance", by="5m")
        self.act("feng.lei", "claim", text="平台已恢复")
        self.tell("BOSS says that it works: claimed, nobody is told yet")
        self.act("feng.lei", "probe", ok=True)
        self.act("lin.tao", "prove", text="拨测正常，投诉回落")
        self.ivr.work()
        self.boss("txn_ok", affected)
        self.call("clock.advance", by="1m")
        self.adapter("sms", lambda data: {"numbers": [{"number": n, "ok": True} for n in data["numbers"]]})
        self.tell("proven: prompt withdrawn, complaints answered, stage %s" % self.call("ticket.get", id=self.case)["stage"])
        left = self.call("number.settle", incident=self.case, list="review", to="silent")["settled"]
        self.tell("%d who complained without a failed recharge are looked into: no number stays unaccounted for" % left)
        self.call("clock.advance", by="2h")
        effect = self.call("incident.effect", id=self.case)
        self.tell("two hours later: stage %s" % self.call("ticket.get", id=self.case)["stage"])
        say("  complaints during %(complaints)d (%(per_hour).1f an hour)" % effect["during"])
        say("  numbers told %(numbers_told)d, complaints answered %(complaints_answered)d" % effect)
        say("  calls that the prompt avoided: %(avoided)d of %(deflected)d" % effect["calls"])
        return effect


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-demo.") as work:
        data = os.path.join(work, "data")
        os.mkdir(data, 0o700)
        daemon = Daemon(data, os.path.join(ROOT, "examples", "guangdong"))
        try:
            say("6. A city-wide recharge outage (virtual clock, film speed)")
            story = Story(daemon)
            effect = story.play()
        finally:
            for c in story.people.values():
                c.close()
            if daemon.process.poll() is None:
                daemon.stop()
        if effect["calls"]["avoided"] != HANG_UP or effect["complaints_answered"] != sum(CURVE):
            sys.exit(1)


if __name__ == "__main__":
    main()
