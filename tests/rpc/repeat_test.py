"""request_id on every changing method: the same call again, also after a kill, gets the first answer and does nothing; other arguments are
refused; for another method and another person it is another call."""

import os

from daemon import Case, Daemon, HOUR_MS, ROOT, START_MS, main
from tocsin_client import RpcError

CALLBACK = "13712345678"
# every changing method: a call that changes something, and the same with another argument
CALLS = [
    ("ticket.create", {"channel": "app", "text": "x", "callback": CALLBACK, "category": "billing.cdr", "city": "foshan"}, {"text": "y"}),
    ("ticket.import", {"channel": "import", "text": "x", "created": START_MS - 1000, "closed": START_MS}, {"created": START_MS - 2000}),
    ("ticket.act", {"id": 1, "action": "cancel"}, {"action": "accept"}),
    ("subscriber.put", {"number": "13800138000", "star": 1}, {"star": 2}),
    ("change.put", {"id": "c1", "components": ["sms_centre"], "from": START_MS, "to": START_MS + HOUR_MS, "owner": "ops"}, {"owner": "net"}),
    ("signal.push", {"signals": [{"at": START_MS, "source": "oss", "kind": "txn_failed", "service": "sms"}]}, {"signals": []}),
    ("task.claim", {"worker": "w", "kinds": ["sms"], "limit": 2}, {"limit": 1}),
    ("task.done", {"id": None, "ok": False, "retry": False, "error": "no"}, {"error": "never"}),
    ("task.retry", {"id": None}, {"id": 1}),
    ("task.cancel", {"id": None, "reason": "x"}, {"reason": "y"}),
    ("outbound.pause", {"reason": "x"}, {"reason": "y"}),
    ("outbound.resume", {}, None),
    ("ticket.create", {"channel": "app", "text": "many", "kind": "incident", "fields": {"key": "foshan/billing.cdr"}}, {"text": "few"}),
    ("contact.add", {"incident": 3, "channel": "app", "kind": "urge"}, {"kind": "ask"}),
    ("number.settle", {"incident": 3, "to": "fixed", "numbers": ["13800138000"]}, {"to": "told"}),
    ("warning.act", {"key": "*", "action": "raise", "reason": "x", "until": START_MS + HOUR_MS}, {"reason": "y"}),
    ("topic.ack", {"consumer": "c", "seq": 1}, {"seq": 2}),
    ("ticket.erase", {"id": 2, "reason": "x"}, {"reason": "y"}),
]
UNTRIED = {"drill.start"}  # this pack has no recordings


class Repeats(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(rules=os.path.join(ROOT, "tests", "packs", "outbox"))
        d.start()
        return d

    def calls(self):
        """(method, arguments with a request_id of its own, other arguments), each once the ones before are done."""
        for n, (method, args, other) in enumerate(CALLS):
            args = dict(args, request_id="q%d" % n)
            if "id" in args and args["id"] is None:
                args["id"] = self.task
            yield method, args, dict(args, **other) if other is not None else None

    def test_every_changing_method(self):
        changing = {m["name"] for m in self.c.call("rpc.methods")["methods"] if m["changes"]}
        self.assertEqual(changing, {c[0] for c in CALLS} | UNTRIED)
        answers = []
        for method, args, other in self.calls():
            with self.subTest(method=method):
                before = self.head()
                first = self.c.call(method, args)
                if method == "task.claim":
                    self.task = first["tasks"][0]["id"]
                self.assertNotEqual(before, self.head())
                answers.append((method, args, other, first))
                self.repeated(*answers[-1])
        self.restart()
        for answer in answers:
            with self.subTest(method=answer[0], restart=True):
                if answer[0] == "ticket.import":
                    answer = (*answer[:3], {"id": 2, "erased": True})
                self.repeated(*answer)

    def repeated(self, method, args, other, first):
        before = self.head()
        self.assertEqual(first, self.c.call(method, args))
        self.assertEqual(first, self.c.call(method, dict(reversed(list(args.items())))))
        if other is not None:
            self.refused(method, other, code="conflict", argument="request_id", value=args["request_id"],
                message="request_id was used for %s before, with other arguments; a new call needs a new request_id" % method)
        self.assertEqual(before, self.head())

    def test_another_method_is_another_call(self):
        self.create(request_id="q")
        self.assertEqual(1, self.c.call("contact.add", ticket=1, channel="app", kind="urge", request_id="q")["contacts"])
        self.restart()
        self.assertEqual(1, self.c.call("contact.add", ticket=1, channel="app", kind="urge", request_id="q")["contacts"])
        self.assertEqual("cancelled", self.c.call("ticket.act", id=1, action="cancel", request_id="q")["status"])

    def test_another_person_is_another_caller(self):
        self.create(request_id="q")
        with self.d.client() as c:
            person = next(iter(self.c.call("catalog.get")["persons"]))
            c.hello(**{"as": person})
            try:
                self.assertEqual(2, c.call("ticket.create", channel="app", text="the bill is wrong", request_id="q")["id"])
            except RpcError as e:
                self.fail(e.message)
        self.assertEqual(1, self.create(request_id="q")["id"])


if __name__ == "__main__":
    main()
