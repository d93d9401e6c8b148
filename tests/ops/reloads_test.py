"""Good and bad reloads in turn, by call and by SIGHUP: each has its verdict, complaints come in meanwhile, and nothing grows. TOCSIN_DOSE=n
reloads 50n times; TOCSIN_RELOADS=n n times. TOCSIND may name a build with sanitizers, which then must end with nothing to say."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rpc"))
from daemon import Case, Daemon, ROOT, main, until  # noqa: E402

PACKS = os.path.join(ROOT, "tests", "packs")
RELOADS = int(os.environ.get("TOCSIN_RELOADS", 50 * int(float(os.environ.get("TOCSIN_DOSE", "1")))))
MIB = 1024 * 1024
GROWTH = 8 * MIB  # what the allocator and the caches of a daemon that does nothing else may still take
QUEUES = '{ "duty", zh = "值班", en = "duty", department = "desk" }'
CHANNELS = 'channels { { "app", zh = "应用", en = "app" } }\n'
BAD = ("syntax", "endless_loop", "nil_index", "gbk", "full_width", "unknown_queue", "spec_fails", "duplicate_rule", "global_write")
BOMBS = ("local t = {} while true do t[#t + 1] = { #t } end\n", "local s = 'x' while true do s = s .. s end\n",
         "local function f() return f() + 1 end f()\n", "error { 'no text' }\n", "return setmetatable({}, { __index = error })\n", "\x1bLua")


class Reloads(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(options=("--memory-table", "1MiB"), env={"ASAN_OPTIONS": "quarantine_size_mb=4:malloc_context_size=8"})
        d.rules = os.path.join(d.dir, "pack")
        shutil.copytree(os.path.join(PACKS, "alone"), d.rules)
        d.start()
        return d

    def put(self, n):
        """What the n-th reload finds: True if it is good."""
        shutil.rmtree(self.d.rules)
        if n % 2 == 0:
            with open(os.path.join(PACKS, "alone", "pack.lua"), encoding="utf-8") as f:
                text = f.read() + CHANNELS
            text = text.replace(QUEUES, QUEUES + ", " + QUEUES.replace("duty", "second"))
            os.mkdir(self.d.rules)
            self.write("pack.lua", text if n % 4 == 0 else text.replace('to = "duty"', 'to = "second"').replace('queue = "duty"', 'queue = "second"'))
        elif n % 4 == 1:
            shutil.copytree(os.path.join(PACKS, "broken", BAD[n // 4 % len(BAD)]), self.d.rules)
        else:
            shutil.copytree(os.path.join(PACKS, "alone"), self.d.rules)
            self.write("more.lua", BOMBS[n // 4 % len(BOMBS)])
        return n % 2 == 0

    def write(self, name, text):
        with open(os.path.join(self.d.rules, name), "w", encoding="utf-8") as f:
            f.write(text)

    def resident(self):
        with open("/proc/%d/statm" % self.d.process.pid, encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def reload(self, n):
        is_good = self.put(n)
        if n % 3 == 0:
            self.d.hup()  # the start had a verdict, too
            until(lambda: len(self.d.log("rules.reload")) == n + 2, within=60, what="the verdict of reload %d" % n)
            status = self.c.call("rules.status")
        else:
            status = self.c.call("rules.reload")
        self.assertEqual(is_good, status["ok"], (n, status["errors"]))
        self.assertEqual(is_good, status["errors"] == [], n)
        return status["generation"]

    def test_nothing_grows(self):
        generation, warm = self.c.call("rules.status")["generation"], None
        for n in range(RELOADS):
            now = self.reload(n)
            self.assertEqual(n % 2 == 0, now > generation, n)
            generation = now
            self.assertEqual("duty" if n % 4 < 2 else "second", self.create()["queue"])
            if n == RELOADS // 2:
                warm = self.resident()
        grown = self.resident() - warm
        print("%d reloads, %d KiB resident, %d KiB more than half-way" % (RELOADS, self.resident() // 1024, grown // 1024))
        self.assertLess(grown, GROWTH)
        self.c.close()
        self.assertEqual(0, self.d.stop())
        self.assertEqual([], [line for line in self.d.lines if "Sanitizer" in line or "runtime error" in line])


if __name__ == "__main__":
    main()
