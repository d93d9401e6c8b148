#!/usr/bin/python3
"""ticket.erase: what a ticket says of persons goes for ever, from it, from its entries and from the files; the chain still proves the rest."""

import os
import subprocess
import unittest

import daemon

TEXT = "the bill of Zhang Weiguo in Tianhe Road is wrong, he says, and has been for three months"
NUMBER = "13812345678"
SECRETS = [b"Weiguo", b"13812345678", b"13900001111", b"wrong again", b"settled with him", b"Little Zhang"]
REASON = "asked by the customer, letter 2026-118"


class Erase(daemon.Case):
    def make(self):
        id = self.create(number=NUMBER, text=TEXT, title="bill", category="billing.overcharge", city="foshan", callback="13900001111",
            customer={"name": "Little Zhang", "star": 4})["id"]
        self.c.call("contact.add", ticket=id, channel="app", kind="ask", text="wrong again")
        for action, data in (("dispatch", {}), ("handle", {}), ("reply", {"text": "settled with him"}), ("confirm", {}), ("close", {})):
            self.c.call("ticket.act", id=id, action=action, data=data)
        return id

    def erase(self, id, **more):
        return self.c.call("ticket.erase", id=id, reason=REASON, **more)

    def check_store(self):
        """The daemon stopped, fsck finds nothing."""
        self.assertEqual(0, self.d.stop())
        said = subprocess.run([os.path.join(daemon.ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual(0, said.returncode, said.stdout + said.stderr)

    def test_erased(self):
        other = self.create(number=NUMBER, text="another one of the same number, which stays as it is", category="billing.cdr")["id"]
        id = self.make()
        before, head = self.c.call("ticket.get", id=id), self.head()
        answer = self.erase(id)
        self.assertEqual({"id": id, "entries": 7, "version": before["version"] + 1}, answer)
        after = self.c.call("ticket.get", id=id)
        self.assertIs(after["erased"], True)
        for field in ("text", "title", "number", "subject", "callback", "customer", "reply", "advice", "fields"):
            self.assertNotIn(field, after)
        for field in ("no", "kind", "status", "stage", "category", "city", "grade", "queue", "created", "closed", "contacts"):
            self.assertEqual(before[field], after[field], field)
        events = self.history(id)
        self.assertEqual([True] * 7, [e.get("erased", False) for e in events[:-1]])
        last = events[-1]
        self.assertEqual(("ticket.erase", REASON, after["version"]), tuple(last[k] for k in ("method", "reason", "version")))
        self.assertNotIn("set", last)
        self.refused("ticket.explain", {"id": id}, code="not_found",
            message="ticket %d was erased by law: what was decided upon is gone, and so is why" % id)
        self.assertEqual([other], [t["id"] for t in self.c.call("ticket.find", where={"number": NUMBER})["tickets"]])
        self.assertEqual(1, self.c.call("ticket.explain", id=other)["id"])
        self.assertGreater(self.head()["seq"], head["seq"])
        # so it is after kill -9, and the files are sound
        self.restart()
        self.assertEqual(after, self.c.call("ticket.get", id=id))
        self.assertEqual(events, self.history(id))
        self.check_store()

    def test_a_backup_has_none_of_it(self):
        id = self.make()
        there = os.path.join(self.d.dir, "before")
        self.c.call("server.backup", dir=there)
        found = self.bytes_of(there)
        self.assertEqual([], [s for s in SECRETS if s not in found], "the test looks for what is not there at all")
        self.erase(id)
        there = os.path.join(self.d.dir, "after")
        self.c.call("server.backup", dir=there)
        found = self.bytes_of(there)
        self.assertEqual([], [s for s in SECRETS if s in found])

    def test_kept_answers(self):
        """What was answered to a request_id says no texts any more; the call is still known and not done again."""
        make = {"channel": "app", "number": NUMBER, "text": TEXT, "category": "billing.overcharge", "city": "foshan", "request_id": "r1"}
        id = self.c.call("ticket.create", **make)["id"]
        for action, data in (("dispatch", {}), ("handle", {})):
            self.c.call("ticket.act", id=id, action=action, data=data)
        reply = {"id": id, "action": "reply", "data": {"text": "settled with him"}, "request_id": "r2"}
        self.assertEqual(TEXT, self.c.call("ticket.act", **reply)["text"])
        other = self.c.call("ticket.create", channel="app", text="another", request_id="r3")
        for action in ("confirm", "close"):
            self.c.call("ticket.act", id=id, action=action)
        self.erase(id, request_id="r4")
        version = self.c.call("ticket.get", id=id)["version"]
        self.assertEqual({"id": id, "erased": True}, self.c.call("ticket.act", **reply))
        self.assertEqual({"id": id, "erased": True}, self.c.call("ticket.create", **make))
        self.refused("ticket.act", dict(reply, data={"text": "x"}), code="conflict", argument="request_id")
        self.assertEqual(other, self.c.call("ticket.create", channel="app", text="another", request_id="r3"))
        self.assertEqual({"id": id, "entries": 6, "version": version}, self.erase(id, request_id="r4"))
        there = os.path.join(self.d.dir, "after")
        self.c.call("server.backup", dir=there)
        found = self.bytes_of(there)
        self.assertEqual([], [s for s in (b"Weiguo", b"settled with him", NUMBER.encode()) if s in found])
        self.check_store()

    def test_a_duplicate_stays(self):
        """The entry of a duplicate counts on the original, too: erasing that leaves the duplicate what it said."""
        make = {"number": NUMBER, "category": "billing.overcharge", "city": "foshan"}
        id = self.create(text=TEXT, **make)["id"]
        text = "another person of the same house says the same, at length, and is not to be forgotten"
        twin = self.create(text=text, request_id="r1", **make)
        self.assertEqual((id, "closed"), (twin["duplicate_of"], twin["stage"]))
        self.c.call("ticket.act", id=id, action="cancel")
        before = self.c.call("ticket.get", id=twin["id"])
        self.assertEqual(2, self.erase(id)["entries"])
        self.assertIs(True, self.c.call("ticket.get", id=id)["erased"])
        self.assertEqual(before, self.c.call("ticket.get", id=twin["id"]))
        self.assertEqual([False], [e.get("erased", False) for e in self.history(twin["id"])])
        self.assertEqual(twin, self.create(text=text, request_id="r1", **make))
        self.check_store()

    @staticmethod
    def bytes_of(folder):
        out = b""
        for path, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(path, name), "rb") as f:
                    out += f.read()
        return out

    def test_short_texts(self):
        """A ticket whose texts stand in the row alone shows `erased` as well."""
        id = self.create(text="short")["id"]
        self.c.call("ticket.act", id=id, action="cancel")
        self.erase(id)
        self.assertIs(self.c.call("ticket.get", id=id)["erased"], True)
        self.assertEqual([True], [t.get("erased") for t in self.c.call("ticket.find", where={"id": id})["tickets"]])

    def test_what_comes_later(self):
        id = self.make()
        self.erase(id)
        self.c.call("contact.add", ticket=id, channel="app", kind="ask", text="wrong again")
        self.assertIs(self.c.call("ticket.get", id=id)["erased"], True)
        self.assertEqual(1, self.erase(id)["entries"])
        self.assertEqual([True] * 7 + [False, True, False], [e.get("erased", False) for e in self.history(id)])

    def test_refused(self):
        self.refused("ticket.erase", {"id": 1, "reason": "x"}, code="not_found", message="ticket 1 does not exist")
        open_one = self.create()["id"]
        self.refused("ticket.erase", {"id": open_one, "reason": "x"}, code="rejected", argument="id",
            message="ticket 1 is still open: what is being worked cannot be erased; close or cancel it first")
        self.refused("ticket.erase", {"id": open_one}, code="bad_request", argument="reason")
        self.refused("ticket.erase", {"id": open_one, "reason": ""}, code="bad_request", argument="reason",
            message='argument "reason" has 0 bytes; expected text of 1 to 32768 bytes')
        id = self.make()
        self.erase(id, request_id="q")
        self.assertEqual(7, self.erase(id, request_id="q")["entries"])
        self.refused("ticket.erase", {"id": id, "reason": "x"}, code="rejected", message="ticket %d is erased already" % id)
        for name in ("wu.qiang", "zhou.gang"):
            c = self.connect()
            c.call("session.hello", **{"as": name})
            self.refused("ticket.erase", {"id": id, "reason": "x"}, c=c, code="forbidden")

    def test_topics_go_on(self):
        """A consumer that comes late passes over what was erased."""
        id = self.make()
        self.erase(id)
        self.create(number="13700000000", text="the next one")
        c = self.connect()
        c.call("topic.subscribe", topics=["ticket.#"], after=0)
        ids = []
        while not ids or ids[-1] != id + 1:
            ids.append(c.next_event()[1][0]["data"]["id"])
        self.assertEqual({id, id + 1}, set(ids))


class Tasks(daemon.Case):
    """What other systems were asked to do for an erased ticket."""

    rules = os.path.join(daemon.ROOT, "tests", "packs", "outbox")

    def daemon_new(self):
        d = daemon.Daemon(rules=self.rules)
        d.start()
        return d

    def test_tasks(self):
        numbers = ["13911112222", "13911113333"]
        done = self.create(callback="13900001111", category="billing.cdr", number=NUMBER)["id"]
        (task,) = self.c.call("task.claim", worker="w", kinds=["sms"], limit=1)["tasks"]
        self.c.call("task.done", id=task["id"], ok=True, result={"to": "13900001111"})
        waiting = self.create(callback="13900001111", category="billing.cdr", number="13700001111")["id"]
        batch = self.create(channel="hall", category="other", number="13700002222", fields={"numbers": numbers})["id"]
        (job,) = self.c.call("task.claim", worker="w", kinds=["boss_emergency"], limit=1)["tasks"]
        for id in (done, waiting, batch):
            self.c.call("ticket.act", id=id, action="cancel")
            self.c.call("ticket.erase", id=id, reason=REASON)
        tasks = {t["ticket"]: t for t in self.c.call("task.list")["tasks"]}
        self.assertEqual({done: "done", waiting: "cancelled", batch: "cancelled"}, {id: t["state"] for id, t in tasks.items()})
        for task in tasks.values():
            for field in ("data", "result", "error"):
                self.assertNotIn(field, task)
        self.assertEqual([], self.c.call("task.claim", worker="w", kinds=["sms"], limit=9)["tasks"])
        self.refused("task.done", {"id": job["id"], "ok": True}, code="conflict", message="task %d is cancelled, not claimed" % job["id"])
        there = os.path.join(self.d.dir, "after")
        self.c.call("server.backup", dir=there)
        found = Erase.bytes_of(there)
        self.assertEqual([], [s for s in ["13900001111", NUMBER] + numbers if s.encode() in found])
        Erase.check_store(self)


class EraseCase(daemon.Case):
    """A closed incident on which complaints that are still open have counted."""

    def setUp(self):
        self.d = daemon.Daemon(rules=os.path.join(daemon.ROOT, "tests", "packs", "s1"), clock="virtual:2026-09-22T09:00")
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()

    def test_an_open_complaint_keeps_what_it_says(self):
        of = {"category": "recharge.not_credited", "city": "shenzhen"}
        case = self.c.call("ticket.create", kind="incident", channel="app", title="x", text="x", **of)["id"]
        make = {"channel": "hotline_10086", "number": NUMBER, "fields": {"amount": 5000, "paid_at": daemon.START_MS}, **of}
        self.c.call("ticket.create", text=TEXT, **make)
        self.c.call("clock.advance", by="25h")
        self.c.call("ticket.act", id=case, action="resolve", data={"text": "it works"})
        self.c.call("clock.advance", by="1m")
        text = "it does not work, I have called before and I shall call again and again"
        open_one = self.c.call("ticket.create", text=text, **make)["id"]
        self.assertEqual(1, self.c.call("ticket.get", id=case)["fields"]["again"])
        self.c.call("ticket.act", id=case, action="close")
        before = self.c.call("ticket.get", id=open_one)
        self.assertEqual(("accepted", text), (before["stage"], before["text"]))
        self.c.call("ticket.erase", id=case, reason=REASON)
        self.assertIs(True, self.c.call("ticket.get", id=case)["erased"])
        self.assertEqual(before, self.c.call("ticket.get", id=open_one))
        self.restart()
        self.assertEqual(before, self.c.call("ticket.get", id=open_one))
        self.assertEqual(0, self.d.stop())
        said = subprocess.run([os.path.join(daemon.ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual(0, said.returncode, said.stdout + said.stderr)


if __name__ == "__main__":
    daemon.main()
