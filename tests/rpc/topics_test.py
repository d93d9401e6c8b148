"""Topics: subscribe, events in order, who may see which, and going on where a consumer was."""

import os
import re
import shutil
import tempfile

from daemon import ME, PACK, ROOT, START_MS, Case, Daemon, main
from access_test import ALL, ROLES, Access

TICKET = {"channel": "app", "text": "x", "category": "account.realname", "city": "foshan"}


class Listening(Case):
    def take(self, client, n, timeout=5.0):
        """The next n events."""
        out = []
        while len(out) < n:
            message = client.next_event(timeout)
            self.assertIsNotNone(message, "%d of %d events came" % (len(out), n))
            self.assertEqual("topic.event", message[0])
            self.assertEqual(1, len(message[1]))
            out.append(message[1][0])
        return out

    def nothing(self, client):
        """Nothing more is there: what is pushed comes before the answer of a later call."""
        client.call("session.ping")
        self.assertEqual([], client.events)


class Topics(Listening):
    def make(self, n, first=0, **more):
        answers = self.c.pipeline([("ticket.create", dict(TICKET, number="138%08d" % (first + i), **more)) for i in range(n)])
        return [a["id"] for a in answers]

    def test_shape(self):
        s = self.connect()
        seq = s.call("topic.subscribe", topics=["ticket.second_line"])["seq"]
        self.make(1)
        (event,) = self.take(s, 1)
        self.assertGreater(event.pop("seq"), seq)
        self.assertEqual({"topic": "ticket.second_line", "at": START_MS, "data": {"id": 1, "no": "C20260922-000001",
            "kind": "complaint", "version": 1, "status": "acknowledged", "stage": "accepted", "queue": "second_line",
            "city": "foshan", "category": "account.realname", "method": "ticket.create", "who": ME}}, event)

    def test_from_now_in_order(self):
        self.make(3)
        s = self.connect()
        s.call("topic.subscribe", topics=["#"])
        ids = self.make(200, first=10)
        events = [e for e in self.take(s, 200)]
        self.assertEqual(ids, [e["data"]["id"] for e in events])
        seqs = [e["seq"] for e in events]
        self.assertEqual(sorted(set(seqs)), seqs)

    def test_only_what_was_asked(self):
        a, b, c = self.connect(), self.connect(), self.connect()
        a.call("topic.subscribe", topics=["ticket.second_line"])
        b.call("topic.subscribe", topics=["ticket.city_support.#"])
        c.call("topic.subscribe", topics=["ticket.#"])
        self.make(1)
        self.c.call("ticket.create", dict(TICKET, category="network.no_service", number="13900000001"))
        self.assertEqual([1], [e["data"]["id"] for e in self.take(a, 1)])
        self.assertEqual([2], [e["data"]["id"] for e in self.take(b, 1)])
        self.assertEqual([1, 2], [e["data"]["id"] for e in self.take(c, 2)])
        for s in (a, b, c):
            self.nothing(s)

    def test_a_transfer_is_news_for_both_queues(self):
        old, new = self.connect(), self.connect()
        self.make(1)
        self.c.call("ticket.act", id=1, action="dispatch")
        old.call("topic.subscribe", topics=["ticket.second_line"])
        new.call("topic.subscribe", topics=["ticket.expert"])
        self.c.call("ticket.act", id=1, action="transfer", data={"queue": "expert", "reason": "too hard"})
        for s, topic in ((old, "ticket.second_line"), (new, "ticket.expert")):
            (event,) = self.take(s, 1)
            self.assertEqual((topic, "expert", "second_line"),
                (event["topic"], event["data"]["queue"], event["data"]["from_queue"]))
            self.nothing(s)

    def test_after(self):
        self.make(10)
        s = self.connect()
        self.assertEqual({"seq": 0}, s.call("topic.subscribe", topics=["ticket.second_line"], after=0))
        everything = self.take(s, 10)
        for cut in (0, 4, 9):
            again = self.connect()
            again.call("topic.subscribe", topics=["ticket.second_line"], after=everything[cut]["seq"])
            self.assertEqual(everything[cut + 1:], self.take(again, 9 - cut))
            self.nothing(again)

    def test_consumer_resumes(self):
        s = self.connect()
        s.call("topic.subscribe", topics=["ticket.#"], consumer="wall", after=0)
        self.make(10)
        events = self.take(s, 10)
        self.assertEqual({"seq": events[3]["seq"]}, s.call("topic.ack", consumer="wall", seq=events[3]["seq"]))
        s.close()
        again = self.connect()
        self.assertEqual({"seq": events[3]["seq"]}, again.call("topic.subscribe", topics=["ticket.#"], consumer="wall"))
        self.assertEqual(events[4:], self.take(again, 6))
        again.notify("topic.ack", {"consumer": "wall", "seq": events[6]["seq"]})
        again.call("session.ping")
        again.call("topic.ack", consumer="wall", seq=events[0]["seq"])  # never goes back
        self.restart()
        more = self.make(2, first=20)
        last = self.connect()
        last.call("topic.subscribe", topics=["ticket.#"], consumer="wall")
        got = self.take(last, 5)
        self.assertEqual(events[7:], got[:3])
        self.assertEqual(more, [e["data"]["id"] for e in got[3:]])

    def test_nobody_runs_ahead(self):
        """A cursor behind the last event would be told nothing for ever, and without a word."""
        self.make(2)
        s = self.connect()
        s.call("topic.subscribe", topics=["ticket.#"], consumer="wall", after=0)
        last = self.take(s, 2)[-1]["seq"]
        for method, argument, more in (("topic.ack", "seq", {"consumer": "wall"}), ("topic.subscribe", "after", {"topics": ["#"]})):
            error = self.refused(method, {argument: 2 ** 50, **more}, code="bad_request", argument=argument, value=str(2 ** 50))
            said = re.fullmatch(r"%s %d lies behind the last event, which is at most (\d+); is it of another store\?" % (argument, 2 ** 50),
                error["message"])
            self.assertLessEqual(last, int(said.group(1)))
        self.assertEqual({"seq": last}, self.c.call("topic.ack", consumer="wall", seq=last))

    def test_timers_are_news(self):
        self.make(1)
        s = self.connect()
        s.call("topic.subscribe", topics=["ticket.second_line"])
        self.c.call("clock.advance", by="90m")
        (event,) = self.take(s, 1)
        self.assertEqual((START_MS + 5400000, "timer.fire", "timer", 2),
            (event["at"], event["data"]["method"], event["data"]["who"], event["data"]["version"]))

    def test_rules_are_news(self):
        s = self.connect()
        s.call("topic.subscribe", topics=["rules"], after=0)
        (event,) = self.take(s, 1)
        self.assertEqual(("rules", 1, True), (event["topic"], event["data"]["generation"], event["data"]["ok"]))

    def test_refused(self):
        self.refused("topic.subscribe", {"topics": [1]}, code="bad_request", argument="topics", message="topics[0] must be text of 1 to 200 bytes")
        self.refused("topic.subscribe", {"topics": [""]}, code="bad_request", argument="topics")
        self.refused("topic.subscribe", {}, code="bad_request", argument="topics",
            message='topic.subscribe needs the argument "topics": an array')
        for consumer in ("", "c" * 101, "席" * 34):
            for method, more in (("topic.subscribe", {"topics": ["#"]}), ("topic.ack", {"seq": 1})):
                self.refused(method, dict(more, consumer=consumer), code="bad_request", argument="consumer",
                    message='argument "consumer" has %d bytes; expected text of 1 to 100 bytes' % len(consumer.encode()))
        for consumer in ("c", "c" * 100):
            self.c.call("topic.subscribe", topics=["#"], consumer=consumer)
            self.assertEqual({"seq": 1}, self.c.call("topic.ack", consumer=consumer, seq=1))


