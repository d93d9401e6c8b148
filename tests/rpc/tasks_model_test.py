"""The outbox against a model of itself: random claims, answers, time, pauses and kills by seed; after each step both say the same."""

import os
import random

from daemon import HOUR_MS, ROOT, START_MS, Case, Daemon, main
from tocsin_client import RpcError

SECOND = 1000
# of tests/packs/outbox/tasks.lua; what is not said there is the core's
SMS = {"lease": 60 * SECOND, "attempts": 3, "backoff": 10 * SECOND, "max": 15 * SECOND, "expires": HOUR_MS}
WEBHOOK = {"lease": 60 * SECOND, "attempts": 2, "backoff": 10 * SECOND, "max": 600 * SECOND, "expires": 24 * HOUR_MS}
KINDS = {"sms": SMS, "webhook": WEBHOOK}
DOSE = int(float(os.environ.get("TOCSIN_DOSE", "1")))


class Model:
    def __init__(self):
        self.now, self.tasks, self.paused = START_MS, {}, False

    def add(self, id, kind):
        self.tasks[id] = {"kind": kind, "state": "waiting", "attempts": 0, "next": self.now, "expires": self.now + KINDS[kind]["expires"],
                          "worker": None, "held": set()}

    def fail(self, t, may_retry=True):
        k = KINDS[t["kind"]]
        if not may_retry or t["attempts"] >= k["attempts"] or self.now >= t["expires"]:
            t["state"] = "given_up"
            return
        t.update(state="waiting", worker=None, next=self.now + min(k["backoff"] * 2 ** (t["attempts"] - 1), k["max"]))

    def claim(self, worker, kind, limit, lease):
        if self.paused:
            return []
        due = sorted((t["next"], id) for id, t in self.tasks.items() if t["state"] == "waiting" and t["kind"] == kind and t["next"] <= self.now)
        ids = [id for _, id in due[:limit]]
        for id in ids:
            t = self.tasks[id]
            t["held"].add(worker)
            t.update(state="claimed", worker=worker, attempts=t["attempts"] + 1, next=self.now + (lease or KINDS[kind]["lease"]))
        return ids

    def done(self, id, ok, worker):
        """Whether the answer is taken."""
        t = self.tasks[id]
        if t["held"] and worker not in t["held"]:
            return False
        if ok and t["state"] == "done":
            return True
        if ok and (t["state"] == "claimed" or (t["state"] == "waiting" and t["attempts"] > 0)):
            t["state"] = "done"
            return True
        if ok or t["state"] != "claimed" or t["worker"] != worker:
            return False
        self.fail(t)
        return True

    def look(self, t):
        if t["state"] == "claimed":
            return t["next"]
        if t["state"] != "waiting":
            return None
        return t["next"] if self.now < t["next"] < t["expires"] else t["expires"]

    def advance(self, to):
        while True:
            due = [(self.look(t), id) for id, t in self.tasks.items() if self.look(t) is not None and self.look(t) <= to]
            if not due:
                break
            at, id = min(due)
            t = self.tasks[id]
            self.now = max(self.now, at)
            if t["state"] == "claimed":
                self.fail(t)
            elif self.now >= t["expires"]:
                if self.paused:
                    t["expires"] = self.now + KINDS[t["kind"]]["expires"]
                else:
                    t["state"] = "given_up"
        self.now = to

    def shown(self):
        return {id: (t["state"], t["attempts"], t["expires"], t["next"] if t["state"] in ("waiting", "claimed") else None)
                for id, t in self.tasks.items()}


