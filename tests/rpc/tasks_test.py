"""The outbox: tasks of decisions, claimed for a lease, done once, tried again, given up, kept over kill -9."""

import os
import shutil
import subprocess
import tempfile

from daemon import HOUR_MS, PACK, ROOT, START_MS, Case, Daemon, main
from tocsin_client import RpcError

PACKS = os.path.join(ROOT, "tests", "packs", "outbox")
CALLBACK = "13800138000"
SECOND = 1000


class Outbox(Case):
    def daemon_new(self):
        d = Daemon(rules=PACKS, listen=self.listen)
        self.addCleanup(d.close)
        d.start()
        return d

    def sms(self, n=1):
        """Tickets with a text message each; the ids of the tickets."""
        return [self.create(callback=CALLBACK, category="billing.cdr", city="foshan", number="137%08d" % i)["id"] for i in range(n)]

    def batch(self, numbers):
        return self.create(channel="hall", category="other", fields={"numbers": numbers}, number="13700009999")["id"]

    def claim(self, kinds=("sms",), limit=10, worker="w", c=None, **more):
        answer = (c or self.c).call("task.claim", dict(more, worker=worker, kinds=list(kinds), limit=limit))
        self.assertFalse(answer["paused"])
        return answer["tasks"]

    def one(self, **more):
        (task,) = self.claim(**more)
        return task

    def done(self, task, ok=True, **more):
        return self.c.call("task.done", id=task["id"] if isinstance(task, dict) else task, ok=ok, **more)

    def tasks(self, **more):
        return self.c.call("task.list", more or None)["tasks"]

    def advance(self, seconds):
        self.c.call("clock.advance", by=int(seconds * SECOND))

    def kinds(self):
        return self.c.call("server.stats")["outbox"]["kinds"]


