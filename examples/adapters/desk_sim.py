#!/usr/bin/python3
"""A front-desk agent of 10086 on this machine: the screen before the caller explains, and one click on the case.

    desk_sim.py [--server unix:data/tocsin.sock] [--token-file FILE] [--as NAME] [--city shenzhen] [--consumer desk_sim] [FILE]

It follows the topic frontdesk.CITY under a durable name: cases that open, scripts with their version, withdrawals; what came while it was away
comes first. For each caller, a line of FILE or of standard input (a number, as ivr_sim.py prints them, what else stands there is passed
over), it asks number.check, shows what to say, and links an affected caller to the case with one contact (`same_fault`); who is not
affected becomes a complaint of its own.

    examples/adapters/ivr_sim.py --calls 100 | examples/adapters/desk_sim.py
"""

import argparse
import fileinput
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients"))
from desk import Client, Refused  # noqa: E402

CHANNEL = "hotline_10086"


class Desk:
    def __init__(self, client, city, consumer):
        self.client, self.city = client, city
        self.scripts = {}  # incident → {version, zh, en, eta?}
        self.sums = {"calls": 0, "linked": 0, "complaints": 0}
        client.subscribe(["frontdesk." + city], consumer)

    # ---- what is pushed
    def follow(self):
        """Take what came since the last time; the events."""
        self.client.call("session.ping")
        events, self.client.events = self.client.events, []
        for event in events:
            self.client.last_seq = event["seq"]
            self.take(event["data"])
            self.client.ack(event["seq"])
        return [event["data"] for event in events]

    def take(self, data):
        if data["event"] == "script":
            self.scripts[data["incident"]] = {k: data[k] for k in ("version", "zh", "en", "eta") if data.get(k) not in (None, "")}
        elif data["event"] == "withdrawn":
            self.scripts.pop(data["incident"], None)

    # ---- a caller
    def screen(self, number):
        """What the agent sees at once: {number, state, incident?, zh?, en?, eta?, version?}; what was pushed counts before what is asked."""
        found = self.client.call("number.check", number=number)
        shown = {"number": number, "state": found["state"], "complained": found["complained"]}
        if "incident" in found:
            shown["incident"] = found["incident"]
            say = self.scripts.get(found["incident"]) or {**found.get("say", {}), **{k: found[k] for k in ("eta",) if k in found}}
            shown.update(say)
            if "script" in found:
                shown["version"] = max(found["script"], shown.get("version", 0))
        return shown

    def take_call(self, number, text="充值没有到账"):
        """One call to its end: (screen, answer)."""
        self.follow()
        shown = self.screen(number)
        self.sums["calls"] += 1
        if "incident" in shown:
            self.sums["linked"] += 1
            answer = self.client.change("contact.add", incident=shown["incident"], number=number, channel=CHANNEL, kind="same_fault", text=text)
        else:
            self.sums["complaints"] += 1
            answer = self.client.change("ticket.create", channel=CHANNEL, number=number, city=self.city, text=text)
        return shown, answer


def line_of(shown, answer):
    if "incident" not in shown:
        return "%s %s: complaint %s, %s" % (shown["number"], shown["state"], answer["no"], answer["queue"])
    return "%s %s: case %d, version %s: %s" % (shown["number"], shown["state"], shown["incident"], shown.get("version", "-"), shown.get("zh", "-"))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", default="unix:data/tocsin.sock")
    p.add_argument("--token-file")
    p.add_argument("--as", dest="person", help="a person of the pack")
    p.add_argument("--city", default="shenzhen")
    p.add_argument("--consumer", default="desk_sim")
    p.add_argument("file", nargs="*")
    args = p.parse_args()
    token = None
    if args.token_file:
        with open(args.token_file, encoding="utf-8") as f:
            token = f.readline().strip()
    client = Client(args.server, token)
    if args.person:
        client.call("session.hello", **{"as": args.person})
    desk = Desk(client, args.city, args.consumer)
    for line in fileinput.input(args.file, encoding="utf-8"):
        if not line.strip():
            continue
        try:
            print(line_of(*desk.take_call(line.split()[0])), flush=True)
        except Refused as why:
            print("%s: %s" % (line.split()[0], why), file=sys.stderr)
    print(" ".join("%s=%d" % pair for pair in sorted(desk.sums.items())), file=sys.stderr)


if __name__ == "__main__":
    main()
