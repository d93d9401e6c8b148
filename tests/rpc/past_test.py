#!/usr/bin/python3
"""ticket.explain and rules.facts ask generations long gone: they are built aside, the answer comes later, nobody else waits."""

import os
import select
import shutil
import tempfile
import unittest

import daemon

N = 13  # more than one answer may build


class Past(daemon.Case):
    def daemon_new(self):
        self.rules = tempfile.mkdtemp(prefix="tocsin-past.")
        self.addCleanup(shutil.rmtree, self.rules, True)
        self.write(0)
        d = daemon.Daemon(rules=self.rules)
        d.start()
        return d

    def write(self, n, more=""):
        with open(os.path.join(self.rules, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default" }\n')
        with open(os.path.join(self.rules, "gold.lua"), "w", encoding="utf-8") as f:
            f.write('rules.before "routing" { rule "all to %d" { when = { channel = "app" }, to = queue "expert" } }\n%s' % (n, more))

    def test_generations(self):
        for n in range(N):
            if n > 0:
                self.write(n)
                self.assertTrue(self.c.call("rules.reload")["ok"])
            self.create(number="138%08d" % n, category="billing.cdr", city="foshan")
        for i in range(N):
            e = self.c.call("ticket.explain", id=i + 1)
            self.assertEqual(i + 1, e["generation"])
            fired = [r["rule"] for r in e["decisions"][0]["rules"] if r["fired"] and r["rule"].startswith("routing/")]
            self.assertEqual(["routing/all to %d" % i], fired)
            self.assertEqual(e, self.c.call("ticket.explain", id=i + 1))
        # later calls of the same connection wait, answers keep their order
        answers = self.c.pipeline([("ticket.explain", {"id": 1}), ("session.ping", {}), ("ticket.explain", {"id": 3}), ("ticket.get", {"id": 2})])
        self.assertEqual([1, None, 3, 2], [a.get("id") for a in answers])
        # pages of rules.facts: an answer builds only so many, the next goes on
        seen, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            page = self.c.call("rules.facts", **({"cursor": cursor} if cursor else {}))
            seen += page["decisions"]
            cursor = page.get("cursor")
            pages += 1
        self.assertEqual(list(range(N, 0, -1)), [d["generation"] for d in seen])
        self.assertEqual(["expert"] * N, [d["decided"]["set"]["queue"] for d in seen])
        self.assertGreater(pages, 1)

    def test_nobody_else_waits(self):
        """While a generation is built for one connection, another one is served: the daemon says that an answer is owed."""
        self.create(number="13800138000", category="billing.cdr", city="foshan")
        for n in (1, 2, 3):
            self.write(n)
            self.c.call("rules.reload")
        asker = self.connect()
        asker.send("ticket.explain", {"id": 1})
        seen = daemon.until(lambda: self.c.call("server.stats")["rpc"]["deferred"] == 1 or asker_answered(asker), what="an answer owed")
        self.assertIs(seen, True)
        self.assertEqual(1, asker.answer()["generation"])

    def test_what_cannot_be_built(self):
        self.refused("ticket.explain", {"id": 1}, code="not_found", message="ticket 1 does not exist")
        self.create(number="13800138000")
        self.refused("ticket.explain", {"id": 1, "seq": 99}, code="not_found", message="ticket 1 has no entry 99")

    def test_the_daemon_stops_meanwhile(self):
        self.create(number="13800138000", category="billing.cdr", city="foshan")
        for n in (1, 2, 3):
            self.write(n)
            self.c.call("rules.reload")
        askers = [self.connect() for _ in range(5)]
        for c in askers:
            c.send("ticket.explain", {"id": 1})
        self.assertEqual(0, self.d.stop())


def asker_answered(client):
    return "answered" if select.select([client.sock], [], [], 0)[0] else False


if __name__ == "__main__":
    daemon.main()
