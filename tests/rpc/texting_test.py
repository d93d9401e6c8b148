"""Who is hit is texted the approved script while the fault lasts: once a case, also those who are hit later, never at night; a new version, a
stop, the recovery and the end of the case take back what still waits, and who is texted is told of the recovery all the same."""

import os
import shutil
import subprocess
import tempfile

from daemon import HOUR_MS, ROOT, main
from outreach_support import GUANGDONG, Guangdong

V1, V2 = "充值平台故障，预计12点恢复", "预计13点恢复"


def number(n):
    return str(13800000000 + n)


class Texting(Guangdong):
    def tearDown(self):
        self.d.stop()
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual((0, "%s: 0 findings\n" % self.d.data), (said.returncode, said.stdout))
        self.assertEqual([], self.d.numbers_in_log())

    def push(self, numbers, kind="txn_failed", city="shenzhen"):
        at, numbers = self.c.call("clock.now")["now"], list(numbers)
        for k in range(0, len(numbers), 1000):
            self.assertEqual([], self.c.call("signal.push", signals=[
                {"at": at, "source": "boss", "kind": kind, "city": city, "service": "recharge", "number": number(n)}
                for n in numbers[k:k + 1000]])["rejected"])

    def case(self, n=5, **script):
        case = self.open(level="red")
        self.push(range(n))
        self.script(case, V1, **script)
        return case

    def all(self):
        """The tasks, page after page, oldest first."""
        out, at = [], {}
        while True:
            page = self.c.call("task.list", dict(at, kind="sms_script"))
            out += page["tasks"]
            if "cursor" not in page:
                return sorted(out, key=lambda t: t["id"])
            at = {"cursor": page["cursor"]}

    def texts(self):
        """(version, state, how many) of each task."""
        return [(t["data"]["version"], t["state"], t["n_numbers"]) for t in self.all()]

    def send(self, most=100):
        """The gateway takes what it gets: [(version, numbers)]."""
        out = []
        while len(out) < most:
            got = self.c.call("task.claim", worker="w", kinds=["sms_script"], limit=1)["tasks"]
            if not got:
                return out
            numbers = got[0]["data"]["numbers"]
            self.done(got[0], result={"numbers": [{"number": x, "ok": True} for x in numbers]})
            out.append((got[0]["data"]["version"], numbers))
            self.advance("10ms")
        return out

    def jobs(self, case):
        return [(j["state"], j.get("n_done", 0), j.get("n_ok", 0)) for j in self.c.call("incident.get", id=case)["jobs"]
                if j.get("task") == "sms_script"]

    def sent(self, case):
        return {x["number"]: x["texted"] for x in self.c.call("number.list", incident=case, list="affected", limit=1000)["numbers"] if "texted" in x}


