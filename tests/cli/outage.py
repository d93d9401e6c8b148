"""Guangdong on a bad morning, for tests of what people see."""

import os

from tocsin_run import ROOT  # first: it makes `daemon` known

from daemon import START_MS, Daemon

BIN_MS = 5 * 60 * 1000


def outage(case):
    """Recharges fail in Shenzhen from 10:00 (S1's beginning), from 10:20 also in Foshan; now it is 10:45. A daemon and its client."""
    d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"), clock="virtual:2026-09-22T09:00")
    case.addCleanup(d.close)
    d.start()
    c = d.client()
    case.addCleanup(c.close)
    at = START_MS - 12 * BIN_MS
    for i, n in enumerate([2] * 12 + [2, 3, 11, 20, 41, 77, 120, 160, 150]):
        for city, count in (("shenzhen", n), ("foshan", 9 if i > 15 else 0)):
            c.pipeline([("ticket.create", dict(channel="app", text="充值没有到账", city=city, category="recharge.not_credited"))] * count)
        at += BIN_MS
        c.call("clock.advance", to=at)
    return d, c