CITIES = ["c%02d" % i for i in range(1, 41)]


class Many(Listening):
    """A case of forty cities tells each of them in one entry."""

    @classmethod
    def setUpClass(cls):
        cls.rules = tempfile.mkdtemp(prefix="tocsin-cities.")
        with open(os.path.join(cls.rules, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "cities" }\ncities {\n')
            for city in CITIES:
                f.write('  { "%s", zh = "%s", en = "%s" },\n' % (city, city, city))
            f.write("}\n")
        with open(os.path.join(cls.rules, "news.lua"), "w", encoding="utf-8") as f:
            f.write('rules.before "outbox" { kinds = { "incident" }, rule "tell the cities" { when = { event = "create" },\n'
                '  news = news "frontdesk.CITY" { say = "{title}" } } }\n'
                'spec "told" { given = ticket { kind = "incident", category = "network.no_service", title = "t", fields = { cities = { "c01", "c02" } } },\n'
                '  expect = { news = { "frontdesk.c01", "frontdesk.c02" } } }\n')
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.rules)

    @classmethod
    def daemon_new(cls):
        d = Daemon(rules=cls.rules)
        d.start()
        return d

    def test_every_city_is_told(self):
        s = self.connect()
        s.call("topic.subscribe", topics=["frontdesk.#"])
        for n in range(3):
            self.c.call("ticket.create", kind="incident", channel="app", category="network.no_service", title="mast %d" % n, text="x",
                fields={"cities": CITIES})
        events = self.take(s, 120)
        self.assertEqual(["frontdesk." + c for c in CITIES] * 3, [e["topic"] for e in events])
        self.assertEqual(["mast 0"] * 40 + ["mast 1"] * 40 + ["mast 2"] * 40, [e["data"]["say"] for e in events])
        seqs = [e["seq"] for e in events]
        self.assertEqual(sorted(set(seqs)), seqs)
        # and on, from the middle of an entry, after kill -9
        self.restart()
        for cut in (0, 37, 79):
            again = self.connect()
            again.call("topic.subscribe", topics=["frontdesk.#"], after=seqs[cut])
            self.assertEqual(events[cut + 1:], self.take(again, 119 - cut))
            self.nothing(again)


# Said here a second time, as the matrix of methods in access_test.py is.
READERS = {"supervisor", "leader", "operator", "adapter", "auditor", "admin"}
FAMILIES = {
    "bulletin": ALL, "frontdesk.foshan": ALL, "incident": ALL, "ivr": ALL, "rules": ALL, "warning": ALL,
    "duty": ALL - {"intake"}, "ticket.second_line": ALL - {"intake"}, "ticket.#": ALL - {"intake"}, "of.a.pack": ALL - {"intake"},
    "task.sms": READERS, "task.#": READERS, "task": READERS,
}


class Roles(Access):
    rules = os.path.join(ROOT, "tests", "packs", "outbox")

    def test_named(self):
        for role in ROLES:
            c = self.tcp(role)
            for topic, roles in FAMILIES.items():
                with self.subTest(role=role, topic=topic):
                    if role in roles:
                        self.assertIn("seq", c.call("topic.subscribe", topics=["rules", topic]))
                    else:
                        self.refused("topic.subscribe", {"topics": ["rules", topic]}, c=c, code="forbidden", argument="topics", value=topic,
                            message='the topic "%s" needs the role %s; %s has the role %s'
                            % (topic, ", ".join(r for r in ROLES if r in roles), role, role))

    def test_all_is_what_the_role_may_read(self):
        sessions = {}
        for role in ROLES:
            sessions[role] = self.tcp(role)
            sessions[role].call("topic.subscribe", topics=["#"])
        before = {role: self.tcp(role) for role in ("intake", "agent")}
        self.create(callback="13900001111", category="billing.cdr", number="13700000001")
        for role in before:
            before[role].call("topic.subscribe", topics=["#"], after=0)
        for role, c in list(sessions.items()) + list(before.items()):
            c.call("session.ping")
            topics = {e[1][0]["topic"] for e in c.events}
            with self.subTest(role=role):
                self.assertEqual("task.sms" in topics, role in READERS)
                self.assertEqual("ticket.second_line" in topics, role != "intake")
        for c in before.values():
            self.assertIn("rules", {e[1][0]["topic"] for e in c.events})

    def test_whose_role_counts(self):
        """A gateway sees what the person it acts for may see, from the next turn on."""
        c = self.tcp("admin+gateway", "wu.qiang")
        self.refused("topic.subscribe", {"topics": ["task.sms"]}, c=c, code="forbidden", argument="topics")
        c.call("topic.subscribe", topics=["#"])
        self.create(callback="13900001111", category="billing.cdr", number="13700000001")
        c.call("session.ping")
        self.assertEqual({"ticket.second_line"}, {e[1][0]["topic"] for e in c.events})


if __name__ == "__main__":
    main()
