#!/usr/bin/python3
"""The incidents of the BPI Challenge 2013, played again through ticket.create and ticket.act on a virtual clock.

    replay.py incidents.csv [--first N] [--server ADDRESS]

Each incident is one ticket, each row of the log one action at the row's own second. Afterwards the tickets and their histories are
compared with the log; exit 1 if a call was refused or anything differs. Without --server it starts a daemon of its own on a store that is
thrown away; another must be empty and have this folder's pack and a virtual clock before the log's first row (virtual:2010-01-01T00:00).
"""

import argparse
import collections
import csv
import datetime
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "tests", "rpc"))
from daemon import Daemon, history  # noqa: E402
from tocsin_client import Client, RpcError  # noqa: E402

PACK = os.path.join(HERE, "pack")
START = "2010-01-01T00:00"
IN_FLIGHT = 48  # calls sent ahead of their answers; the daemon reads 64 ahead

# (status, sub-status) of the log: the stage, the action that leads there, and the one that does from a stage of DONE
STATES = {
    ("Queued", "Awaiting Assignment"): ("queued", "queue", "requeue"),
    ("Accepted", "In Progress"): ("in_progress", "work", "reopen"),
    ("Accepted", "Assigned"): ("assigned", "assign", "reassign"),
    ("Accepted", "Wait"): ("wait", "wait", "wait"),
    ("Accepted", "Wait - User"): ("wait_user", "wait_user", "wait_user"),
    ("Accepted", "Wait - Customer"): ("wait_customer", "wait_customer", "wait_customer"),
    ("Accepted", "Wait - Implementation"): ("wait_implementation", "wait_implementation", "wait_implementation"),
    ("Accepted", "Wait - Vendor"): ("wait_vendor", "wait_vendor", "wait_vendor"),
    ("Unmatched", "Unmatched"): ("unmatched", "unmatch", "unmatch"),
    ("Completed", "Resolved"): ("resolved", "resolve", "resolve"),
    ("Completed", "In Call"): ("in_call", "end_call", "end_call"),
    ("Completed", "Closed"): ("closed", "close", "close"),
    ("Completed", "Cancelled"): ("cancelled", "cancel", "cancel"),
}
DONE = ("resolved", "in_call", "closed", "cancelled")
LINES = {"2nd": "second_support_line", "3rd": "third_support_line"}  # by the last word of a group's name

Row = collections.namedtuple("Row", "case at_ms state stage data product impact")


def department(line):
    return "org_" + line.lower().replace("org ", "").replace(" ", "_")


def row_of(cells):
    """A row of the log as its ticket will know it; a state that the mapping does not know is refused, never guessed."""
    state = (cells["concept:name"], cells["lifecycle:transition"])
    if state not in STATES:
        raise ValueError("%s: %s / %s is no known state" % (cells["case:concept:name"], *state))
    at = datetime.datetime.fromisoformat(cells["time:timestamp"])
    group = cells["org:group"]
    data = {"queue": LINES.get(group.split()[-1], "first_support_line"), "department": department(cells["organization involved"]),
            "fields": {"group": group, "person": cells["org:resource"]}}
    return Row(cells["case:concept:name"], int(at.timestamp()) * 1000, state, STATES[state][0], data, cells["product"], cells["impact"])


def read_log(path, first=None):
    """The rows of the first N incidents of the file (None: of all), by time; rows of one second keep the file's order."""
    rows, cases = [], set()
    with open(path, encoding="utf-8", newline="") as f:
        for cells in csv.DictReader(f):
            if cells["case:concept:name"] not in cases:
                if len(cases) == first:
                    break  # the rows of an incident stand together
                cases.add(cells["case:concept:name"])
            rows.append(row_of(cells))
    return sorted(rows, key=lambda row: row.at_ms)


def create_args(row, source_ref):
    return {"kind": "it_incident", "channel": "import", "source_ref": source_ref, "title": row.product,
            "text": "%s, impact %s" % (row.product, row.impact), "fields": {"product": row.product, "impact": row.impact}}


class Pipe:
    """Calls sent ahead of their answers on one connection; each answer is given to what was said with its call."""

    def __init__(self, client):
        self.client, self.waiting, self.refused = client, collections.deque(), []

    def call(self, method, args, then=None):
        while len(self.waiting) >= IN_FLIGHT:
            self.take()
        self.waiting.append((self.client.send(method, args), method, args, then))

    def take(self):
        msgid, method, args, then = self.waiting.popleft()
        try:
            answer = self.client.answer(msgid)
        except RpcError as error:
            self.refused.append((method, args, error.error))
            return
        if then is not None:
            then(answer)

    def drain(self):
        while self.waiting:
            self.take()


