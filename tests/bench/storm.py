#!/usr/bin/python3
"""S13, a storm: 56 complaints a second with peaks of 500, 40 % of them new, 60 % one more contact of the same fault, under Guangdong's pack
with bins of a minute, on a real clock. Prints one line of a table in Markdown; tests/rpc/storm_test.py asserts what must come of it.

    STORM_S (30) seconds of the storm, and on until a minute ended in it   BASE (56)  PEAK (500) a second, for two seconds of ten
"""

import collections
import os
import re
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "rpc"))

from daemon import Daemon  # noqa: E402

GUANGDONG = os.path.join(ROOT, "examples", "guangdong")
MINUTE_MS = 60000
WATCH = """
levels "storm" {
  { "yellow", enter = { S1 = at_least(100) }, leave = { S1 = less_than(50) }, closes = 3 },
  { "red", enter = { S1 = at_least(300) }, leave = { S1 = less_than(150) }, closes = 3 },
}
watch "recharge not credited" {
  zh = "充值未到账", en = "recharge not credited", categories = { "recharge.not_credited" }, by = { "city", "category" },
  bin = "1m", sums = { S1 = 1 }, levels = "storm",
}
"""
Storm = collections.namedtuple("Storm", "created contacts took events")


def pack_into(folder):
    """Guangdong with a watch that closes every minute in the place of its own."""
    shutil.copytree(GUANGDONG, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("warning_spec.lua"))
    path = os.path.join(folder, "warning.lua")
    with open(path, encoding="utf-8") as f:
        text, n = re.subn(r'(?ms)^watch "recharge not credited" \{.*?^\}\n', lambda _: WATCH, f.read())
    assert n == 1, path
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def wait_for_room(c, before_s):
    """So that the storm begins before_s seconds before a minute ends, if there is not as much time left."""
    left = MINUTE_MS - c.call("clock.now")["now"] % MINUTE_MS
    if left < before_s * 1000:
        time.sleep(left / 1000 + 0.05)


def storm(d, seconds, base, peak):
    """{ticket: created} of new tickets, the number of contacts, ms each create took, warning events."""
    created, contacts, took, turn = {}, 0, [], 0
    with d.client(timeout=60) as c, d.client(timeout=60) as listener:
        listener.call("topic.subscribe", topics=["warning"], after=0)
        first = c.call("ticket.create", channel="app", text="money has not come", city="shenzhen", category="recharge.not_credited")
        created[first["id"]] = None
        began = sent = 0
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            passed = time.monotonic() - began
            due = int(base * passed + (peak - base) * 2 * (passed // 10) + (peak - base) * min(passed % 10, 2))
            batch = []
            for _ in range(due - sent):
                turn += 1
                if turn % 5 < 3:
                    batch.append(("contact.add", {"ticket": first["id"], "channel": "hotline_10086", "kind": "same_fault"}))
                else:
                    batch.append(("ticket.create", {"channel": "app", "text": "money has not come", "city": "shenzhen",
                        "category": "recharge.not_credited", "number": "138%08d" % turn}))
            at = time.monotonic()
            for (method, _), answer in zip(batch, c.pipeline(batch)):
                if isinstance(answer, Exception):
                    raise answer
                if method == "contact.add":
                    contacts += 1
                else:
                    created[answer["id"]] = None
                    took.append((time.monotonic() - at) * 1000)
            sent += len(batch)
            time.sleep(0.02)
        listener.call("session.ping")
        end = time.monotonic() + 5
        while time.monotonic() < end and not lateness_ms([p[0] for _, p in listener.events]):
            listener.call("session.ping")
            time.sleep(0.05)
        return Storm(created, contacts, took, [p[0] for _, p in listener.events])


def lateness_ms(events):
    """By the daemon's own stamps: an entry is never stamped before the one in front of it, so this is how far behind the end of the bin the
    last call was that went before its warning."""
    return [e["at"] - e["data"]["at"] for e in events if e["data"]["key"] == "shenzhen/recharge.not_credited"]


def main():
    folder = tempfile.mkdtemp(prefix="tocsin-storm-")
    try:
        pack_into(folder)
        seconds = int(os.environ.get("STORM_S", 30))
        with Daemon(rules=folder, clock="real") as d:
            with d.client() as c:
                wait_for_room(c, 15)
                seconds = max(seconds, 64 - c.call("clock.now")["now"] % MINUTE_MS // 1000)  # a bin ends in it
            s = storm(d, seconds, int(os.environ.get("BASE", 56)), int(os.environ.get("PEAK", 500)))
        took = sorted(s.took)
        print("| storm of %d s: %d new, %d of the same fault | p99 create < 20 ms, warning ≤ 2 s | p50 %.1f, p99 %.1f ms (in batches of 20 ms), warned %s ms behind the bin |"
            % (seconds, len(s.created), s.contacts, took[len(took) // 2], took[int(len(took) * 0.99)], ", ".join(map(str, lateness_ms(s.events))) or "not"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