class AgainstTheModel(Case):
    def daemon_new(self):
        d = Daemon(rules=os.path.join(ROOT, "tests", "packs", "outbox"))
        self.addCleanup(d.close)
        d.start()
        return d

    def listed(self):
        tasks, cursor = [], None
        while True:
            page = self.c.call("task.list", dict({"limit": 50}, **({"cursor": cursor} if cursor else {})))
            tasks += page["tasks"]
            cursor = page.get("cursor")
            if cursor is None:
                return {t["id"]: (t["state"], t["attempts"], t["expires"], t["next"] if t["state"] in ("waiting", "claimed") else None)
                        for t in tasks}

    def step(self, r, m, n):
        what = r.choice(("create", "create", "claim", "claim", "claim", "done", "done", "done", "advance", "advance", "retry", "cancel", "pause", "kill"))
        if what == "create":
            kind = r.choice(list(KINDS))
            args = {"channel": "app", "callback": "13800138000"} if kind == "sms" else {"channel": "webhook", "title": "t"}
            ticket = self.create(category="billing.cdr", city="foshan", number="137%08d" % n, **args)["id"]
            (task,) = self.c.call("task.list", ticket=ticket)["tasks"]
            m.add(task["id"], kind)
        elif what == "claim":
            worker, kind, limit, lease = r.choice("ab"), r.choice(list(KINDS)), r.randint(1, 4), r.choice((None, None, 5 * SECOND, 7200 * SECOND))
            args = dict({"worker": worker, "kinds": [kind], "limit": limit}, **({"lease": lease} if lease else {}))
            self.assertEqual(m.claim(worker, kind, limit, lease), [t["id"] for t in self.c.call("task.claim", args)["tasks"]])
        elif what == "done" and m.tasks:
            id, ok, worker = r.choice(list(m.tasks)), r.random() < 0.5, r.choice("ab")
            expected = m.done(id, ok, worker)
            try:
                self.c.call("task.done", id=id, ok=ok, worker=worker)
                self.assertTrue(expected)
            except RpcError as error:
                self.assertEqual(("conflict", False), (error.code, expected))
        elif what == "advance":
            to = m.now + r.choice((1, 5 * SECOND, 10 * SECOND, 15 * SECOND, 60 * SECOND, 600 * SECOND, HOUR_MS, 5 * HOUR_MS))
            self.c.call("clock.advance", to=to)
            m.advance(to)
        elif what in ("retry", "cancel") and m.tasks:
            id = r.choice(list(m.tasks))
            t = m.tasks[id]
            may = t["state"] == "given_up" if what == "retry" else t["state"] in ("waiting", "claimed", "given_up")
            try:
                self.c.call("task." + what, dict({"id": id}, **({"reason": "x"} if what == "cancel" else {})))
                self.assertTrue(may)
                if what == "cancel":
                    t["state"] = "cancelled"
                else:
                    t.update(state="waiting", attempts=0, next=m.now, expires=m.now + KINDS[t["kind"]]["expires"], worker=None)
            except RpcError as error:
                self.assertEqual(("conflict", False), (error.code, may))
        elif what == "pause" and r.random() < 0.5:
            m.paused = not m.paused
            self.c.call("outbound.pause", reason="x") if m.paused else self.c.call("outbound.resume")
        elif what == "kill" and r.random() < 0.3:
            self.restart()
            m.now = self.c.call("clock.now")["now"]  # a virtual clock starts again at the last entry
        return what

    def check_figures(self, m):
        kinds = self.c.call("server.stats")["outbox"]["kinds"]
        for kind in KINDS:
            states = [t["state"] for t in m.tasks.values() if t["kind"] == kind]
            got = kinds.get(kind, {"waiting": 0, "claimed": 0, "given_up": 0})
            self.assertEqual([states.count(s) for s in ("waiting", "claimed", "given_up")], [got[s] for s in ("waiting", "claimed", "given_up")])

    def run_seed(self, seed, steps):
        r, m, trail = random.Random(seed), Model(), []
        for n in range(steps):
            trail.append(self.step(r, m, n))
            self.assertEqual(m.shown(), self.listed(), "seed %d step %d: %s" % (seed, n, trail[-5:]))
        self.check_figures(m)

    def test_seeds(self):
        for seed in range(4 * DOSE):
            with self.subTest(seed=seed):
                if seed > 0:
                    self.d.close()
                    self.c.close()
                    self.d = self.daemon_new()
                    self.c = self.connect()
                self.run_seed(seed, 250)


if __name__ == "__main__":
    main()
