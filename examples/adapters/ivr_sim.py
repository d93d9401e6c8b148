#!/usr/bin/python3
"""The voice menu (IVR) of 10086 on this machine: it takes the prompts of open cases and answers callers.

    ivr_sim.py [--server unix:data/tocsin.sock] [--token-file FILE] [--callers 1380000] [--numbers 2000] [--calls 100] [--every 0.1]
               [--hangs-up 0.6] [--seed 1] [--minutes 1]

It claims the tasks `ivr` (op play: this version begins, the one it replaces ends; op withdraw: it ends), and asks number.check for each caller. A
caller whom Tocsin names the prompt to hears it, at most `cap` times a version, between its start and its end, and only in the version that
plays here; then hangs up (signal ivr.deflected) or presses the agent's key (ivr.continued). Everybody else is put through at once and hears
nothing. Whatever goes wrong (no answer, a refusal, no task), the caller is put through: no prompt ever stands in the way of an agent.

With --calls it lets so many callers dial, numbers at random from `--callers` on, and prints one line for each who goes on to an agent, as
desk_sim.py reads them: number, and incident and version that were heard. With --calls 0 it only works its tasks.
"""

import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients"))
from desk import Client, Refused  # noqa: E402

UNITS_MS = {"s": 1000, "m": 60000, "h": 3600000}


def span_ms(text):
    return int(text[:-1]) * UNITS_MS[text[-1]]


class Call:
    """What became of one: heard is None or (incident, version); went is "hung_up" or "agent"."""

    def __init__(self, number, heard=None, went="agent"):
        self.number, self.heard, self.went = number, heard, went

    def __repr__(self):
        return "%s %s%s" % (self.number, self.went, "" if self.heard is None else " incident=%d version=%d" % self.heard)


class Ivr:
    def __init__(self, client, source="ivr_sim"):
        self.client, self.source = client, source
        self.playing = {}  # incident → data of its task
        self.times = {}  # (incident, version, number) → how often it was heard
        self.sums = {"played": 0, "withdrawn": 0, "calls": 0, "heard": 0, "hung_up": 0, "agent": 0, "failed_open": 0}

    # ---- what Tocsin asks for
    def work(self):
        """Every task that waits; how many there were."""
        n = 0
        while True:
            tasks = self.client.call("task.claim", worker=self.source, kinds=["ivr"], limit=10)["tasks"]
            if not tasks:
                return n
            for task in tasks:
                self.take(task["data"])
                self.client.change("task.done", id=task["id"], worker=self.source, ok=True,
                    result={"op": task["data"]["op"], "prompt": task["data"]["prompt"], "version": task["data"]["version"]})
                n += 1

    def take(self, data):
        known = self.playing.get(data["incident"])
        if data["op"] == "play" and (known is None or known["version"] <= data["version"]):
            self.playing[data["incident"]] = data
            self.sums["played"] += 1
        elif data["op"] == "withdraw":
            self.playing.pop(data["incident"], None)
            self.sums["withdrawn"] += 1

    # ---- callers
    def prompt_for(self, number):
        """The task whose prompt this caller hears now, or None."""
        answer = self.client.call("number.check", number=number)
        task = self.playing.get(answer.get("incident"))
        if task is None or "prompt" not in answer:
            return None
        now = self.client.call("clock.now")["now"]
        begins = task["from_ms"]
        ends = task["until_ms"] if isinstance(task.get("until_ms"), int) else begins + span_ms(task["most"])
        key = (task["incident"], task["version"], number)
        if answer["script"] != task["version"] or answer["prompt"] != task["prompt"] or not begins <= now < ends:
            return None
        return task if self.times.get(key, 0) < task["cap"] else None

    def dial(self, number, hangs_up):
        """One call. hangs_up: what the caller does after a prompt."""
        self.sums["calls"] += 1
        try:
            task = self.prompt_for(number)
        except (OSError, Refused, KeyError) as why:
            print("put through: %s" % why, file=sys.stderr)
            self.sums["failed_open"] += 1
            task = None
        if task is None:
            self.sums["agent"] += 1
            return Call(number)
        key = (task["incident"], task["version"], number)
        self.times[key] = self.times.get(key, 0) + 1
        self.sums["heard"] += 1
        self.sums["hung_up" if hangs_up else "agent"] += 1
        self.report(number, task, hangs_up)
        return Call(number, (task["incident"], task["version"]), "hung_up" if hangs_up else "agent")

    def report(self, number, task, hangs_up):
        """The call is over whether Tocsin hears of it or not."""
        try:
            self.client.change("signal.push", signals=[{"at": self.client.call("clock.now")["now"], "source": self.source, "number": number,
                "kind": "ivr.deflected" if hangs_up else "ivr.continued", "code": task["prompt"], "incident": task["incident"],
                "version": task["version"]}])
        except (OSError, Refused) as why:
            print("not reported: %s" % why, file=sys.stderr)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", default="unix:data/tocsin.sock")
    p.add_argument("--token-file")
    p.add_argument("--callers", default="1380000", help="what the callers' numbers begin with")
    p.add_argument("--numbers", type=int, default=2000, help="how many of them there are")
    p.add_argument("--calls", type=int, default=0)
    p.add_argument("--every", type=float, default=0.1, help="seconds between two calls")
    p.add_argument("--hangs-up", type=float, default=0.6, help="share of those who heard a prompt")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--minutes", type=float, default=1, help="how long tasks are worked when there are no calls")
    args = p.parse_args()
    token = None
    if args.token_file:
        with open(args.token_file, encoding="utf-8") as f:
            token = f.readline().strip()
    ivr, chance = Ivr(Client(args.server, token)), random.Random(args.seed)
    sys.stdout.reconfigure(line_buffering=True)
    ends = time.monotonic() + args.minutes * 60
    while ivr.sums["calls"] < args.calls or (args.calls == 0 and time.monotonic() < ends):
        ivr.work()
        if args.calls:
            number = args.callers + "%0*d" % (11 - len(args.callers), chance.randrange(args.numbers))
            call = ivr.dial(number, chance.random() < args.hangs_up)
            if call.went == "agent":
                print(number, *(call.heard or ()))
        time.sleep(args.every if args.calls else 1)
    print(" ".join("%s=%d" % pair for pair in sorted(ivr.sums.items())), file=sys.stderr)


if __name__ == "__main__":
    main()
