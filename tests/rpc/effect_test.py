"""The effect of a case: before, during and after count the same (complaints, duplicates, further contacts) by the same source, the counts by
the minute; what hangs on the case is said beside. Numbers told are numbers, however often they were told."""

import os
import shutil
import subprocess
import sys
import tempfile

from daemon import ROOT, START_MS, Case, Daemon, main

sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
from tocsin_run import tocsin

BIN = 300000
HOUR = 12 * BIN
CATEGORY = "recharge.not_credited"
TELLS = """
tasks { { "sms", zh = "短信", en = "text message", lease = "60s", numbers = "told" },
  { "check", zh = "核查", en = "check", lease = "60s" } }
rules.before "outbox" { kinds = { "incident" },
  rule "everybody is told" { when = { action = any_of("tell", "resolve") }, of = "everybody", batch = 1000,
    task = task "sms" { incident = "{id}", text = "it works" } },
  rule "everybody is checked" { when = { action = "claim" }, of = "everybody", batch = 1000, task = task "check" { incident = "{id}" } } }
"""


class Effect(Case):
    MORE = """cluster "recharge" { zh = "充值类", en = "recharge", categories = { "recharge" } }\n"""

    def setUp(self):
        self.pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.pack, True)
        shutil.copytree(os.path.join(ROOT, "tests", "packs", "recovery"), self.pack, dirs_exist_ok=True)
        with open(os.path.join(self.pack, "more.lua"), "w", encoding="utf-8") as f:
            f.write(TELLS + self.MORE)
        self.d = Daemon(rules=self.pack, clock="virtual:2026-09-22T09:00")
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()
        self.n = 0

    def again(self):
        self.d.kill()
        self.d.start()
        self.c = self.connect()

    def advance(self, by):
        self.c.call("clock.advance", by=by)

    def now(self):
        return self.c.call("clock.now")["now"]

    def complain(self, n=None, city="shenzhen", **more):
        if n is None:
            self.n += 1
            n = self.n
        args = dict(dict(channel="hotline_10086", number="1380013%04d" % n, category=CATEGORY, city=city, text="充值没有到账"), **more)
        return self.c.call("ticket.create", **args)

    def same_fault(self, n=1, kind="same_fault", **of):
        for _ in range(n):
            self.c.call("contact.add", channel="hotline_10086", kind=kind, **of)

    def open(self, city="shenzhen", **more):
        return self.c.call("ticket.create", **dict(dict(kind="incident", channel="app", category=CATEGORY, city=city, title="x", text="x"), **more))["id"]

    def act(self, case, action, **data):
        self.c.call("ticket.act", id=case, action=action, data=data)

    def effect(self, case):
        return self.c.call("incident.effect", id=case)

    def phases(self, case, *keys):
        got = self.effect(case)
        return [tuple(got[k].get(key) for key in keys or ("complaints", "children")) for k in ("before", "during", "after")]

    def shown(self, case, lang="en"):
        (line,) = [s for s in tocsin("--lang", lang, "show", str(case), server=self.d.address).out.splitlines() if s.startswith(("effect", "效果"))]
        return line.split(None, 1)[1]

    def outbreak(self):
        """An hour of two a bin, complaints, contacts and duplicates, and one more in the first; then the warning's case, and three complaints and six contacts a bin."""
        first = self.complain(0)["id"]
        for _ in range(6):
            self.complain()
            self.same_fault(ticket=first)
            self.advance(BIN)
            self.complain()
            self.complain(0)
            self.advance(BIN)
        for _ in range(40):
            self.complain()
        self.advance(BIN)
        case = self.c.call("warning.list")["warnings"][0]["incident"]
        for _ in range(11):
            for _ in range(3):
                self.complain()
            self.same_fault(5, incident=case)
            self.same_fault(ticket=first)
            self.same_fault(kind="urge", ticket=first)  # which counts nothing
            self.complain(0)
            self.complain(city="zhuhai")  # neither does another city
            self.advance(BIN)
        return case, self.now()

    DURING = 40 + 11 * (3 + 5 + 1 + 1)


