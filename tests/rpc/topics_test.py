"""Topics: subscribe, events in order, and going on where a consumer was."""

from daemon import START_MS, Case, main

TICKET = {"channel": "app", "text": "x", "category": "account.realname", "city": "foshan"}


class Topics(Case):
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
            "city": "foshan", "category": "account.realname", "method": "ticket.create", "who": "root"}}, event)

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
        self.refused("topic.subscribe", {"topics": [1]}, code="bad_request", argument="topics", message="topics[0] must be text")
        self.refused("topic.subscribe", {"topics": [""]}, code="bad_request", argument="topics")
        self.refused("topic.subscribe", {}, code="bad_request", argument="topics",
            message='topic.subscribe needs the argument "topics": an array')
        for consumer in ("", "c" * 101, "席" * 34):
            for method, more in (("topic.subscribe", {"topics": ["#"]}), ("topic.ack", {"seq": 1})):
                self.refused(method, dict(more, consumer=consumer), code="bad_request", argument="consumer",
                    message="consumer must be 1 to 100 bytes, not %d" % len(consumer.encode()))
        for consumer in ("c", "c" * 100):
            self.c.call("topic.subscribe", topics=["#"], consumer=consumer)
            self.assertEqual({"seq": 1}, self.c.call("topic.ack", consumer=consumer, seq=1))


if __name__ == "__main__":
    main()
