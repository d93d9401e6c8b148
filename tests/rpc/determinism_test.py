"""Same calls, same order, same virtual clock, same pack: the same chain head."""

from daemon import START_MS, Case, Daemon, main

N = 100


def calls():
    """100 calls of every changing kind, some of them refused."""
    out = []
    for i in range(N):
        if i % 10 == 9:
            out.append(("clock.advance", {"by": "47m"}))
        elif i % 10 == 7:
            out.append(("ticket.act", {"id": i // 2, "action": ("accept", "dispatch", "nosuch")[i % 3], "note": "n%d" % i}))
        elif i % 10 == 5:
            out.append(("contact.add", {"ticket": i // 3 + 1, "channel": "app", "kind": "urge"}))
        elif i % 10 == 3:
            out.append(("ticket.create", {"channel": "pigeon", "text": "x"}))
        else:
            out.append(("ticket.create", {"channel": ("app", "hall", "regulator_12300")[i % 3], "text": "投诉 %d" % i,
                "number": "138%08d" % (i // 4), "city": ("foshan", "shenzhen")[i % 2], "request_id": "q%d" % i,
                "category": ("network.no_service", "billing.huge_bill", "account.cancel")[i % 3], "fields": {"b": i, "a": [1.5, None]}}))
    return out


class Determinism(Case):
    def play(self, pipelined):
        with Daemon() as d, d.client() as c:
            if pipelined:
                answers = c.pipeline(calls())
            else:
                answers = [c.pipeline([call])[0] for call in calls()]
            shown = [getattr(a, "error", a) for a in answers]
            self.assertEqual(100, len(shown))
            return shown, c.call("server.stats")["head"], c.call("clock.now")["now"]

    def test_two_daemons(self):
        first = self.play(False)
        self.assertEqual(START_MS + 10 * 47 * 60000, first[2])
        second = self.play(False)
        self.assertEqual(first[0], second[0])
        self.assertEqual(first[1], second[1])

    def test_how_calls_come_in_does_not_matter(self):
        one, many = self.play(False), self.play(True)
        self.assertEqual(one[0], many[0])
        self.assertEqual(one[1], many[1])

    def test_a_different_call_shows(self):
        with Daemon() as d, d.client() as c:
            c.pipeline(calls()[:-2] + [("ticket.create", {"channel": "app", "text": "other"})])
            other = c.call("server.stats")["head"]["hash"]
        self.assertNotEqual(self.play(True)[1]["hash"], other)

    def test_restart_keeps_the_head(self):
        self.c.pipeline(calls())
        before = self.head()
        self.restart()
        self.assertEqual(before, self.head())


if __name__ == "__main__":
    main()