class Phases(Effect):
    def test_all_three_count_contacts_and_duplicates(self):
        case, over = self.outbreak()
        began = over - HOUR
        self.act(case, "resolve", text="it works")
        for _ in range(6):
            self.complain()
            self.same_fault(2, incident=case)
            self.advance(BIN)
        want = [(began - HOUR, began, 25, 25.0), (began, over, self.DURING, 150.0), (over, over + HOUR // 2, 18, 36.0)]
        asked = lambda: self.phases(case, "from", "to", "complaints", "per_hour")
        self.assertEqual((want, [(11,), (73,), (6,)]), (asked(), self.phases(case, "children")))
        self.again()
        self.assertEqual(want, asked())

    def test_asked_a_month_after_it_was_closed(self):
        case, over = self.outbreak()
        self.act(case, "resolve", text="it works")
        self.advance("1h")
        self.same_fault(3, incident=case)
        self.advance("90m")
        closed = self.c.call("ticket.get", id=case)
        self.assertEqual(("closed", over + 2 * HOUR), (closed["stage"], closed["closed"]))
        for _ in range(7):
            self.complain()  # of no case
        self.advance("30d")
        self.again()
        self.assertEqual([(25, over - HOUR), (self.DURING, over), (3, over + 2 * HOUR)], self.phases(case, "complaints", "to"))

    def test_a_case_that_was_cancelled_ends_then(self):
        """Nobody proved it over: it was there until it was closed, and nothing came after."""
        case, over = self.outbreak()
        self.act(case, "cancel", reason="a mistake")
        self.advance("3h")
        self.complain()
        self.assertEqual([(25, over - HOUR), (self.DURING, over), (0, over)], self.phases(case, "complaints", "to"))

    def test_in_the_middle_of_a_minute(self):
        """Minutes are whole: that in which it was resolved is during, that in which it is asked counts too."""
        self.complain()
        case = self.open()
        self.advance("90s")
        self.complain()
        self.act(case, "resolve", text="it works")
        self.complain()
        self.advance("2m")
        self.complain()
        self.assertEqual([(0, START_MS - HOUR - HOUR), (3, START_MS - HOUR), (1, START_MS - HOUR + 120000)], self.phases(case, "complaints", "from"))

    def test_a_relapse_is_during_again(self):
        case, over = self.outbreak()
        self.act(case, "resolve", text="it works")
        self.advance("30m")
        self.same_fault(4, incident=case)
        self.advance("10m")
        self.act(case, "relapse", reason="it is back")
        for _ in range(2):
            self.complain()
        self.advance("20m")
        self.assertEqual([(25, over - HOUR), (self.DURING + 6, over + HOUR), (0, over + HOUR)], self.phases(case, "complaints", "to"))
        self.again()
        self.act(case, "resolve", text="it works again")
        self.complain()
        self.advance("10m")
        self.assertEqual([(25, over - HOUR), (self.DURING + 6, over + HOUR), (1, over + HOUR + 600000)], self.phases(case, "complaints", "to"))

    def test_what_comes_on_time_for_its_own_minute(self):
        """A complaint that speaks of an hour ago counts then; as a child, too."""
        case, over = self.outbreak()
        self.act(case, "resolve", text="it works")
        self.advance("5m")
        self.complain(occurred=over - 600000)
        self.advance("5m")
        self.assertEqual([(25, 11), (self.DURING + 1, 74), (0, 0)], self.phases(case))

    def test_a_case_of_many_cities(self):
        """Contacts of the case itself have no city; those of another case have."""
        for city in ("shenzhen", "zhuhai", "foshan"):
            self.complain(city=city)
        self.advance("1h")
        case = self.open(city=None, fields={"cities": ["shenzhen", "zhuhai"]})
        other = self.open(city="foshan")
        for id in (case, other):
            self.act(id, "evidence", key="*/" + CATEGORY, began=self.now())
        self.same_fault(5, incident=case)
        self.same_fault(7, incident=other)
        for city in ("shenzhen", "zhuhai", "foshan"):
            self.complain(city=city)
        self.advance("5m")
        self.assertEqual([(2, 2), (7, 2), (0, 0)], self.phases(case))
        self.assertEqual([(1, 1), (8, 1), (0, 0)], self.phases(other))

    def test_a_case_of_a_cluster_in_all_cities(self):
        """What is clicked on a case that has neither city nor category is its own all the same."""
        case = self.open(city=None, category=None, fields={"cluster": "recharge"})
        self.same_fault(5, incident=case)
        self.complain(city="zhuhai")
        self.complain(category="billing.overcharge")
        self.advance("5m")
        self.assertEqual([0, 6, 0], [p[0] for p in self.phases(case)])

    def test_merged_cases(self):
        """The one that takes the other in counts what both are about, none of it twice; also when it lets it out again."""
        for city in ("shenzhen", "zhuhai"):
            self.complain(city=city)
        self.advance("1h")
        case, other = self.open(), self.open(city="zhuhai")
        for id, city in ((case, "shenzhen"), (other, "zhuhai")):
            self.act(id, "evidence", key=city + "/" + CATEGORY, began=self.now())
        self.same_fault(5, incident=case)
        self.same_fault(7, incident=other)
        for city in ("shenzhen", "zhuhai", "zhuhai"):
            self.complain(city=city)
        self.advance("5m")
        self.act(other, "merge", ticket=case)
        self.advance("5m")
        self.assertEqual([(2, 2), (15, 3), (0, 0)], self.phases(case))
        self.assertEqual([(1, 0), (9, 0), (0, 0)], self.phases(other))
        self.same_fault(2, incident=case)
        self.advance("5m")
        self.again()
        self.assertEqual([(2, 2), (17, 3), (0, 0)], self.phases(case))
        self.assertEqual([(1, 0), (9, 0), (0, 0)], self.phases(other))


class Kept(Effect):
    MORE = 'counting { contacts = { "same_fault" }, keep = "1d" }\n'

    def test_what_is_not_kept_any_more_is_not_said(self):
        case, over = self.outbreak()
        self.act(case, "resolve", text="it works")
        self.same_fault(3, incident=case)
        self.advance("150m")
        keys = ("complaints", "per_hour", "forgotten")
        self.assertEqual([(25, 25.0, None), (self.DURING, 150.0, None), (3, 1.5, None)], self.phases(case, *keys))
        self.advance(24 * HOUR - 150 * 60000 - 90 * 60000)  # the first half hour of "before" is gone
        self.assertEqual([(None, None, True), (self.DURING, 150.0, None), (3, 1.5, None)], self.phases(case, *keys))
        self.assertTrue(self.shown(case).startswith("complaints not kept any more before, 150 (150/h) during, 3 (1.5/h) after; "), self.shown(case))
        self.assertIn("投诉：之前 已不留存，期间 150（每小时 150），之后 3（每小时 1.5）；", self.shown(case, "zh"))
        self.advance("2d")
        self.complain()
        self.advance("10m")
        self.assertEqual([(None, None, True, 11), (None, None, True, 73), (None, None, True, 0)], self.phases(case, *keys, "children"))


class Long(Effect):
    def test_a_case_of_many_days_is_counted_as_far_as_one_call_may(self):
        """Twelve days by the minute, another city beside it: whole minutes up to one that is said."""
        first = START_MS - HOUR
        minutes = 12 * 1440
        self.advance(minutes * 60000)
        args = [("ticket.import", dict(channel="import", text="x", category=CATEGORY, city=city, created=first + n * 60000))
                for n in range(minutes) for city in ("shenzhen", "zhuhai")]
        for i in range(0, len(args), 2000):
            self.c.pipeline(args[i:i + 2000])
        case = self.open()
        self.act(case, "evidence", key="shenzhen/" + CATEGORY, began=first)
        got = self.effect(case)
        during = got["during"]
        self.assertEqual((first, first + minutes * 60000, 60.0), (during["from"], during["to"], during["per_hour"]))
        self.assertEqual(during["complaints"], (during["counted_until"] - first) // 60000)
        self.assertTrue(16000 < during["complaints"] < 17000, during)
        self.assertEqual((0, None), (got["after"]["complaints"], got["after"].get("counted_until")))
        self.assertIn("%d (60/h, up to 2026-10-03 22:47+08:00) during" % during["complaints"], self.shown(case))
        self.assertIn("期间 %d（每小时 60，计至 2026-10-03 22:47+08:00），" % during["complaints"], self.shown(case, "zh"))


class NumbersTold(Effect):
    def answer(self, kind, ok):
        (task,) = self.c.call("task.claim", worker="w", kinds=[kind], limit=10)["tasks"]
        numbers = sorted(task["data"]["numbers"])
        self.c.call("task.done", id=task["id"], ok=True, worker="w",
                    result={"numbers": [{"number": n, "ok": ok(i)} for i, n in enumerate(numbers)]})
        return len(numbers)

    def told(self, case):
        return self.effect(case)["numbers_told"]

    def test_who_is_told_again_after_a_relapse_counts_once(self):
        case = self.open()
        for n in range(6):
            self.complain(n)
        self.act(case, "claim", text="x")
        self.advance("1m")
        self.assertEqual((6, 0), (self.answer("check", lambda i: True), self.told(case)))
        self.act(case, "resolve", text="it works")
        self.advance("1m")
        self.assertEqual((6, 4), (self.answer("sms", lambda i: i < 4), self.told(case)))  # two were not reached
        self.act(case, "relapse", reason="it is back")
        self.advance("1m")
        for n in range(6, 9):
            self.complain(n)
        self.again()
        self.act(case, "resolve", text="it works again")
        self.advance("1m")
        self.assertEqual((9, 8), (self.answer("sms", lambda i: i != 8), self.told(case)))
        self.assertEqual([6, 4, 8], [j["n_ok"] for j in self.c.call("incident.get", id=case)["jobs"] if j["kind"] == "numbers"])
        self.again()
        self.assertEqual(8, self.told(case))
        self.d.stop()
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual(0, said.returncode, said.stdout + said.stderr)


if __name__ == "__main__":
    main()
