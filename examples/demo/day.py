#!/usr/bin/python3
"""A day in Guangdong: the first half of what `make demo` plays.

Starts a daemon on a store of its own with a virtual clock, plays a generated day of complaints (the same every time), shows
what went where and why, changes a rule and reloads it, kills the daemon with -9, and shows that nothing is lost.
Needs no terminal and ends by itself.
"""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "rpc"))
from tocsin_client import Client, RpcError, wait_for  # noqa: E402

DAY = "2026-09-22"
HOURS = [1, 1, 1, 1, 1, 2, 4, 8, 16, 24, 28, 26, 18, 20, 24, 26, 24, 22, 20, 24, 22, 16, 8, 3]  # complaints by hour of day
WEIGHTS = {"guangzhou": 18, "shenzhen": 18, "dongguan": 10, "foshan": 9, "huizhou": 5, "zhongshan": 5}
TEXTS = [
    "充值{n}元没有到账，已经过去两个小时", "手机没有信号，整个小区都打不出电话", "上网很慢，视频都看不了", "账单多扣了{n}元，我没有用这么多流量",
    "没有订购过的增值业务扣了{n}元", "套餐资费和营业员说的不一样", "宽带断了，路由器亮红灯", "停机后缴费，还没有复机", "一直收到骚扰电话",
    "短信发不出去", "5G信号在家里时有时无", "在香港漫游不能上网", "营业厅服务态度很差", "物联网卡停用了", "携号转网被拒绝",
    "I topped up {n} yuan and it has not arrived", "想问一下",
]
CHANNELS = ["hotline_10086", "hotline_10086", "hotline_10086", "hall", "app", "online_chat", "regulator_12300"]
ZH = {"hotline_10086": "热线", "hall": "营业厅", "app": "App", "online_chat": "在线客服", "regulator_12300": "12300"}


def shown(value):
    """A value as rules write it."""
    return str(value).lower() if isinstance(value, bool) else value


def say(text=""):
    print(text, flush=True)


class Daemon:
    """tocsind on directories of its own; ended by the one who started it."""

    def __init__(self, data, rules):
        self.data, self.rules = data, rules
        self.address = "unix:%s/tocsin.sock" % data
        self.start()

    def start(self):
        self.log = open(os.path.join(self.data, "..", "tocsind.log"), "ab")
        self.process = subprocess.Popen([os.path.join(ROOT, "build", "tocsind"), "--data", self.data, "--rules", self.rules,
                                         "--share", os.path.join(ROOT, "lua"), "--clock", "virtual:%sT00:00" % DAY],
                                        stderr=self.log)
        wait_for(self.address)
        self.client = Client(self.address)

    def call(self, method, **args):
        return self.client.call(method, args)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.client.close()
        self.log.close()

    def stop(self):
        self.process.terminate()
        code = self.process.wait()
        self.client.close()
        self.log.close()
        return code


def segments():
    by_city = {}
    with open(os.path.join(HERE, "segments.csv"), encoding="utf-8") as f:
        for row in csv.DictReader(f):
            by_city.setdefault(row["city"], []).append((int(row["prefix7_from"]), int(row["prefix7_to"])))
    return by_city


def generate():
    """(minute of the day, arguments of ticket.create), in order; deterministic."""
    rng = random.Random(20260922)
    by_city = segments()
    cities = sorted(by_city)
    weights = [WEIGHTS.get(c, 2) for c in cities]
    calls = []
    for hour, count in enumerate(HOURS):
        for minute in sorted(rng.randrange(60) for _ in range(count)):
            city = rng.choices(cities, weights)[0]
            first, last = rng.choice(by_city[city])
            number = "%07d%04d" % (rng.randint(first, last), rng.randrange(10000))
            text = rng.choice(TEXTS).format(n=rng.choice([20, 30, 50, 100, 200]))
            calls.append((hour * 60 + minute, {"channel": rng.choice(CHANNELS), "number": number, "city": city, "text": text,
                                               "request_id": "day-%d" % len(calls)}))
    return calls


def play(daemon, calls):
    answers, at = [], 0
    for minute, args in calls:
        if minute > at:
            daemon.call("clock.advance", by="%dm" % (minute - at))
            at = minute
        answers.append(daemon.call("ticket.create", **args))
        if len(answers) % 40 == 0:
            say("  %02d:%02d  %3d complaints taken in" % (minute // 60, minute % 60, len(answers)))
    return answers


def bar(n, most):
    return "█" * max(1, round(30 * n / most))


def table(title, counts):
    say(title)
    most = max(counts.values())
    for key, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])):
        say("  %-32s %4d %s" % (key, n, bar(n, most)))
    say()


def tally(answers, key):
    counts = {}
    for a in answers:
        counts[a.get(key) or "-"] = counts.get(a.get(key) or "-", 0) + 1
    return counts


