"""The lists of numbers against a simple model, by seed: signals, complaints, settling, kills in any order; sums and lists must agree.

SEED=7 runs one seed alone.
"""

import os
import random

from daemon import START_MS, main
from number_support import CATEGORY, CITY, NumberCase, number

STAGES = ["failed", "fixed", "told", "silent"]


class Model:
    """number → [state, stage, complained, last]; last: time of the newest signal, or of the restoring"""

    def __init__(self):
        self.of = {}

    def affected(self, n, at):
        was = self.of.get(n)
        if was is None or was[0] != "affected":
            self.of[n] = ["affected", 0, was is not None and was[2], at]
        elif was[1] == 0:
            was[3] = max(was[3], at)
        elif at > was[3]:
            was[1], was[3] = 0, at

    def potential(self, n, at):
        was = self.of.get(n)
        if was is None or was[0] == "review":
            self.of[n] = ["potential", 0, was is not None and was[2], at]

    def fixed(self, n, at):
        was = self.of.get(n)
        if was is not None and was[0] != "review" and at >= was[3]:
            was[1], was[3] = max(was[1], 1), at

    def complained(self, n, at):
        if n in self.of:
            self.of[n][2] = True
        else:
            self.of[n] = ["review", 0, True, at]

    def settle(self, n, stage):
        if n in self.of and self.of[n][1] < stage:
            self.of[n][1] = stage
            if stage == 1:
                self.of[n][3] = max(self.of[n][3], START_MS)

    def list(self, name):
        def has(state, stage, complained):
            return {"affected": state == "affected" and stage == 0, "potential": state == "potential" and stage == 0,
                "will_complain": state != "review" and stage == 0 and not complained, "complained": state != "review" and complained,
                "review": state == "review" and stage == 0, "fixed": state != "review" and stage == 1,
                "told": state != "review" and stage == 2, "silent": state != "review" and stage == 3, "all": True}[name]
        return sorted(n for n, (state, stage, complained, _) in self.of.items() if has(state, stage, complained))


class AgainstTheModel(NumberCase):
    def step(self, rng, model, incident):
        what, numbers = rng.random(), [rng.randrange(60) for _ in range(rng.randrange(1, 12))]
        at = START_MS + rng.randrange(-3, 3) * 1000
        if what < 0.6:
            kind, move = rng.choice([("txn_failed", model.affected), ("txn_pending", model.potential), ("txn_ok", model.fixed)])
            self.push([self.signal(i, kind=kind, at=at) for i in numbers])
            for i in numbers:
                move(number(i), at)
        elif what < 0.8:
            self.complain(numbers[0])
            model.complained(number(numbers[0]), START_MS)
        elif what < 0.9:
            stage = rng.randrange(1, 4)
            self.c.call("number.settle", incident=incident, to=STAGES[stage], numbers=[number(i) for i in numbers])
            for i in numbers:
                model.settle(number(i), stage)
        elif what < 0.93:
            self.restart()

    def agree(self, model, incident):
        for name in ("affected", "potential", "will_complain", "complained", "review", "fixed", "told", "silent", "all"):
            page = self.list(incident, name, limit=7)
            self.assertEqual(model.list(name), [n["number"] for n in page["numbers"]], name)
            if name in page["counts"]:
                self.assertEqual(len(model.list(name)), page["counts"][name], name)
        stages = page["counts"]["stages"]
        self.assertEqual(stages["total"], sum(stages[s] for s in STAGES))
        self.assertEqual(sum(1 for x in model.of.values() if x[0] == "affected"), stages["total"])
        self.assertEqual(len(model.of), self.c.call("server.stats")["numbers"]["numbers"])

    def test_by_seed(self):
        seeds = [int(os.environ["SEED"])] if "SEED" in os.environ else range(1, 4)
        for seed in seeds:
            with self.subTest(seed=seed):
                self.setUp() if seed != seeds[0] else None
                rng, model = random.Random(seed), Model()
                incident = self.incident(category=CATEGORY, city=CITY)
                for k in range(60):
                    self.step(rng, model, incident)
                    if k % 10 == 9:
                        self.agree(model, incident)


main()