class Replay:
    """ids: tickets by incident; planned: the stage of its last row sent; refused: (method, args, error)."""

    def __init__(self, client, rows):
        self.client, self.rows, self.pipe = client, rows, Pipe(client)
        self.ids, self.planned = {}, {}

    @property
    def refused(self):
        return self.pipe.refused

    def create(self, row):
        self.pipe.call("ticket.create", create_args(row, row.case),
            lambda ticket: self.ids.__setitem__(row.case, ticket["id"]))

    def id_of(self, case):
        while case not in self.ids and self.pipe.waiting:
            self.pipe.take()
        return self.ids[case]

    def act(self, row):
        _, action, again = STATES[row.state]
        was_done = self.planned.get(row.case) in DONE
        self.planned[row.case] = row.stage
        self.pipe.call("ticket.act", {"id": self.id_of(row.case), "action": again if was_done else action, "data": row.data})

    def play(self):
        now_ms = None
        for row in self.rows:
            if row.at_ms != now_ms:
                self.pipe.call("clock.advance", {"to": row.at_ms})
                now_ms = row.at_ms
            if row.case not in self.planned:
                self.create(row)
            self.act(row)
        self.pipe.drain()

    def tickets(self):
        """(incident, its ticket as it is now), one after the other."""
        for case, ticket in self.ids.items():
            yield case, self.client.call("ticket.get", id=ticket)

    def histories(self):
        """(incident, its events), one after the other."""
        for case, ticket in self.ids.items():
            yield case, history(self.client, ticket)


def stays(moves):
    """Seconds in each stage from (when, stage) in order, up to the last one: {stage: seconds}."""
    out = collections.Counter()
    for (since_ms, stage), (to_ms, _) in zip(moves, moves[1:]):
        out[stage] += (to_ms - since_ms) // 1000
    return dict(out)


def moves_of_history(events):
    """(when, stage) after each action, from a ticket's history alone: an event says the stage only when it changed."""
    moves, stage = [], None
    for event in events:
        if event["method"] == "ticket.act":
            _, stage = event.get("set", {}).get("stage", (None, stage))  # before, after
            moves.append((event["at"], stage))
    return moves


def moves_of_log(rows):
    """{incident: [(when, stage)]}"""
    out = collections.defaultdict(list)
    for row in rows:
        out[row.case].append((row.at_ms, row.stage))
    return out


def differences(replay):
    """What the daemon says otherwise than the log, as lines; and the seconds of all stages."""
    lines, total, log = [], collections.Counter(), moves_of_log(replay.rows)
    for case, ticket in replay.tickets():
        if ticket["stage"] != log[case][-1][1]:
            lines.append("%s: stage %s, the log says %s" % (case, ticket["stage"], log[case][-1][1]))
    for case, events in replay.histories():
        found, expected = stays(moves_of_history(events)), stays(log[case])
        total.update(found)
        if found != expected:
            lines.append("%s: seconds in stages %s, the log says %s" % (case, found, expected))
    return lines, total


def cpu_us(client):
    return client.call("server.stats")["memory"]["cpu_us"]


def measure(client, rows, rounds=5):
    """CPU of the daemon a create and an act, with the clock standing still: tickets of these incidents are created again, then worked.

    Rounds of both are interleaved and the median counts, so that a checkpoint in one of them does not decide."""
    firsts = list({row.case: row for row in rows}.values())[:400]
    creates, acts = [], []
    for n in range(rounds):
        ids, pipe = [], Pipe(client)
        before = cpu_us(client)
        for row in firsts:
            pipe.call("ticket.create", create_args(row, "measure%d-%s" % (n, row.case)), lambda ticket: ids.append(ticket["id"]))
        pipe.drain()
        created = cpu_us(client)
        for action in ("work", "queue", "work", "wait_user", "work", "resolve"):
            for ticket, row in zip(ids, firsts):
                pipe.call("ticket.act", {"id": ticket, "action": action, "data": row.data})
        pipe.drain()
        acted = cpu_us(client)
        if pipe.refused:
            raise RuntimeError("refused: %r" % (pipe.refused[0],))
        creates.append((created - before) / len(firsts))
        acts.append((acted - created) / (6 * len(firsts)))
    return sorted(creates)[rounds // 2], sorted(acts)[rounds // 2]


def show(replay, lines, total, took_s, used_us):
    n_cases, n_rows = len(replay.planned), len(replay.rows)
    print("%d incidents, %d actions, %d refused; %d differences" % (n_cases, n_rows, len(replay.refused), len(lines)))
    for method, args, error in replay.refused[:20]:
        print("  refused: %s %r: %s" % (method, args, error["message"]))
    for line in lines[:20]:
        print("  differs: " + line)
    for stage, seconds in sorted(total.items(), key=lambda item: -item[1]):
        print("  %-20s %13d s" % (stage, seconds))
    stats = replay.client.call("server.stats")
    print("played in %.1f s, %.1f s of the daemon's CPU; %d timers fired" % (took_s, used_us / 1e6, stats["tickets"]["timers_fired"]))


def play(client, rows):
    """0 when all is as in the log."""
    replay = Replay(client, rows)
    before, began = cpu_us(client), time.monotonic()
    replay.play()
    took_s, used_us = time.monotonic() - began, cpu_us(client) - before
    lines, total = differences(replay)
    show(replay, lines, total, took_s, used_us)
    create_us, act_us = measure(client, rows)
    print("CPU: ticket.create %.1f us, ticket.act %.1f us: %.2f times" % (create_us, act_us, act_us / create_us))
    return 1 if replay.refused or lines else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    parser.add_argument("--first", type=int, help="only so many incidents of the file")
    parser.add_argument("--server", help="unix:PATH or tcp:HOST:PORT; else a daemon of its own")
    args = parser.parse_args()
    rows = read_log(args.log, args.first)
    if args.server:
        with Client(args.server, timeout=60) as client:
            return play(client, rows)
    with Daemon(rules=PACK, clock="virtual:" + START) as daemon, daemon.client(timeout=60) as client:
        return play(client, rows)


if __name__ == "__main__":
    sys.exit(main())