class Tasks(Outbox):
    def test_from_a_decision_to_done(self):
        (ticket,) = self.sms()
        task = self.one()
        created = START_MS
        self.assertEqual({"id": task["id"], "kind": "sms", "ticket": ticket, "no": "C20260922-000001", "created": created,
            "expires": created + HOUR_MS, "attempt": 1, "lease_until": created + 60 * SECOND,
            "data": {"to": CALLBACK, "text": "您的投诉 C20260922-000001 已受理（billing.cdr）", "fixed": 3,
                     "nested": {"id": ticket, "at": ["foshan"]}}}, task)
        self.assertEqual([], self.claim())
        self.assertEqual({"id": task["id"], "state": "done", "attempts": 1}, self.done(task, result={"code": "0"}))
        self.assertEqual([], self.claim())
        (row,) = self.tasks()
        self.assertEqual(("done", {"code": "0"}, created), (row["state"], row["result"], row["finished"]))
        events = self.history(ticket)
        self.assertEqual(["ticket.create", "task.done"], [e["method"] for e in events])
        self.assertEqual([{"id": task["id"], "kind": "sms", "ticket": ticket}], events[0]["tasks"])
        self.assertEqual({"id": task["id"], "kind": "sms", "ticket": ticket, "no": "C20260922-000001", "state": "done",
            "attempts": 1, "worker": "w", "result": {"code": "0"}}, events[1]["task"])

    def test_done_twice_is_done_once(self):
        self.sms()
        task = self.one()
        first = self.done(task)
        head = self.head()
        self.assertEqual(first, self.done(task))
        self.assertEqual(head, self.head())
        self.refused("task.done", {"id": task["id"], "ok": False}, code="conflict",
            message="task %d is done, not claimed" % task["id"])

    def test_the_lease_ends_and_it_is_given_again(self):
        self.sms()
        task = self.one(worker="a")
        self.advance(59)
        self.assertEqual([], self.claim(worker="b"))
        self.advance(1)
        self.assertEqual([], self.claim(worker="b"))  # the backoff of 10 s
        (row,) = self.tasks()
        self.assertEqual(("waiting", 1, "the lease of a ended without an answer", START_MS + 70 * SECOND),
            (row["state"], row["attempts"], row["error"], row["next"]))
        self.advance(10)
        again = self.one(worker="b")
        self.assertEqual((task["id"], 2), (again["id"], again["attempt"]))
        self.refused("task.done", {"id": task["id"], "ok": False, "worker": "a"}, code="conflict", argument="worker",
            message="task %d is with b now, not with a" % task["id"])
        for ok in (True, False):  # who never had it says nothing of it
            self.refused("task.done", {"id": task["id"], "ok": ok, "worker": "c"}, code="conflict", argument="worker", value="c",
                message="task %d was never with c; b claimed it last" % task["id"])
        self.restart()
        # what is done is done, whoever of those two holds it now
        self.assertEqual("done", self.done(task, worker="a")["state"])
        self.assertEqual("done", self.done(task, worker="b")["state"])

    def test_a_late_done_after_the_lease(self):
        self.sms()
        task = self.one()
        self.advance(61)
        self.assertEqual("done", self.done(task)["state"])
        self.advance(60)
        self.assertEqual([], self.claim())

    def test_never_claimed_is_not_done(self):
        self.sms()
        (row,) = self.tasks()
        for ok in (True, False):
            self.refused("task.done", {"id": row["id"], "ok": ok}, code="conflict", message="task %d is waiting, not claimed" % row["id"])

    def test_backoff_then_given_up(self):
        (ticket,) = self.sms()
        duty = self.connect()
        duty.call("topic.subscribe", topics=["duty", "task.#"])
        waits = []
        for attempt in (1, 2, 3):
            task = self.one()
            self.assertEqual(attempt, task["attempt"])
            answer = self.done(task, ok=False, error="no route")
            if attempt < 3:
                waits.append((answer["next"] - self.c.call("clock.now")["now"]) / SECOND)
                self.advance(waits[-1])
        self.assertEqual([10, 15], waits)  # doubles, at most 15 s
        self.assertEqual("given_up", answer["state"])
        self.assertEqual([], self.claim())
        duty.call("session.ping")
        events = [p[0] for _, p in duty.events]
        self.assertEqual([("task.sms", "waiting"), ("task.sms", "waiting"), ("task.sms", "given_up")],
            [(e["topic"], e["data"]["state"]) for e in events if e["topic"] != "duty"])
        told = [e["data"] for e in events if e["topic"] == "duty"]
        self.assertEqual({"task": task["id"], "kind": "sms", "ticket": ticket, "no": "C20260922-000001", "state": "given_up",
            "attempts": 3, "worker": "w", "error": "no route", "rung": "duty", "queue": "duty"}, told[0])
        # the pack's answer: the ticket weighs more, its owner is told
        self.assertEqual("owner", told[1]["rung"])
        self.assertEqual("important", self.c.call("ticket.get", id=ticket)["grade"])
        last = self.history(ticket)[-1]
        self.assertEqual(("task.done", "given_up", ["answer/the customer cannot be reached"]),
            (last["method"], last["task"]["state"], [b["rule"] for b in last["decisions"][0]["because"]]))

    def test_no_use_trying_again(self):
        self.sms()
        self.assertEqual("given_up", self.done(self.one(), ok=False, error="no such number", retry=False)["state"])

    def test_try_again_not_before(self):
        self.sms()
        self.assertEqual(START_MS + 300 * SECOND, self.done(self.one(), ok=False, after="5m")["next"])

    def test_nobody_takes_it(self):
        (ticket,) = self.sms()
        self.advance(3600)
        (row,) = self.tasks(state="given_up")
        self.assertEqual((0, "nobody claimed it before it expired"), (row["attempts"], row["error"]))
        self.assertEqual("timer.fire", self.history(ticket)[-1]["method"])
        self.assertEqual("given_up", self.history(ticket)[-1]["task"]["state"])
        self.assertEqual({"waiting": 0, "claimed": 0, "given_up": 1}, self.kinds()["sms"])
        self.assertEqual({"id": row["id"], "state": "waiting", "attempts": 0, "next": START_MS + HOUR_MS},
            self.c.call("task.retry", id=row["id"]))
        self.assertEqual(1, self.one()["attempt"])
        self.refused("task.retry", {"id": row["id"]}, code="conflict",
            message="task %d is claimed; only what was given up is tried again" % row["id"])

    def test_cancel(self):
        self.sms()
        (row,) = self.tasks()
        self.assertEqual("cancelled", self.c.call("task.cancel", id=row["id"], reason="called by hand")["state"])
        self.assertEqual([], self.claim())
        self.refused("task.cancel", {"id": row["id"], "reason": "x"}, code="conflict", message="task %d is cancelled already" % row["id"])

    def test_order_and_limit(self):
        self.sms(5)
        self.create(channel="webhook", category="other", title="t", number="13711110000")
        first = self.claim(limit=2)
        self.assertEqual([1, 2], [t["ticket"] for t in first])
        rest = self.claim(kinds=("webhook", "sms"), limit=100)
        self.assertEqual([("webhook", 6), ("sms", 3), ("sms", 4), ("sms", 5)], [(t["kind"], t["ticket"]) for t in rest])

    def test_two_workers_never_have_the_same(self):
        self.sms(40)
        other, seen = self.connect(), []
        while True:
            for c, name in ((self.c, "a"), (other, "b")):
                got = self.claim(limit=3, worker=name, c=c)
                seen += [t["id"] for t in got]
            if not got:
                break
        self.assertEqual(40, len(seen))
        self.assertEqual(40, len(set(seen)))

    def test_lease_of_the_claim(self):
        self.sms()
        self.assertEqual(START_MS + 5 * SECOND, self.one(lease="5s")["lease_until"])

    def test_refusals(self):
        self.refused("task.claim", {"worker": "w", "kinds": ["smss"]}, code="bad_request", argument="kinds", value="smss",
            message='kind "smss" is not a task of the pack (did you mean "sms"?)')
        self.refused("task.claim", {"worker": "w", "kinds": []}, code="bad_request", message="kinds must name 1 to 32 kinds")
        self.refused("task.claim", {"worker": "w", "kinds": ["sms", "sms"]}, code="bad_request", message='kinds names "sms" twice')
        self.refused("task.claim", {"worker": "", "kinds": ["sms"]}, code="bad_request", message='argument "worker" has 0 bytes; expected text of 1 to 64 bytes')
        self.refused("task.done", {"id": 77, "ok": True}, code="not_found", message="task 77 does not exist")
        self.refused("task.list", {"cursor": "x"}, code="bad_request", message='cursor "x" is not one that task.list gave')

    def test_an_idle_claim_makes_no_entry(self):
        self.sms()
        self.one()
        head = self.head()
        self.claim()
        self.assertEqual(head, self.head())

    def test_request_id_answers_a_claim_again(self):
        self.sms(2)
        args = {"worker": "w", "kinds": ["sms"], "request_id": "r1"}
        first = self.c.call("task.claim", args)
        self.assertEqual(first, self.c.call("task.claim", args))
        self.assertEqual(1, self.kinds()["sms"]["claimed"])

    def test_figures(self):
        self.sms(3)
        self.advance(5)
        self.claim(limit=1)
        self.assertEqual({"waiting": 2, "claimed": 1, "given_up": 0, "oldest_age_ms": 5 * SECOND}, self.kinds()["sms"])
        self.restart()
        self.assertEqual({"waiting": 2, "claimed": 1, "given_up": 0, "oldest_age_ms": 5 * SECOND}, self.kinds()["sms"])

    def test_pages(self):
        self.sms(5)
        seen, cursor = [], None
        while True:
            page = self.c.call("task.list", dict({"limit": 2}, **({"cursor": cursor} if cursor else {})))
            seen += [t["ticket"] for t in page["tasks"]]
            cursor = page.get("cursor")
            if cursor is None:
                break
        self.assertEqual([1, 2, 3, 4, 5], seen)
        self.assertEqual([3], [t["ticket"] for t in self.tasks(ticket=3)])

    def test_imports_ask_for_nothing(self):
        self.c.call("ticket.import", channel="app", text="x", callback=CALLBACK, created=START_MS - 1000)
        self.assertEqual([], self.tasks())

    def test_finished_ones_are_forgotten(self):
        self.sms(4)
        for task in self.claim(limit=2):
            self.done(task)
        self.advance(8 * 86400)
        self.assertEqual(["done", "done", "given_up", "given_up"], [t["state"] for t in self.tasks()])
        self.sms(1)
        self.done(self.one())
        self.assertEqual(["given_up", "given_up", "done"], [t["state"] for t in self.tasks()])


