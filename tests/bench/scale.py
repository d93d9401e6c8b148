#!/usr/bin/python3
"""What grows with the number of tickets and of rules: heap, start-up, a work list, a reload. Prints a table in Markdown.

    TICKETS (200000)  LINES of the generated pack (10000)  BENCH_DIR a directory on a disk (build/bench-scale)
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "rpc"))

from daemon import PACK, Daemon  # noqa: E402

TICKETS = int(os.environ.get("TICKETS", 200000))
LINES = int(os.environ.get("LINES", 10000))
DIR = os.environ.get("BENCH_DIR") or os.path.join(ROOT, "build", "bench-scale")
LOAD = os.path.join(ROOT, "build", "release", "bench", "load")
FILES = 10
RELOADS = ["third", "fourth", "fifth", "sixth", "seventh"]


def anon_bytes(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(re.search(r"RssAnon:\s+(\d+) kB", f.read()).group(1)) * 1024


def median_ms(call, n=200):
    """Median and 99th percentile of n calls one after the other."""
    took = []
    for _ in range(n):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return statistics.median(took), took[int(n * 0.99) - 1]


def pack_of(lines, folder, mark):
    """A pack on the default of so many lines: routing rules of four lines each, over several files, each with its own condition."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "pack.lua"), "w", encoding="utf-8") as f:
        f.write('pack { base = "default", name = "wide" }\n')
    rules = lines // 4
    for n in range(FILES if rules > 0 else 0):
        with open(os.path.join(folder, "part%02d.lua" % n), "w", encoding="utf-8") as f:
            f.write('rules.before "routing" {\n')
            for i in range(n, rules, FILES):
                f.write('  rule "%s %d" {\n    when = { ["fields.code"] = "c%d", channel = "app" }, because = "generated",\n    to = queue "expert",\n  },\n'
                    % (mark, i, i))
            f.write("}\n")


def pings(d, until):
    """The longest and the usual round trip of a ping until the event is set."""
    took = []
    with d.client() as c:
        c.call("session.ping")
        while not until.is_set():
            began = time.perf_counter()
            c.call("session.ping")
            took.append((time.perf_counter() - began) * 1000)
    return max(took), statistics.median(took)


def reload_while_pinging(d):
    done, out = threading.Event(), []
    t = threading.Thread(target=lambda: out.append(pings(d, done)))
    t.start()
    time.sleep(0.3)
    with d.client() as c:
        verdict = c.call("rules.reload")
    done.set()
    t.join()
    if not verdict["ok"]:
        raise SystemExit("the generated pack is refused: %r" % verdict["errors"][:3])
    return verdict["took_ms"], out[0][0], out[0][1]


def quiet(d, seconds=1.0):
    done = threading.Event()
    threading.Timer(seconds, done.set).start()
    return pings(d, done)[0]


def row(what, budget, figure):
    print("| %s | %s | %s |" % (what, budget, figure), flush=True)


def main():
    shutil.rmtree(DIR, ignore_errors=True)
    rules = os.path.join(DIR, "rules")
    pack_of(0, rules, "none")
    d = Daemon(rules=rules, clock="real", data=os.path.join(DIR, "data"))
    try:
        empty_s = d.start()
        empty = anon_bytes(d.process.pid)
        subprocess.run([LOAD, "peer=tocsin", "addr=" + d.address, "job=create", "in_flight=16", "count=%d" % TICKETS, "tickets=%d" % TICKETS],
            check=True, stdout=subprocess.DEVNULL)
        if d.stop() != 0:
            raise SystemExit("the daemon did not stop cleanly")
        start_s = d.start(within=120)
        full = anon_bytes(d.process.pid)
        print("%d tickets, all open; a pack of %d lines on the default; load %.2f.\n" % (TICKETS, LINES, os.getloadavg()[0]))
        print("| what | budget | measured |\n|---|---|---|")
        row("heap a ticket, after a start", "≤ 250 B", "%.0f B (%.1f MiB empty, %.1f MiB with them)" % ((full - empty) / TICKETS, empty / 2**20, full / 2**20))
        row("start-up until `ready`", "< 2 s at 10 M", "%.0f ms (empty %.0f ms)" % (start_s * 1000, empty_s * 1000))
        with d.client() as c:
            one = c.call("ticket.find", where={"open": True}, limit=1)["tickets"][0]
            for what, where in (("a person's work list, first 20 by due", {"owner": one["owner"]}), ("a queue's, first 20 by due", {"queue": one["queue"]})):
                row(what, "< 1 ms at 1 M", "%.3f ms, p99 %.3f" % median_ms(lambda: c.call("ticket.find", where=where, order="due", limit=20)))
        pack_of(LINES, rules, "first")
        took, longest, usual = reload_while_pinging(d)
        row("a pack of %d lines, built and checked aside" % LINES, "< 500 ms", "%d ms" % took)
        with d.client() as c:
            before_us = c.call("server.stats")["server"]["pass_cpu_us_max"]
            for mark in RELOADS:
                pack_of(LINES, rules, mark)
                if not c.call("rules.reload")["ok"]:
                    raise SystemExit("the generated pack is refused")
            after_us = c.call("server.stats")["server"]["pass_cpu_us_max"]
        row("longest pass of the loop, its CPU time, while %d such packs are taken" % len(RELOADS), "pause < 1 ms",
            "%.2f ms (%.2f before)" % (after_us / 1000, before_us / 1000))
        pack_of(LINES, rules, "second")
        took, longest, usual = reload_while_pinging(d)
        row("longest round trip of a ping meanwhile", "", "%.2f ms (usual %.3f; longest of a quiet second %.2f)" % (longest, usual, quiet(d)))
    finally:
        d.close()
        shutil.rmtree(DIR, ignore_errors=True)


if __name__ == "__main__":
    main()
