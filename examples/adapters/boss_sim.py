#!/usr/bin/python3
"""BOSS on this machine, for trying the early warning: transactions of an outage as signals, and the work that Tocsin asks BOSS for.

    boss_sim.py [--server unix:data/tocsin.sock] [--city shenzhen] [--component recharge_gateway] [--code E1023] [--seed 1]
                [--numbers 2000] [--orders 10000] [--share 0.25] [--minutes 5] [--step 10] [--fixes 0.9] [--once]

For `--minutes` it pushes `--orders` transactions, a step of `--step` seconds after another; `--share` of them fail, of `--numbers`
customers. Beside that it claims the tasks boss_emergency (each number is restored with the chance `--fixes`; what was restored is
a txn_ok afterwards, as in life) and boss_green_channel (taken over: the component is up again). When the outage is over it says that the
component is up and goes on working tasks until it is ended; --once ends it when no task is left.

It only shows the calls: signal.push in batches, task.claim, task.done with a result for each number. One connection, no threads.
"""

import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients"))
from desk import Client  # noqa: E402

BATCH = 1000  # a frame holds 256 KiB
KINDS = ["boss_emergency", "boss_green_channel"]


class Boss:
    def __init__(self, client, args):
        self.client, self.args = client, args
        self.random = random.Random(args.seed)
        self.failed = set()
        self.sums = {"ok": 0, "failed": 0, "rejected": 0, "restored": 0, "refused": 0, "taken_over": 0}

    def number(self, i):
        return "138%08d" % i

    def signal(self, kind, number=None, **more):
        s = {"at": self.client.call("clock.now")["now"] if "at" not in more else more.pop("at"), "source": "boss_sim", "kind": kind,
            "city": self.args.city, "component": self.args.component}
        if number is not None:
            s["number"] = number
        s.update(more)
        return s

    def push(self, signals):
        for at in range(0, len(signals), BATCH):
            answer = self.client.call("signal.push", signals=signals[at:at + BATCH])
            self.sums["rejected"] += len(answer["rejected"])
            for bad in answer["rejected"][:3]:
                print("rejected %(index)d: %(field)s: %(message)s" % bad, file=sys.stderr)

    def transactions(self, n):
        """One step of the outage."""
        now, out = self.client.call("clock.now")["now"], []
        for _ in range(n):
            number = self.number(self.random.randrange(self.args.numbers))
            if self.random.random() < self.args.share:
                self.failed.add(number)
                self.sums["failed"] += 1
                out.append(self.signal("txn_failed", number, at=now, code=self.args.code))
            else:
                self.sums["ok"] += 1
                out.append(self.signal("txn_ok", self.number(self.args.numbers + self.random.randrange(10 ** 6)), at=now))
        self.push(out)

    def state(self, value):
        self.push([self.signal("component_state", value=value)])

    # ---- what Tocsin asks for
    def emergency(self, task):
        """Each number by itself: what was restored goes through afterwards."""
        results, done = [], []
        for number in task["data"].get("numbers", []):
            ok = self.random.random() < self.args.fixes
            results.append({"number": number, "ok": ok} if ok else {"number": number, "ok": False, "error": "ACCOUNT_LOCKED"})
            self.sums["restored" if ok else "refused"] += 1
            if ok and number in self.failed:
                self.failed.discard(number)
                done.append(number)
        self.client.call("task.done", id=task["id"], ok=True, result={"numbers": results} if results else {"reply": "restored"})
        now = self.client.call("clock.now")["now"]
        self.push([self.signal("txn_ok", number, at=now) for number in done])

    def green_channel(self, task):
        self.client.call("task.done", id=task["id"], ok=True, result={"channel": "live", "op": task["data"].get("op")})
        self.sums["taken_over"] += 1

    def work(self):
        """Every task that waits; how many there were."""
        n = 0
        while True:
            tasks = self.client.call("task.claim", worker="boss_sim", kinds=KINDS, limit=10)["tasks"]
            if not tasks:
                return n
            for task in tasks:
                (self.emergency if task["kind"] == "boss_emergency" else self.green_channel)(task)
                n += 1

    def run(self):
        steps = max(1, self.args.minutes * 60 // self.args.step) if self.args.minutes else 1
        self.state("degraded")
        for i in range(steps):
            self.transactions(self.args.orders // steps)
            self.work()
            if i + 1 < steps:
                time.sleep(self.args.step)
        self.state("up")
        while self.work() or not self.args.once:
            time.sleep(0 if self.args.once else 1)
        print(" ".join("%s=%d" % pair for pair in sorted(self.sums.items())), "numbers_failed=%d" % len(self.failed))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", default="unix:data/tocsin.sock")
    p.add_argument("--city", default="shenzhen")
    p.add_argument("--component", default="recharge_gateway")
    p.add_argument("--code", default="E1023")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--numbers", type=int, default=2000)
    p.add_argument("--orders", type=int, default=10000)
    p.add_argument("--share", type=float, default=0.25)
    p.add_argument("--minutes", type=int, default=5)
    p.add_argument("--step", type=int, default=10)
    p.add_argument("--fixes", type=float, default=0.9)
    p.add_argument("--once", action="store_true")
    args = p.parse_args()
    Boss(Client(args.server), args).run()


if __name__ == "__main__":
    main()
