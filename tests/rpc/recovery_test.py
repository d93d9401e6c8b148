"""S5: a recovery is claimed, proven by a probe and three closes under the exit of red, told, watched, closed; who was told and complains again
makes a relapse of the same case. On the curve of S1."""

import os

from daemon import ROOT, START_MS, Case, Daemon, main

BIN = 300000
BEFORE = 12
CURVE = [2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1, 2]
KEY = "shenzhen/recharge.not_credited"


class Recovery(Case):
    def setUp(self):
        self.d = Daemon(rules=os.path.join(ROOT, "tests", "packs", "recovery"), clock="virtual:2026-09-22T09:00")
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()
        self.n = 0

    def person(self, name):
        c = self.connect()
        c.call("session.hello", {"as": name})
        return c

    def act(self, action, c=None, **data):
        return (c or self.c).call("ticket.act", id=self.case(), action=action, data=data)

    def complain(self, number):
        return self.c.call("ticket.create", channel="hotline_10086", number="1380013%04d" % number, category="recharge.not_credited",
                           city="shenzhen", text="充值没有到账", fields={"amount": 5000, "paid_at": START_MS})

    def play(self, counts):
        """Bins of complaints of new numbers from now on; ends at the close of the last."""
        for count in counts:
            for _ in range(count):
                self.complain(self.n)
                self.n += 1
            self.c.call("clock.advance", by=BIN)

    def warning(self):
        found = [w for w in self.c.call("warning.list")["warnings"] if w["key"] == KEY]
        return found[0] if found else None

    def case(self):
        return self.warning()["incident"]

    def stage(self):
        return self.c.call("ticket.get", id=self.case())["stage"]

    def at(self, hour, minute):
        return START_MS - 10 * 3600000 + (hour * 60 + minute) * 60000

    def until(self, hour, minute):
        """Play the curve up to this time."""
        now = self.c.call("clock.now")["now"]
        done = (now - self.at(10, 0)) // BIN
        self.play(CURVE[done:done + (self.at(hour, minute) - now) // BIN])

    def recovered(self):
        """To 11:30 with a claim at 11:00 and a good probe."""
        self.play([2] * BEFORE)
        self.until(11, 0)
        self.act("claim", self.person("feng.lei"), text="BOSS已恢复")
        self.until(11, 10)
        self.assertEqual("recovering", self.stage())
        self.act("probe", self.person("feng.lei"), ok=True)
        self.until(11, 25)
        self.assertEqual(("recovering", "black"), (self.stage(), self.warning()["level"]))
        self.until(11, 30)

    def test_claimed_proven_told_watched_closed(self):
        self.recovered()
        w = self.warning()
        case = w["incident"]
        got = self.c.call("ticket.get", id=case)
        self.assertEqual((case, "black"), (w["incident"], w["level"]))
        self.assertEqual(self.at(11, 30), got["fields"]["proven_at"])
        self.c.call("clock.advance", by="1s")
        self.assertEqual(("watched", "watched"), (self.stage(), self.warning()["recovery"]))
        said = self.warning()["recovery_label"]
        self.assertEqual("恢复中", said["zh"])
        self.c.call("clock.advance", by="1m")
        jobs = self.c.call("incident.get", id=case)["jobs"]
        answered = [j for j in jobs if j["kind"] == "children"][0]
        self.assertEqual(("done", "rules"), (answered["state"], answered["who"]))
        self.assertEqual(answered["n_done"], self.c.call("incident.get", id=case)["children"])
        self.c.call("clock.advance", to=self.at(13, 29))
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.c.call("clock.advance", to=self.at(13, 31))
        self.assertEqual("closed", self.c.call("ticket.get", id=case)["stage"])

    def test_forty_of_the_told_complain_again(self):
        self.recovered()
        self.c.call("clock.advance", by="1m")
        case = self.case()
        self.c.call("clock.advance", to=self.at(13, 5))
        self.assertIn(self.warning()["level"], ("none", "yellow"))
        for n in range(100, 139):
            self.complain(n)
        self.assertEqual("watched", self.c.call("ticket.get", id=case)["stage"])
        self.complain(139)
        got = self.c.call("ticket.get", id=case)
        self.assertEqual(("restoring", True, 1), (got["stage"], got["fields"]["relapse"], got["reopened"]))
        w = self.warning()
        self.assertEqual(("orange", case), (w["level"], w["incident"]))
        self.assertEqual([case], [i["id"] for i in self.c.call("incident.list")["incidents"]])
        self.assertTrue(self.c.call("incident.list")["incidents"][0]["relapse"])


if __name__ == "__main__":
    main()