class Batches(Outbox):
    NUMBERS = ["1380000000%d" % i for i in range(5)]

    def results(self, ok, numbers=None):
        return {"numbers": [{"number": n, "ok": n[-1] in ok} for n in numbers or self.NUMBERS]}

    def test_a_result_for_every_number(self):
        ticket = self.batch(self.NUMBERS)
        task = self.one(kinds=["boss_emergency"])
        self.assertEqual({"operation": "restore", "numbers": self.NUMBERS}, task["data"])
        answer = self.done(task, result=dict(self.results("0134"), job="j7"))
        self.assertEqual({"id": task["id"], "state": "done", "attempts": 1, "n_ok": 4, "n_failed": 1}, answer)
        row = self.c.call("task.get", id=task["id"])
        self.assertEqual(self.results("0134")["numbers"], row["numbers_done"])
        self.assertEqual(({"job": "j7"}, [], 5), (row["result"], row["data"]["numbers"], row["n_numbers"]))
        self.assertEqual("restored", self.c.call("ticket.get", id=ticket)["advice"][0]["en"])

    def test_the_sums_must_close(self):
        self.batch(self.NUMBERS)
        task = self.one(kinds=["boss_emergency"])
        for numbers, message in (
                (self.NUMBERS[:4], "result.numbers says nothing of number 138****0004; a batch is done when every number has a result"),
                (self.NUMBERS + ["13900000000"], "result.numbers[5]: number 139****0000 is not asked for in this task"),
                (self.NUMBERS + self.NUMBERS[:1], "result.numbers[5]: number 138****0000 stands twice")):
            self.refused("task.done", {"id": task["id"], "ok": True, "result": self.results("0", numbers)}, code="bad_request",
                message=message)
        self.refused("task.done", {"id": task["id"], "ok": True, "result": {"numbers": [{"number": self.NUMBERS[0]}]}},
            code="bad_request", message="result.numbers[0] must be {number=text, ok=true or false, …}")
        self.assertEqual("claimed", self.tasks()[0]["state"])

    def test_what_failed_is_asked_again(self):
        self.batch(self.NUMBERS)
        task = self.one(kinds=["boss_emergency"])
        answer = self.done(task, ok=False, error="half of it", result=self.results("02", self.NUMBERS[:4]))
        self.assertEqual(("waiting", 2, None), (answer["state"], answer["n_ok"], answer.get("n_failed")))
        self.advance(10)
        again = self.one(kinds=["boss_emergency"])
        self.assertEqual([self.NUMBERS[i] for i in (1, 3, 4)], again["data"]["numbers"])
        answer = self.done(again, result=self.results("13", again["data"]["numbers"]))
        self.assertEqual((4, 1), (answer["n_ok"], answer["n_failed"]))

    def test_a_number_twice_is_the_packs_mistake(self):
        t = self.batch(["13800000001", "13800000001"])
        self.assertEqual([], self.tasks())
        self.assertEqual("duty", self.c.call("ticket.get", id=t)["queue"])
        failed = self.history(t)[0]["decisions"][-1]["failed"]
        self.assertEqual("the decision's task 1: number 138****0001 stands twice", failed["message"])


