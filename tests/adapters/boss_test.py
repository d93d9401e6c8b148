"""The simulator of BOSS against a running daemon with the pack of Guangdong: an outage, and the work that is asked of BOSS."""

import os
import sys
import types
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "rpc"), os.path.join(ROOT, "examples", "adapters")]

from boss_sim import Boss  # noqa: E402
from daemon import Daemon, main  # noqa: E402


class Outage(unittest.TestCase):
    maxDiff = 1500

    def setUp(self):
        self.d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"))
        self.addCleanup(self.d.close)
        self.d.start()
        self.c = self.d.client()
        self.addCleanup(self.c.close)

    def boss(self, **more):
        args = dict(seed=1, city="shenzhen", component="recharge_gateway", code="E1023", numbers=500, orders=3000, share=0.25, minutes=0,
            step=10, fixes=0.9, once=True)
        args.update(more)
        return Boss(self.d.client(), types.SimpleNamespace(**args))

    def test_an_outage_and_its_repair(self):
        boss = self.boss()
        boss.state("degraded")
        boss.transactions(3000)
        self.assertEqual((0, 3000), (boss.sums["rejected"], boss.sums["ok"] + boss.sums["failed"]))
        failed = sorted(boss.failed)
        incident = self.c.call("ticket.create", kind="incident", channel="app", text="recharges fail", city="shenzhen",
            category="recharge.not_credited")["id"]
        page = self.c.call("number.list", incident=incident, list="affected", limit=1000)
        self.assertEqual(failed, [n["number"] for n in page["numbers"]])
        self.assertEqual("recharge_gateway", self.c.call("incident.suspects", incident=incident)["suspect"])
        tickets = [self.c.call("ticket.create", channel="hotline_10086", number=n, city="shenzhen", category="recharge.not_credited", text="x",
            fields={"amount": "50.00", "paid_at": "2026-09-22T09:00"})["id"] for n in failed[:5]]
        self.assertEqual(5, self.c.call("number.list", incident=incident, list="affected", limit=1)["counts"]["complained"])
        self.assertEqual(5, len(tickets))

    def test_tasks_with_a_result_per_number(self):
        boss = self.boss(fixes=1.0)
        boss.transactions(400)
        failed = sorted(boss.failed)
        task = {"id": 0, "data": {"numbers": failed[:10] + ["13999999999"]}}
        done = []
        call = boss.client.call
        boss.client.call = lambda method, **args: done.append(args) if method == "task.done" else call(method, **args)
        boss.emergency(task)
        self.assertEqual([{"number": n, "ok": True} for n in task["data"]["numbers"]], done[0]["result"]["numbers"])
        incident = self.c.call("ticket.create", kind="incident", channel="app", text="recharges fail", city="shenzhen",
            category="recharge.not_credited")["id"]
        stages = self.c.call("number.list", incident=incident, list="affected", limit=1)["counts"]["stages"]
        self.assertEqual((len(failed) - 10, 10), (stages["failed"], stages["fixed"]))


main()
