#!/usr/bin/python3
"""One list of millions of numbers: memory a number, look-ups, what a case's opening, growing, paging, settling and a restart take. Prints a table in Markdown.

    NUMBERS (5000000)  BENCH_DIR a directory on a disk (build/bench-numbers)

`longest` is the longest answer to a ping sent every 5 ms meanwhile: how long the loop was held.
"""

import os
import shutil
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "rpc"), os.path.join(ROOT, "tests", "bench")]

from daemon import Daemon  # noqa: E402
from scale import anon_bytes  # noqa: E402

NUMBERS = int(os.environ.get("NUMBERS", 5000000))
DIR = os.environ.get("BENCH_DIR") or os.path.join(ROOT, "build", "bench-numbers")
LOAD = os.path.join(ROOT, "build", "release", "bench", "load")
CITY, CATEGORY = "shenzhen", "recharge.not_credited"


class Pings:
    """The longest round trip of a ping while it is entered."""

    def __init__(self, d):
        self.d, self.is_over, self.longest_ms = d, threading.Event(), 0.0

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def run(self):
        with self.d.client(timeout=600) as c:
            while not self.is_over.is_set():
                began = time.perf_counter()
                c.call("session.ping")
                self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)
                time.sleep(0.005)


def load(d, *words):
    """One line of the load program as {name: text}."""
    out = subprocess.run([LOAD, "peer=tocsin", "addr=" + d.address, "pid=%d" % d.process.pid, *words], check=True, capture_output=True, text=True).stdout
    return dict(pair.split("=", 1) for pair in out.split() if "=" in pair)


class Table:
    def __init__(self, d):
        self.d = d
        print("| what | figure | longest |\n|---|---|---|")

    def row(self, what, figure, longest=None):
        print("| %s | %s | %s |" % (what, figure, "" if longest is None else "%.0f ms" % longest), flush=True)

    def timed(self, what, fn):
        with Pings(self.d) as p:
            began = time.perf_counter()
            answer = fn()
            took = time.perf_counter() - began
            time.sleep(0.02)
        self.row(what, "%.2f s" % took, p.longest_ms)
        return answer


def stats(c):
    return c.call("server.stats")["numbers"]


def settle_all(c, incident):
    n, more = 0, True
    while more:
        got = c.call("number.settle", incident=incident, list="affected", to="fixed")
        n, more = n + got["settled"], got["more"]
        if n >= 200000:
            break
    return n


def main():
    shutil.rmtree(DIR, ignore_errors=True)
    os.makedirs(os.path.join(DIR, "data"))
    os.chmod(os.path.join(DIR, "data"), 0o700)
    d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"), clock="real", data=os.path.join(DIR, "data"))
    d.start()
    before = anon_bytes(d.process.pid)
    t = Table(d)
    with Pings(d) as p:
        began = time.perf_counter()
        load(d, "job=push", "conns=4", "in_flight=2", "count=%d" % (NUMBERS // 1000))
        took = time.perf_counter() - began
    t.row("%d failed numbers pushed in batches of 1,000" % NUMBERS, "%.0f/s" % (NUMBERS / took), p.longest_ms)
    c = d.client(timeout=600)
    s = stats(c)
    t.row("in memory, a number", "%.1f B" % (s["bytes"] / s["numbers"]))
    t.row("heap of the daemon, all in all", "%.0f MiB" % ((anon_bytes(d.process.pid) - before) / 1048576))
    got = load(d, "job=check", "in_flight=16", "seconds=5", "tickets=%d" % NUMBERS)
    t.row("number.check, 50 connections, 16 in flight", " ".join("%s=%s" % pair for pair in got.items()))
    incident = t.timed("an incident takes the list", lambda: c.call("ticket.create", kind="incident", channel="webhook", title="t", text="x",
                                                                    category=CATEGORY, city=CITY)["id"])
    counts = t.timed("a page of the list", lambda: c.call("number.list", incident=incident, list="affected", limit=1000))["counts"]
    if counts["affected"] != s["numbers"]:
        sys.exit("the case has %d of %d numbers" % (counts["affected"], s["numbers"]))
    t.timed("a reload of the rules", lambda: c.call("rules.reload"))
    t.timed("a version more (delta of 1)", lambda: [c.call("signal.push", signals=[{"at": c.call("clock.now")["now"], "source": "boss",
        "kind": "txn_failed", "city": CITY, "component": "recharge_gateway", "number": "13999999999", "code": "E1023"}]),
        c.call("number.list", incident=incident, list="affected", since_version=1, limit=1000)])
    t.timed("200,000 of them settled", lambda: settle_all(c, incident))
    c.close()
    d.kill()
    t.row("start after kill -9", "%.2f s" % d.start(within=600))
    c = d.client(timeout=600)
    if stats(c)["numbers"] != s["numbers"] + 1:
        sys.exit("after the restart %d numbers, not %d" % (stats(c)["numbers"], s["numbers"] + 1))
    # the watch of failed recharges has opened a case of its own, which has the list too
    t.timed("its cases are cancelled", lambda: [c.call("ticket.act", id=i["id"], action="cancel", data={"reason": "bench"})
                                                for i in c.call("incident.list")["incidents"]])
    c.close()
    with Pings(d) as p:
        began = time.perf_counter()
        with d.client(timeout=600) as c:
            while stats(c)["numbers"] > 0 and time.perf_counter() - began < 400:
                time.sleep(0.5)
            left = stats(c)["numbers"]
        took = time.perf_counter() - began
    t.row("its numbers leave memory", "%.0f s, %d left" % (took, left), p.longest_ms)
    d.kill()
    shutil.rmtree(DIR, ignore_errors=True)


if __name__ == "__main__":
    main()
