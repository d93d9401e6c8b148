"""Counts: complaints, further contacts, duplicates and imports in their own bins; exact over kill -9."""

import os
import shutil
import tempfile

from daemon import DAY_MS, HOUR_MS, ROOT, START_MS, Case, Daemon, main

MINUTE_MS = 60 * 1000
KEY = "shenzhen/recharge.not_credited"
FEW = """pack { base = "default", name = "few" }
counting { contacts = { "urge" }, duplicates = false, merged = false }
"""


class Counting(Case):
    def count(self, key=KEY, back=2, c=None, bin="5m"):
        return (c or self.c).call("warning.counts", key=key, bin=bin, **{"from": START_MS - back * 5 * MINUTE_MS,
            "to": self.c.call("clock.now")["now"] + 5 * MINUTE_MS})["counts"]

    def complain(self, **more):
        args = dict(category="recharge.not_credited", city="shenzhen")
        args.update(more)
        return self.create(**args)["id"]

    def test_bins(self):
        self.complain()
        self.c.call("clock.advance", by="4m59s")
        self.complain()
        self.c.call("clock.advance", by="1s")
        self.complain()  # 10:05:00.000 belongs to bin 10:05
        self.assertEqual([0, 0, 2, 1], self.count()[:4])
        self.restart()
        self.assertEqual([0, 0, 2, 1], self.count()[:4])
        self.complain()
        self.assertEqual([0, 0, 2, 2], self.count()[:4])

    def test_sums(self):
        self.complain()
        self.complain(city="foshan")
        self.complain(city="foshan", category="billing.cdr")
        self.create(city="foshan", category="billing.overcharge")
        self.assertEqual({KEY: 1, "*/recharge.not_credited": 2, "*/recharge": 2, "foshan/billing": 2, "foshan/*": 3, "*/*": 4},
            {key: sum(self.count(key)) for key in (KEY, "*/recharge.not_credited", "*/recharge", "foshan/billing", "foshan/*", "*/*")})
        self.refused("warning.counts", {"key": "*/bill"}, code="bad_request", argument="key", value="bill",
            message='key "bill" is not in the catalog')

    def test_days_are_local(self):
        self.complain()
        days = self.c.call("warning.counts", key=KEY, bin="24h", **{"from": START_MS - DAY_MS, "to": START_MS + HOUR_MS})
        self.assertEqual((START_MS - 10 * HOUR_MS - DAY_MS, [0, 1]), (days["from"], days["counts"]))

    def test_clusters(self):
        """What agents label differently is counted together as the pack says."""
        d = Daemon(rules=os.path.join(ROOT, "examples", "guangdong"))
        self.addCleanup(d.close)
        d.start()
        c = d.client()
        self.addCleanup(c.close)
        for city, category in (("yunfu", "recharge.not_credited"), ("yunfu", "billing.cdr"), ("foshan", "billing.overcharge"), ("yunfu", "other")):
            c.call("ticket.create", channel="app", text="x", city=city, category=category)
        self.assertEqual({"cluster:payment": 3, "yunfu/cluster:payment": 2, "*/cluster:payment": 3, "cluster:account": 0},
            {key: sum(self.count(key, c=c)) for key in ("cluster:payment", "yunfu/cluster:payment", "*/cluster:payment", "cluster:account")})
        self.refused("warning.counts", {"key": "cluster:paymant"}, c=c, code="bad_request", argument="key", value="paymant",
            message='key "paymant" is not in the catalog (did you mean "payment"?)')

    def test_occurred(self):
        self.complain(occurred=START_MS - 7 * MINUTE_MS)  # late: into its own bin
        self.complain(occurred=START_MS + HOUR_MS)  # the future counts now
        self.assertEqual([1, 0, 1], self.count()[:3])
        self.c.call("clock.advance", by="3h")
        self.complain(occurred=START_MS + 1)  # behind what memory holds
        self.complain(occurred=START_MS + 2)
        self.assertEqual([1, 0, 3], self.count()[:3])
        self.assertEqual({"streams": 1, "counted": 4, "counted_late": 3},
            {k: self.c.call("server.stats")["warnings"][k] for k in ("streams", "counted", "counted_late")})

    def test_what_is_long_past_counts_now(self):
        """A complaint about last year is no history, and must not be learned as one."""
        self.complain(occurred=START_MS - DAY_MS)
        self.complain(occurred=START_MS - DAY_MS - 1)
        self.complain(occurred=START_MS - 500 * DAY_MS)
        self.assertEqual(2, sum(self.count()))
        self.assertEqual([1], self.c.call("warning.counts", key=KEY, **{"from": START_MS - DAY_MS, "to": START_MS - DAY_MS + 5 * MINUTE_MS})["counts"])

    def test_contacts(self):
        ticket = self.complain(number="13800001234")
        for kind in ("same_fault", "urge", "ask", "same_fault"):
            self.c.call("contact.add", ticket=ticket, channel="app", kind=kind)
        self.assertEqual([0, 0, 3], self.count()[:3])

    def test_duplicates_count(self):
        first = self.c.call("ticket.create", channel="app", text="x", number="13800001234", category="recharge.not_credited", city="shenzhen")
        again = self.c.call("ticket.create", channel="app", text="x", number="13800001234", category="recharge.not_credited", city="shenzhen")
        self.assertEqual(first["id"], again["duplicate_of"])
        self.assertEqual([0, 0, 2], self.count()[:3])

    def test_the_pack_says_what_counts(self):
        folder = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, folder, True)
        with open(os.path.join(folder, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(FEW)
        with Daemon(rules=folder) as d, d.client() as c:
            def count():
                return sum(c.call("warning.counts", key=KEY, bin="5m")["counts"])

            one = dict(channel="app", text="x", category="recharge.not_credited", city="shenzhen")
            first = c.call("ticket.create", number="13800001234", **one)["id"]
            c.call("ticket.create", number="13800001234", **one)
            self.assertEqual(1, count())
            c.call("contact.add", ticket=first, channel="app", kind="same_fault")
            c.call("contact.add", ticket=first, channel="app", kind="urge")
            self.assertEqual(2, count())
            other = c.call("ticket.create", number="13800001235", **one)["id"]
            self.assertEqual(3, count())
            c.call("ticket.act", id=other, action="merge", data={"ticket": first})
            self.assertEqual(2, count())
            c.call("ticket.act", id=other, action="unmerge", data={"ticket": first})
            self.assertEqual(3, count())
            # what was told of another city since, and in the future, is taken from where and when it counted
            moved = c.call("ticket.create", number="13800001236", occurred=START_MS + HOUR_MS, **one)["id"]
            c.call("ticket.create", number="13800001237", **dict(one, city="foshan"))
            c.call("ticket.act", id=moved, action="accept", data={"city": "foshan"})
            c.call("clock.advance", by="2h")
            c.call("ticket.act", id=moved, action="merge", data={"ticket": first})

            def bins(city):
                return c.call("warning.counts", key=city + "/recharge.not_credited", bin="5m", **{"from": START_MS, "to": START_MS + 2 * HOUR_MS})["counts"]

            self.assertEqual([3] + [0] * 23, bins("shenzhen"))
            self.assertEqual([1] + [0] * 23, bins("foshan"))
            c.call("ticket.act", id=moved, action="unmerge", data={"ticket": first})
            self.assertEqual([4] + [0] * 23, bins("shenzhen"))

    def test_import(self):
        self.c.call("ticket.import", channel="import", text="x", category="recharge.not_credited", city="shenzhen",
            created=START_MS - 9 * MINUTE_MS)
        self.c.call("ticket.import", channel="import", text="x", category="recharge.not_credited", city="shenzhen",
            created=START_MS - DAY_MS, occurred=START_MS - DAY_MS - 5 * MINUTE_MS)
        self.assertEqual([1, 0, 0], self.count()[:3])
        self.assertEqual([1, 0], self.c.call("warning.counts", key=KEY, **{"from": START_MS - DAY_MS - 5 * MINUTE_MS,
            "to": START_MS - DAY_MS + 5 * MINUTE_MS})["counts"])

    def test_refused(self):
        self.refused("warning.counts", dict(key="shenzhen"), code="bad_request", argument="key", value="shenzhen",
            message="key must be CITY/CATEGORY or cluster:NAME; * stands for all")
        self.refused("warning.counts", dict(key="shenzen/*"), code="bad_request", argument="key", value="shenzen",
            message='key "shenzen" is not in the catalog (did you mean "shenzhen"?)')
        self.refused("warning.counts", dict(key=KEY, bin="90s"), code="bad_request", argument="bin", message="bin must be whole minutes")
        self.refused("warning.counts", {"key": KEY, "from": 0}, code="bad_request", argument="from",
            message="from and to must hold 1 to 2016 bins of 5 minutes")


if __name__ == "__main__":
    main()