class Once(Texting):
    def test_the_words_of_the_approved_script(self):
        case = self.open(level="red")
        self.push(range(3))
        self.push(range(10, 20), "txn_pending")  # potential: nothing of theirs has failed
        self.refused("ticket.act", {"id": case, "action": "text"}, c=self.head, code="rejected", message="no script is approved yet: there is nothing to text / 还没有批准的口径，不能短信告知")
        self.script(case, V1)
        self.advance()
        self.assertEqual([], self.texts())  # nobody has asked for it
        self.refused("ticket.act", {"id": case, "action": "text"}, c=self.agent, code="rejected",
                     message="text is for supervisor, leader only / 只有 supervisor, leader 可以短信告知")
        self.act(case, "text")
        self.advance()
        got = self.claim("sms_script")
        self.assertEqual([("fault", 1, "【中国移动】" + V1, case, [number(n) for n in range(3)])],
                         [tuple(t["data"][k] for k in ("op", "version", "text", "incident", "numbers")) for t in got])
        self.assertEqual({}, self.sent(case))  # not yet
        self.act(case, "text")  # asked for again: what the gateway has may be out already
        self.advance("1h")
        self.assertEqual([(1, "cancelled", 3)], self.texts())

    def test_six_hundred_more(self):
        case = self.case(5)
        self.act(case, "text")
        self.advance()
        self.assertEqual([(1, [number(n) for n in range(5)])], self.send())
        self.push(range(3))                # fails again, and changes the version with it
        self.push(range(1000, 1600))
        self.advance("4m58s")
        self.assertEqual([(1, "done", 5)], self.texts())
        self.advance("2s")
        self.assertEqual([(1, [number(n) for n in range(1000, 1600)])], self.send())
        self.push([4], "txn_ok")           # works again, and then not: it had its text
        self.advance("5m")
        self.push([4])
        self.advance("2h")
        self.assertEqual([(1, "done", 5), (1, "done", 600)], self.texts())
        self.assertEqual([("running", 605, 605)], self.jobs(case))

    def test_another_city_that_was_hit_long_ago(self):
        """Its list is older than what was walked over; it is new to the case."""
        self.push(range(50, 53), city="dongguan")
        self.advance("1m")
        case = self.case(2)
        self.act(case, "text")
        self.advance("11m")
        self.assertEqual([(1, [number(0), number(1)])], self.send())
        self.act(case, "widen", cities=["shenzhen", "foshan", "dongguan"])
        self.advance("5m")
        self.assertEqual([(1, [number(n) for n in range(50, 53)])], self.send())

    def test_a_new_version_goes_to_those_who_had_none(self):
        case = self.case(2500)
        self.act(case, "text")
        self.advance()
        self.assertEqual([(1, "waiting", 1000), (1, "waiting", 1000), (1, "waiting", 500)], self.texts())
        self.assertEqual([(1, [number(n) for n in range(1000)])], self.send(1))
        self.script(case, V2)
        self.assertEqual([(1, "done", 1000), (1, "cancelled", 1000), (1, "cancelled", 500)], self.texts())
        self.advance()
        self.assertEqual([(2, [number(n) for n in range(1000, 2000)]), (2, [number(n) for n in range(2000, 2500)])], self.send())
        self.assertEqual([("withdrawn", 2500, 1000), ("running", 1500, 1500)], self.jobs(case))
        self.assertEqual({1}, set(self.sent(case).values()))  # the first thousand of the list

    def test_a_new_version_in_mid_job(self):
        """The job has made none of its tasks, or some: what it had left goes out with the new words alone."""
        case = self.case(20000)
        self.act(case, "text")
        self.advance("12ms")
        self.assertLess(len(self.texts()), 8)
        self.script(case, V2)
        self.advance()
        self.assertEqual({(1, "cancelled", 1000), (2, "waiting", 1000)}, set(self.texts()))
        self.assertEqual([number(n) for n in range(20000)], [x for v, numbers in self.send() for x in numbers])
        self.assertEqual([("withdrawn", 20000), ("running", 20000)],
                         [(state, max(n_done, n_ok)) if state == "running" else (state, 20000) for state, n_done, n_ok in self.jobs(case)])

    def test_a_gateway_that_takes_nothing_has_eight_to_take_back(self):
        case = self.case(12000)
        self.act(case, "text")
        self.advance("30m")
        self.assertEqual([(1, "waiting", 1000)] * 8, self.texts())
        self.send(1)
        self.advance()
        self.assertEqual([(1, "done", 1000)] + [(1, "waiting", 1000)] * 8, self.texts())
        self.act(case, "stop_text", reason="等一等")
        self.advance()
        self.assertEqual([(1, "done", 1000)] + [(1, "cancelled", 1000)] * 8, self.texts())
        self.assertEqual([("withdrawn", 9000, 1000)], self.jobs(case))
        self.act(case, "text")
        self.advance()
        self.assertEqual([number(n) for n in range(1000, 12000)], [x for v, numbers in self.send() for x in numbers])

    def test_a_kill_in_mid_job(self):
        case = self.case(12000)
        self.act(case, "text")
        self.advance("12ms")
        self.assertLess(len(self.texts()), 8)
        self.restart_all()  # kill -9
        self.advance()
        self.send(5)
        self.restart_all()  # kill -9
        self.advance()
        self.send()
        self.assertEqual([("running", 12000, 12000)], self.jobs(case))
        numbers = [x["number"] for t in self.all() for x in self.c.call("task.get", id=t["id"])["numbers_done"]]
        self.assertEqual([number(n) for n in range(12000)], sorted(numbers))

    def test_past_the_end_of_the_script(self):
        at = self.c.call("clock.now")["now"]
        case = self.case(2, until_time=at + HOUR_MS)
        self.act(case, "text")
        self.advance()
        self.assertEqual(1, len(self.send()))
        self.advance("%dms" % HOUR_MS)
        self.push(range(10, 20))
        self.advance("10m")
        self.assertEqual([(1, "done", 2)], self.texts())
        self.assertEqual([("done", 2, 2)], self.jobs(case))