class Paused(Outbox):
    def test_pause_and_resume(self):
        self.sms()
        self.assertEqual({"paused": True}, self.c.call("outbound.pause", reason="drill"))
        self.assertEqual({"tasks": [], "paused": True}, self.c.call("task.claim", worker="w", kinds=["sms"]))
        self.restart()
        self.assertTrue(self.c.call("server.stats")["outbox"]["paused"])
        self.advance(2 * 3600)
        self.assertEqual("waiting", self.tasks()[0]["state"])  # it does not expire meanwhile
        self.assertEqual({"paused": False}, self.c.call("outbound.resume"))
        self.assertEqual(1, len(self.claim()))

    def test_a_restored_backup_sends_nothing_by_itself(self):
        self.sms()
        copy = tempfile.mkdtemp(prefix="tocsin-backup-")
        self.addCleanup(shutil.rmtree, copy, True)
        self.c.call("server.backup", dir=os.path.join(copy, "b"))
        subprocess.run([os.path.join(ROOT, "build", "tocsin"), "restore", os.path.join(copy, "b"), os.path.join(copy, "data")],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        d = Daemon(rules=PACKS, data=os.path.join(copy, "data"))
        self.addCleanup(d.close)
        d.start()
        with d.client() as c:
            self.assertEqual({"tasks": [], "paused": True}, c.call("task.claim", worker="w", kinds=["sms"]))
            c.call("outbound.resume")
            self.assertEqual(1, len(c.call("task.claim", worker="w", kinds=["sms"])["tasks"]))
        self.assertEqual(1, len(self.claim()))  # the original is not paused


class Roles(Outbox):
    listen = ("tcp:127.0.0.1:0",)

    def test_who_may_what(self):
        tokens = {}
        with open(os.path.join(self.d.data, "tokens"), "w", encoding="utf-8") as f:
            import hashlib
            for role in ("adapter", "agent", "operator", "auditor"):
                tokens[role] = "secret-" + role
                f.write("%s %s %s\n" % (role, role, hashlib.sha256(tokens[role].encode()).hexdigest()))
        os.chmod(os.path.join(self.d.data, "tokens"), 0o600)
        self.restart()
        self.sms()
        allowed = {"task.claim": {"adapter"}, "task.list": {"adapter", "operator", "auditor"}, "outbound.pause": {"operator"},
                   "outbound.resume": set()}
        args = {"task.claim": {"worker": "w", "kinds": ["sms"]}, "outbound.pause": {"reason": "x"}}
        for role, token in tokens.items():
            c = self.connect()
            c.call("session.hello", token=token)
            for method, roles in allowed.items():
                try:
                    c.call(method, args.get(method))
                    self.assertIn(role, roles, method)
                except RpcError as error:
                    self.assertEqual("forbidden", error.code)
                    self.assertNotIn(role, roles, method)


class Killed(Outbox):
    """kill -9 between any two calls: what was answered stands."""

    def test_over_kills(self):
        self.sms(3)
        self.restart()
        a, b, c = self.claim(limit=3)
        self.restart()
        self.assertEqual([], self.claim())
        self.done(a, result={"code": "0"})
        self.done(b, ok=False, error="busy")
        self.restart()
        self.assertEqual(["done", "waiting", "claimed"], [t["state"] for t in self.tasks()])
        self.assertEqual("done", self.done(a)["state"])
        self.advance(60)
        self.assertEqual([b["id"]], [t["id"] for t in self.claim()])
        self.restart()
        self.advance(10)
        self.assertEqual([c["id"]], [t["id"] for t in self.claim()])

    def test_acknowledged_work_under_kills(self):
        """20 kills while a worker claims and answers in pipelines: done tasks stay done, none is lost or doubled."""
        self.sms(60)
        acknowledged = set()
        for round_number in range(20):
            tasks = self.claim(limit=3, worker="r%d" % round_number, lease="1s")
            for t in tasks[:2]:
                self.done(t)
                acknowledged.add(t["id"])
            for t in tasks[2:]:
                self.c.send("task.done", {"id": t["id"], "ok": True})  # unanswered: either way is right
            self.restart()
            self.advance(20)
        states = {t["id"]: t["state"] for t in self.tasks()}
        self.assertEqual(60, len(states))
        self.assertLessEqual(acknowledged, {i for i, s in states.items() if s == "done"})
        figures = self.kinds().get("sms", {"waiting": 0, "claimed": 0, "given_up": 0})
        self.assertEqual(60, sum(1 for s in states.values() if s == "done") + figures["waiting"] + figures["claimed"] + figures["given_up"])


if __name__ == "__main__":
    main()
