"""kill -9 under pipelined load, again and again: nothing acknowledged is lost, nothing is done twice.

Every request carries its request_id and is in a journal of our own before it is sent; after each restart the unanswered ones are
sent again. TOCSIN_DOSE=n plays n times as many rounds; SEED=n replays one run.
"""

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rpc"))

from daemon import Case, history, main  # noqa: E402
from tocsin_client import RpcError  # noqa: E402

ROUNDS = 100 * int(os.environ.get("TOCSIN_DOSE", "1"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
READY_S = 2.0
BATCH = 16
CATEGORIES = ("account.realname", "billing.cdr", "network.no_service", "other")


class Load(threading.Thread):
    """One connection that keeps BATCH calls in flight until the daemon dies."""

    def __init__(self, daemon, name, journal, rng, again):
        super().__init__(daemon=True)
        self.d, self.label, self.journal, self.rng, self.again = daemon, name, journal, rng, again

    def new_call(self, n):
        acknowledged = [a["id"] for m, _, a in self.journal.values() if m == "ticket.create" and a is not None]
        kind = self.rng.random()
        if kind < 0.15 and acknowledged:
            return "contact.add", {"ticket": self.rng.choice(acknowledged[-50:]), "channel": "app", "kind": "ask"}
        if kind < 0.25 and acknowledged:
            return "ticket.act", {"id": self.rng.choice(acknowledged[-50:]), "action": "accept"}
        return "ticket.create", {"channel": "app", "text": "%s %d" % (self.label, n), "number": "138%08d" % self.rng.randrange(10 ** 8),
            "category": self.rng.choice(CATEGORIES), "city": "foshan"}

    def run(self):
        try:
            with self.d.client() as c:
                n = 0
                while True:
                    calls = []
                    for _ in range(BATCH):
                        if self.again:
                            key = self.again.pop()
                        else:
                            key = "%s-%d" % (self.label, n)
                            method, args = self.new_call(n)
                            self.journal[key] = (method, dict(args, request_id=key), None)
                        calls.append(key)
                        n += 1
                    ids = {c.send(*self.journal[key][:2]): key for key in calls}
                    for msgid, key in ids.items():
                        method, args, _ = self.journal[key]
                        try:
                            answer = c.answer(msgid)
                        except RpcError as error:
                            answer = error.error
                        self.journal[key] = (method, args, answer)
        except (OSError, ConnectionError):
            pass


class Kill(Case):
    def test_kill(self):
        print("SEED=%d rounds=%d" % (SEED, ROUNDS))
        rng = random.Random(SEED)
        journals = [{}, {}]
        head, slowest = self.head(), 0.0
        self.c.close()
        for n in range(ROUNDS):
            loads = []
            for i, journal in enumerate(journals):
                again = [key for key, (_, _, answer) in journal.items() if answer is None]
                loads.append(Load(self.d, "%d.%d" % (i, n), journal, random.Random(rng.random()), again))
            for load in loads:
                load.start()
            time.sleep(rng.uniform(0.005, 0.15))
            self.d.process.kill()
            for load in loads:
                load.join(20)
                self.assertFalse(load.is_alive())
            took = self.d.restart()
            slowest = max(slowest, took)
            self.assertLess(took, READY_S)
            head = self.check_head(head)
        self.c = self.connect()
        self.check_all({key: call for journal in journals for key, call in journal.items()})
        print("slowest start %.2f s, %d calls, %d acknowledged" % (slowest, sum(map(len, journals)),
            sum(1 for j in journals for _, _, answer in j.values() if answer is not None)))

    def check_head(self, before):
        """The chain goes on: never behind, and at the same seq the same hash."""
        with self.d.client() as c:
            head = c.call("server.stats")["head"]
        self.assertGreaterEqual(head["seq"], before["seq"])
        if head["seq"] == before["seq"]:
            self.assertEqual(before["hash"], head["hash"])
        return head

    def all_tickets(self):
        out, cursor = {}, {}
        while True:
            page = self.c.call("ticket.find", dict(cursor, order="id", limit=1000))
            for ticket in page["tickets"]:
                self.assertNotIn(ticket["id"], out)
                out[ticket["id"]] = ticket
            if "cursor" not in page:
                return out
            cursor = {"cursor": page["cursor"]}

    def check_all(self, calls):
        tickets = self.all_tickets()
        creates = {key: call for key, call in calls.items() if call[0] == "ticket.create"}
        by_text = {}
        for ticket in tickets.values():
            by_text.setdefault(ticket["text"], []).append(ticket["id"])
        self.assertEqual([], [text for text, ids in by_text.items() if len(ids) > 1], "stored twice")
        self.assertEqual(list(range(1, len(tickets) + 1)), sorted(tickets), "ids have no holes and no doubles")
        self.assertEqual(set(), set(by_text) - {args["text"] for _, args, _ in creates.values()}, "stored but never sent")
        ids = []
        for key, (_, args, answer) in creates.items():
            if answer is None:
                continue
            self.assertIn("id", answer, key)
            ids.append(answer["id"])
            self.assertEqual(args["text"], tickets[answer["id"]]["text"], key)
            self.assertEqual(args["number"], tickets[answer["id"]]["number"], key)
        self.assertEqual(len(ids), len(set(ids)), "an id was given twice")
        self.check_once(calls)

    def check_once(self, calls):
        """A request_id is in the history at most once, and once when it was acknowledged; versions have no holes."""
        touched = {}
        for key, (method, args, answer) in calls.items():
            if method != "ticket.create":
                touched.setdefault(args.get("ticket", args.get("id")), []).append((method, answer))
        busiest = sorted(touched, key=lambda t: -len(touched[t]))[:200]
        for ticket in busiest:
            events = history(self.c, ticket)
            self.assertEqual(list(range(1, len(events) + 1)), [e["version"] for e in events])
            for method in ("contact.add", "ticket.act"):
                n_sent = sum(1 for m, _ in touched[ticket] if m == method)
                n_done = sum(1 for m, a in touched[ticket] if m == method and a is not None and "code" not in a)
                n_stored = sum(1 for e in events if e["method"] == method)
                self.assertLessEqual(n_done, n_stored, (ticket, method))
                self.assertLessEqual(n_stored, n_sent, (ticket, method))

    def test_first_answer_after_a_kill(self):
        """Asked again after each kill, every request_id gives the answer it gave first."""
        calls = [("ticket.create", {"channel": "app", "text": "t%d" % i, "request_id": "q%d" % i}) for i in range(50)]
        first = self.c.pipeline(calls)
        for _ in range(3):
            self.restart()
            self.assertEqual(first, self.c.pipeline(calls))
        self.assertEqual(50, self.c.call("server.stats")["tickets"]["last_id"])


if __name__ == "__main__":
    main()
