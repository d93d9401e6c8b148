"""CPU of ticket.act beside ticket.create in one daemon: the loop's thread and all threads, the median of five rounds of 3,000 calls each.

    tests/bench/act_cost.py
"""

import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

from daemon import Daemon  # noqa: E402

ROUNDS, CALLS, IN_FLIGHT = 5, 3000, 32
TEXT = "充值一百元一直没有到账，已经打过两次客服电话，请尽快处理并给我回复。" * 3
ACTIONS = (("dispatch", {}), ("handle", {}), ("reply", {"text": "已为您核实并退费，请查收。"}), ("confirm", {}), ("close", {}))


def cpu_us(pid):
    """(of the loop, of all threads)"""
    loop = total = 0.0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        with open(path, encoding="ascii") as f:
            us = int(f.read().split()[0]) / 1e3
        total += us
        loop += us if path.endswith("/%d/schedstat" % pid) else 0
    return loop, total


def run(daemon, client, calls):
    before, answers = cpu_us(daemon.process.pid), []
    for i in range(0, len(calls), IN_FLIGHT):
        answers += client.pipeline(calls[i:i + IN_FLIGHT])
    after = cpu_us(daemon.process.pid)
    return answers, [(b - a) / len(calls) for a, b in zip(before, after)]


def main():
    spent = {}
    with Daemon(clock="real") as daemon:
        client = daemon.client()
        for n in range(ROUNDS):
            made, us = run(daemon, client, [("ticket.create", {"channel": "app", "number": "139%08d" % (n * CALLS + i), "category": "billing.cdr",
                "city": "foshan", "text": TEXT}) for i in range(CALLS)])
            spent.setdefault("create", []).append(us)
            for action, data in ACTIONS:
                _, us = run(daemon, client, [("ticket.act", {"id": t["id"], "action": action, "data": data}) for t in made])
                spent.setdefault(action, []).append(us)
        client.close()
    middle = {name: [sorted(one[k] for one in rounds)[ROUNDS // 2] for k in (0, 1)] for name, rounds in spent.items()}
    for name, (loop, total) in middle.items():
        print("%-9s loop %6.1f us (%.2fx)   all threads %6.1f us (%.2fx)" % (name, loop, loop / middle["create"][0], total, total / middle["create"][1]))


if __name__ == "__main__":
    main()
