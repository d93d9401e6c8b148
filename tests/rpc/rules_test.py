"""Packs: changed, broken, rolled back and failing, while complaints come in."""

import os
import shutil
import tempfile
import threading
import time

from daemon import ME, PACK, Case, Daemon, main, until

TOP = 'rules "routing" {\n'
ROUTE = '  rule "ours" { when = function(t) return t.number == "13811112222" end, to = queue "%s" },\n'
FAILS = '  rule "boom" { when = function(t) if t.number == "%s" then %s end return false end, to = queue "expert" },\n'


class Rules(Case):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.pack = os.path.join(self.dir, "lua")
        shutil.copytree(PACK, self.pack)
        with open(os.path.join(self.pack, "routing.lua"), encoding="utf-8") as f:
            self.text = f.read()
        self.assertIn(TOP, self.text)
        super().setUp()

    def daemon_new(self):
        d = Daemon(rules=self.pack)
        self.addCleanup(d.close)
        d.start()
        return d

    def write(self, data, name="routing.lua"):
        """A file is replaced in one step: nobody reads half of it."""
        path = os.path.join(self.pack, name)
        with open(path + "~", "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.rename(path + "~", path)

    def with_rule(self, rule):
        return self.text.replace(TOP, TOP + rule, 1)

    def hup(self, done):
        """SIGHUP, then the first status for which done(status) holds."""
        self.d.hup()
        return until(lambda: (lambda s: s if done(s) else None)(self.c.call("rules.status")), what="the reload")

    def queue(self, number="13811112222"):
        t = self.create(number=number, category="account.realname")
        return t["queue"], t["generation"]

    def test_sighup_changes_a_route(self):
        self.assertEqual(("second_line", 1), self.queue())
        before = self.c.call("rules.status")
        self.write(self.with_rule(ROUTE % "expert"))
        s = self.hup(lambda s: s["generation"] == 2)
        self.assertEqual((True, [], 1, "SIGHUP"), (s["ok"], s["errors"], s["previous"], s["by"]))
        self.assertNotEqual(before["sha256"], s["sha256"])
        self.c.call("clock.advance", by="25h")
        self.assertEqual(("expert", 2), self.queue())
        self.assertEqual(("second_line", 2), self.queue("13811113333"))

    def test_the_same_again_is_unchanged(self):
        before = self.c.call("rules.status")
        s = self.c.call("rules.reload")
        self.assertEqual((True, 1, before["sha256"], None), tuple(s[k] for k in ("ok", "generation", "sha256", "previous")))

    def breaks(self):
        """(what, the file, line of the error, a part of its message)."""
        t, line = self.text, lambda needle: self.text[:self.text.index(needle)].count("\n") + 1
        return (
            ("syntax", t.replace('rule "roaming" {', 'rule "roaming" = {', 1), line('rule "roaming"'), "near '='"),
            ("an unknown word", t.replace("category = under \"roaming\"", "category = undr \"roaming\"", 1),
                line('category = under "roaming"'), 'undr is not a word (did you mean "under"?)'),
            ("a full-width comma", t.replace("when = { bypass = true },", "when = { bypass = true }，", 1),
                line("when = { bypass = true },"), 'full-width "，" outside a text'),
            ("GBK", t.replace("because = ", 'title = "越级投诉", because = ', 1).encode("gbk"), line("because = "),
                "saved as GBK, not UTF-8"),
            ("half a file", t[:t.index('rule "roaming"') + 9], line('rule "roaming"'), "near"),
            ("an endless loop", t.replace(TOP, TOP + '  rule "loop" { when = function(t) while true do end end, to = queue "expert" },\n', 1),
                line(TOP) + 1, "more than 200000 steps: a loop without end, or too much work"),
        )

    def test_six_ways_to_break_it(self):
        good = self.text = self.with_rule(ROUTE % "expert")
        self.write(good)
        sha = self.hup(lambda s: s["generation"] == 2)["sha256"]
        for what, data, line, message in self.breaks():
            with self.subTest(what=what):
                self.write(data)
                try:
                    self.check_broken(self.hup(lambda s: not s["ok"]), sha, line, message)
                finally:
                    self.write(good)
                    s = self.hup(lambda s: s["ok"])
                self.assertEqual((2, sha, []), (s["generation"], s["sha256"], s["errors"]))

    def check_broken(self, s, sha, line, message):
        """The verdict names the place, and the old pack goes on deciding."""
        self.assertEqual((False, 2, sha), (s["ok"], s["generation"], s["sha256"]))
        found = [e for e in s["errors"] if message in e["message"]]
        self.assertTrue(found, s["errors"])
        self.assertEqual(("routing.lua", line), (found[0]["file"], found[0].get("line")), found)
        self.c.call("clock.advance", by="25h")
        self.assertEqual(("expert", 2), self.queue())
        check = self.c.call("rules.check")
        self.assertEqual((False, s["errors"]), (check["ok"], check["errors"]))

    def test_a_pack_that_cannot_be_kept_does_not_decide(self):
        """Its files are more than an entry holds: the old pack goes on deciding."""
        before = self.c.call("rules.status")
        self.write(self.with_rule(ROUTE % "expert"))
        for i in range(68):
            self.write("return -- %d %s\n" % (i, "x" * 250000), "large%d.lua" % i)
        s = self.c.call("rules.reload")
        self.assertEqual((False, 1, before["sha256"]), (s["ok"], s["generation"], s["sha256"]))
        self.assertRegex(s["errors"][0]["message"], "^the pack's files: the call would write [0-9]+ bytes at once, at most [0-9]+ are possible; split it, or raise journal-segment$")
        self.assertEqual(("second_line", 1), self.queue())

    def test_rollback(self):
        first = self.c.call("rules.status")["sha256"]
        self.write(self.with_rule(ROUTE % "expert"))
        self.assertEqual(2, self.c.call("rules.reload")["generation"])
        self.assertEqual(("expert", 2), self.queue())
        s = self.c.call("rules.rollback", generation=1)
        self.assertEqual((True, 3, first, 2, ME), tuple(s[k] for k in ("ok", "generation", "sha256", "previous", "by")))
        self.c.call("clock.advance", by="25h")
        self.assertEqual(("second_line", 3), self.queue())
        self.refused("rules.rollback", {"generation": 99}, code="not_found", message="generation 99 is not stored")
        self.assertEqual(3, self.c.call("rules.status")["generation"])

    def test_a_rule_that_fails_at_run_time(self):
        for generation, what, failed, message in (
                (2, "return nil + 1", "routing/boom", "attempt to perform arithmetic on a nil value"),
                (3, "while true do end", "routing/boom", "steps: a loop without end, or too much work")):
            number = "1389999000%d" % generation
            self.write(self.with_rule(FAILS % (number, what)))
            s = self.c.call("rules.reload")
            self.assertEqual((True, generation), (s["ok"], s["generation"]), s["errors"])
            t = self.create(number=number, category="account.realname")
            self.assertEqual(("duty", generation), (t["queue"], t["generation"]))
            (decision,) = self.history(t["id"])[0]["decisions"]
            self.assertEqual(failed, decision["failed"]["rule"])
            self.assertIn(message, decision["failed"]["message"])
            self.assertEqual(generation - 1, self.c.call("server.stats")["rules"]["failures"])
            self.assertEqual(("second_line", generation), self.queue("1381111%04d" % generation))
            self.assertEqual(generation - 1, len(self.d.log("rules.failed")))
            self.c.call("clock.advance", by="25h")

    def test_replay_refuses_what_fails_on_real_complaints(self):
        self.create(number="13899990000", category="account.realname")
        self.write(self.with_rule(FAILS % ("13899990000", "return nil + 1")))
        s = self.c.call("rules.reload")
        self.assertEqual((False, 1), (s["ok"], s["generation"]))
        self.assertTrue(s["errors"][0]["message"].startswith("replaying the last complaints, 1 of 1: rule routing/boom: "), s["errors"])

    def test_replay_asks_the_last_hundred_complaints(self):
        """They are gathered a few in each pass of the loop: the hundredth, not the hundred and first."""
        self.create(number="13899990000", category="account.realname")
        for n in range(99):
            self.create(number="138111122%02d" % n)
        self.write(self.with_rule(FAILS % ("13899990000", "return nil + 1")))
        s = self.c.call("rules.reload")
        self.assertEqual((False, 1), (s["ok"], s["generation"]))
        self.assertTrue(s["errors"][0]["message"].startswith("replaying the last complaints, 100 of 100: rule routing/boom: "), s["errors"])
        self.create(number="13811113300")
        s = self.c.call("rules.reload")
        self.assertEqual((True, 2), (s["ok"], s["generation"]), s["errors"])

    def test_a_stop_in_the_middle_of_a_reload(self):
        for n in range(100):
            self.create(number="138111122%02d" % n)
        self.write(self.with_rule(ROUTE % "expert"))
        for _ in range(5):
            self.c.send("rules.reload")
            self.d.hup()
        self.assertEqual(0, self.d.stop())

    def test_restart_with_a_broken_folder(self):
        self.write(self.with_rule(ROUTE % "expert"))
        sha = self.c.call("rules.reload")["sha256"]
        self.write("rules {{{")
        self.restart()
        s = self.c.call("rules.status")
        self.assertEqual((False, 2, sha), (s["ok"], s["generation"], s["sha256"]))
        self.assertEqual("routing.lua", s["errors"][0]["file"])
        self.assertEqual(("expert", 2), self.queue())
        shutil.rmtree(self.pack)
        self.restart()
        s = self.c.call("rules.status")
        self.assertEqual((False, 2, sha), (s["ok"], s["generation"], s["sha256"]))
        self.assertEqual({"file": self.pack, "message": "the folder cannot be opened: No such file or directory",
            "message_zh": "无法打开文件夹：No such file or directory"}, s["errors"][0])
        self.c.call("clock.advance", by="25h")
        self.assertEqual(("expert", 2), self.queue())

    def test_explain_by_the_pack_that_decided(self):
        self.create(number="13811112222", category="account.realname")
        before = self.c.call("ticket.explain", id=1)
        for queue in ("expert", "second_line", "duty"):
            self.write(self.with_rule(ROUTE % queue))
            self.assertTrue(self.c.call("rules.reload")["ok"])
        self.assertEqual(before, self.c.call("ticket.explain", id=1))

    def test_reloads_under_load(self):
        """30 good and bad packs in turn, 200 creates a second meanwhile: each gets its answer, by a pack that was accepted."""
        answers, stop = [], threading.Event()

        def load():
            with self.d.client() as c:
                while not stop.is_set():
                    began = time.monotonic()
                    answers.extend(c.pipeline([("ticket.create", {"channel": "app", "text": "x", "category": "account.realname",
                        "number": "138%08d" % (len(answers) + i)}) for i in range(20)]))
                    stop.wait(max(0, 0.1 - (time.monotonic() - began)))

        worker = threading.Thread(target=load)
        worker.start()
        try:
            accepted = 1
            for i in range(30):
                if i % 2 == 0:
                    self.write(self.with_rule(ROUTE % ("expert", "second_line", "duty")[i // 2 % 3]))
                    accepted += 1
                else:
                    self.write(self.breaks()[i // 2 % 6][1])
                s = self.c.call("rules.reload")
                self.assertEqual((i % 2 == 0, accepted), (s["ok"], s["generation"]), s["errors"])
                time.sleep(0.05)
        finally:
            stop.set()
            worker.join(20)
        self.assertGreater(len(answers), 200)
        self.assertEqual([], [a for a in answers if not isinstance(a, dict)])
        self.assertEqual(list(range(1, len(answers) + 1)), [a["id"] for a in answers])
        generations = [a["generation"] for a in answers]
        self.assertEqual(sorted(generations), generations)
        self.assertEqual((1, {"second_line"}), (generations[0], {a["queue"] for a in answers}))
        self.assertGreater(len(set(generations)), 10)
        self.restart()
        self.assertEqual((len(answers), accepted),
            (self.c.call("server.stats")["tickets"]["last_id"], self.c.call("rules.status")["generation"]))


    def failing(self):
        return [(r["rule"], r["failures"], r["is_off"]) for r in self.c.call("server.stats")["failing_rules"]]

    def test_a_rule_that_fails_again_and_again_is_switched_off(self):
        self.write(self.with_rule(FAILS % ("13811112222", 'error("no")')))
        self.hup(lambda s: s["generation"] == 2)
        duty = self.connect()
        duty.call("topic.subscribe", topics=["duty"])
        made = []
        kinds = ("realname", "cancel", "number_port", "suspend_resume", "fraud_stop")  # no duplicates
        for category in ["account." + k for k in kinds] + ["sms.failure"]:
            t = self.create(number="13811112222", category=category)
            made.append(t["id"])
            self.assertEqual("duty" if len(made) < 6 else "second_line", t["queue"])
        self.assertEqual([("routing/boom", 5, True)], self.failing())
        told = duty.next_event()[1][0]["data"]
        self.assertEqual(("routing/boom", 5, "duty"), (told["rule"], told["failures"], told["rung"]))
        history = lambda n: self.c.call("ticket.history", id=made[n])["events"][0]["decisions"][0]
        self.assertIn("no", history(4)["failed"]["message"])
        self.assertNotIn("failed", history(5))
        self.assertEqual(["routing/boom"], history(5)["facts"]["off"])
        self.assertEqual("second_line", self.create(number="13800138000", category="account.realname")["queue"])
        # kept over a restart, and tried again when its rest is over
        self.restart()
        self.assertEqual([("routing/boom", 5, True)], self.failing())
        self.c.call("clock.advance", by="61s")
        self.assertEqual([("routing/boom", 5, False)], self.failing())
        again = self.create(number="13811112222", category="marketing.outbound")
        made.append(again["id"])
        self.assertIn("no", history(6)["failed"]["message"])
        self.assertEqual([("routing/boom", 6, True)], self.failing())
        # a new generation begins anew
        self.write(self.text)
        self.hup(lambda s: s["generation"] == 3)
        self.assertEqual([], self.failing())
        self.assertEqual("second_line", self.queue("13811113333")[0])


if __name__ == "__main__":
    main()