class TakenBack(Texting):
    def waiting(self, **script):
        case = self.case(1500, **script)
        self.act(case, "text")
        self.advance()
        self.assertEqual([(1, "waiting", 1000), (1, "waiting", 500)], self.texts())
        return case

    def gone(self, case):
        self.assertEqual([(1, "cancelled", 1000), (1, "cancelled", 500)], self.texts())
        self.push(range(5000, 5010))
        self.advance("1h")
        self.assertEqual([(1, "cancelled", 1000), (1, "cancelled", 500)], self.texts())
        self.assertEqual([("withdrawn", 1500, 0)], self.jobs(case))

    def test_proven(self):
        case = self.waiting()
        self.act(case, "claim", self.agent)
        self.assertEqual([(1, "waiting", 1000), (1, "waiting", 500)], self.texts())  # said, not proven
        self.act(case, "prove")
        self.gone(case)

    def test_resolved_and_cancelled(self):
        case = self.waiting()
        self.act(case, "resolve", text="已恢复")
        self.gone(case)

    def test_a_false_alarm(self):
        case = self.waiting()
        self.c.call("number.settle", incident=case, list="affected", to="silent")
        self.act(case, "cancel", reason="误报")
        self.gone(case)

    def test_who_was_texted_is_told_once_that_it_works(self):
        case = self.case(5)
        self.act(case, "text")
        self.advance()
        self.assertEqual([(1, [number(n) for n in range(5)])], self.send())
        self.act(case, "claim", self.agent)
        self.act(case, "prove")
        self.advance()
        self.assertEqual([[number(n) for n in range(5)]], [t["data"]["numbers"] for t in self.claim("sms")])

    def test_after_a_relapse_it_is_asked_for_again(self):
        case = self.waiting()
        self.act(case, "resolve", text="已恢复")
        self.act(case, "relapse", reason="又坏了")
        self.script(case, V2)
        self.advance()
        self.assertEqual([(1, "cancelled", 1000), (1, "cancelled", 500)], self.texts())
        self.act(case, "text")
        self.advance()
        self.assertEqual([(2, "waiting", 1000), (2, "waiting", 500)], self.texts()[2:])


class Chosen(Texting):
    """What a pack may choose otherwise."""

    once = "{fields.script_version}"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        shutil.copytree(GUANGDONG, self.folder, dirs_exist_ok=True)
        self.rules = self.folder
        file = os.path.join(self.folder, "outreach.lua")
        with open(file, encoding="utf-8") as f:
            text = f.read()
        for old, new in (('once = "case"', 'once = "%s"' % self.once),
                         ('of = "affected", batch', 'of = "everybody", batch')):
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(file, "w", encoding="utf-8") as f:
            f.write(text)
        super().setUp()

    def test_each_version_once_also_to_those_who_complain(self):
        case = self.case(3)
        self.complain(1)
        self.act(case, "text")
        self.advance()
        affected = [number(n) for n in range(3)]
        self.assertEqual([(1, affected), (1, ["13800130001"])], self.send())
        self.complain(1, category="recharge.not_credited", text="还没有到账")
        self.complain(2)
        self.advance("20m")
        self.assertEqual([(1, ["13800130002"])], self.send())
        self.script(case, V2)
        self.advance()
        self.assertEqual([(2, affected), (2, ["13800130001", "13800130002"])], self.send())
        self.act(case, "text")
        self.advance("1h")
        self.assertEqual([], self.send())
        self.assertEqual(dict.fromkeys(affected, 2), self.sent(case))
        self.assertEqual([("withdrawn", 5, 5), ("withdrawn", 5, 5), ("running", 0, 0)], self.jobs(case))


class TooLong(Chosen):
    once = "{fields.script_zh}"
    test_each_version_once_also_to_those_who_complain = None

    def test_what_cannot_be_kept_texts_nobody(self):
        case = self.open(level="red")
        self.script(case, "故障" * 11)
        self.refused("ticket.act", {"id": case, "action": "text"}, c=self.head, code="rejected",
                     message="the decision's job 1: once must be a text of 1 to 64 bytes")
        self.assertNotIn("texting", self.c.call("ticket.get", id=case)["fields"])


class Night(Texting):
    start = "2026-09-22T21:50"

    def test_nobody_is_woken(self):
        case = self.case(3)
        self.act(case, "text")
        self.advance()
        self.assertEqual([(1, [number(n) for n in range(3)])], self.send())
        self.advance("11m")
        self.push(range(100, 110))
        self.advance("1h")
        self.script(case, V2)
        self.advance("%dms" % (8 * HOUR_MS))
        self.push(range(110, 112))
        self.advance("58m")  # 07:59:01
        self.assertEqual([(1, "done", 3)], self.texts())
        self.advance("59s")
        self.assertEqual([(2, [number(n) for n in range(100, 112)])], self.send())


class Drill(Texting):
    def test_a_drill_texts_nobody(self):
        case = self.open(level="red", drill=True)
        self.push(range(5))
        self.script(case, V1)
        self.act(case, "text")
        self.advance("1h")
        self.assertEqual([], self.texts())


del Guangdong, Texting

if __name__ == "__main__":
    main()