def why(daemon, ticket_id):
    ticket = daemon.call("ticket.get", id=ticket_id)
    say("Why did %s go to %s?" % (ticket["no"], ticket["queue"]))
    say("  “%s” (%s, %s)" % (ticket["text"], ZH[ticket["channel"]], ticket.get("city")))
    created = daemon.call("ticket.history", id=ticket_id, limit=1)["events"][0]
    explained = daemon.call("ticket.explain", id=ticket_id, seq=created["seq"])
    for decision in explained["decisions"]:
        for reason in decision.get("because", []):
            say("  ✓ %-34s %s" % (reason["rule"], reason.get("because", "")))
        missed = [r for r in decision["rules"] if not r["fired"] and r.get("failed") and
                  r["rule"].startswith("routing/")][:3]
        for rule in missed:
            failed = rule["failed"]
            say("  ✗ %-34s %s is %s, the rule wants %s" % (rule["rule"], failed.get("field"), shown(failed.get("value", "absent")),
                                                          failed.get("expected")))
    say()


def change_file(path, old, new):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if old not in text:
        sys.exit("%s does not hold %r any more" % (path, old))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new, 1))


def change_rule(rules):
    rule = '''  rule "recharge, tonight" {
    when = { category = under "recharge", city = "shenzhen" },
    to = queue "expert", priority = 1,
    because = "recharge is broken in Shenzhen tonight; the experts look at it",
  },
'''
    head = 'rules "routing" {\n'
    change_file(os.path.join(rules, "routing.lua"), head, head + rule)
    return rule


def main():
    work = tempfile.mkdtemp(prefix="tocsin-demo.")
    data, rules = os.path.join(work, "data"), os.path.join(work, "rules")
    os.mkdir(data, 0o700)
    shutil.copytree(os.path.join(ROOT, "examples", "guangdong"), rules, ignore=shutil.ignore_patterns("*.md"))
    shutil.copy(os.path.join(ROOT, "lua", "routing.lua"), rules)  # the analyst's own copy, which replaces the default's
    daemon = Daemon(data, rules)
    try:
        story(daemon, rules)
    finally:
        if daemon.process.poll() is None:
            daemon.stop()
        shutil.rmtree(work)


def story(daemon, rules):
    calls = generate()
    say("1. A day in Guangdong: %d complaints from %d cities (%s, played at once on a virtual clock)" % (
        len(calls), len(segments()), DAY))
    began = time.monotonic()
    answers = play(daemon, calls)
    say("   %.1f s, each answered only when it was on the disk\n" % (time.monotonic() - began))
    table("2. What was routed where", tally(answers, "queue"))
    table("   … and what it was about", tally(answers, "category"))
    recharge = [a for a in answers if (a.get("category") or "").startswith("recharge")]
    for a in (recharge[:1] or answers[:1]):
        why(daemon, a["id"])

    say("3. An analyst adds a rule to routing.lua and an operator reloads it:")
    say(change_rule(rules))
    status = daemon.call("rules.reload")
    say("  generation %d, ok = %s, %d specs passed, %d ms" % (status["generation"], status["ok"], status["specs"], status["took_ms"]))
    again = daemon.call("ticket.create", channel="hotline_10086", number="13430200001", city="shenzhen",
                        text="充值50元没有到账", request_id="after-reload")
    say("  the next recharge complaint goes to %s instead of %s\n" % (again["queue"], recharge[0]["queue"] if recharge else "-"))
    why(daemon, again["id"])

    say("4. A typing mistake, reloaded:")
    change_file(os.path.join(rules, "routing.lua"), 'when = { category = under "roaming" }', 'when = { catgory = under "roaming" }')
    broken = daemon.call("rules.reload")
    for error in broken["errors"]:
        say("  %s:%s: %s" % (error["file"], error.get("line"), error["message"]))
    say("  ok = %s; generation %d goes on deciding\n" % (broken["ok"], broken["generation"]))

    say("5. kill -9, and start again:")
    head = daemon.call("server.stats")["head"]
    daemon.kill()
    began = time.monotonic()
    daemon.start()
    took = time.monotonic() - began
    after = daemon.call("server.stats")["head"]
    lost = 0
    for answer in answers + [again]:
        try:
            lost += daemon.call("ticket.get", id=answer["id"])["no"] != answer["no"]
        except RpcError:
            lost += 1
    say("  serving again after %.2f s with generation %d" % (took, daemon.call("rules.status")["generation"]))
    say("  %d complaints acknowledged, %d of them lost" % (len(answers) + 1, lost))
    say("  chain head %s… at entry %d, before and after: %s" % (head["hash"][:16], head["seq"],
                                                                "the same" if head == after else "DIFFERENT"))
    first = daemon.call("ticket.create", **calls[0][1])
    say("  the first call said again (same request_id) gets its first answer: %s" % first["no"])
    if lost or head != after or first["id"] != answers[0]["id"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
