"""What the tests of affected numbers share: a pack with incidents, signals by number, lists page after page."""

import os
import shutil
import subprocess
import tempfile

from daemon import ROOT, START_MS, Case, Daemon

PACK = """pack { base = "default", name = "numbers" }
kind "incident" {
  prefix = "I", first = "open", zh = "事件", en = "incident",
  stage "open" { status = "inProgress", zh = "处理中", en = "open" },
  stage "closed" { status = "closed", zh = "已关闭", en = "closed" },
  action "close" { zh = "关闭", en = "close", from = { "open" }, to = "closed" },
}
"""
MINUTE_MS = 60 * 1000
CITY, CATEGORY = "shenzhen", "recharge.not_credited"
SCRIPT = {"version": 1, "zh": "充值系统故障，预计11:30恢复", "en": "recharging is down until 11:30", "prompt": "P-RECHARGE-01",
    "eta": START_MS + 90 * MINUTE_MS}


def number(i):
    return "138%08d" % i


class NumberCase(Case):
    def daemon_new(self):
        folder = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, folder, True)
        with open(os.path.join(folder, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(PACK)
        d = Daemon(rules=folder)
        self.addCleanup(d.close)
        d.start()
        return d

    def tearDown(self):
        """Whatever was done: lists, cases and their keys agree, and no number is in the log."""
        self.d.stop()
        said = subprocess.run([os.path.join(ROOT, "build", "tocsin"), "fsck", self.d.data], capture_output=True, text=True)
        self.assertEqual((0, "%s: 0 findings\n" % self.d.data), (said.returncode, said.stdout))
        self.assertEqual([], self.d.numbers_in_log())

    def signal(self, i, kind="txn_failed", **more):
        s = {"at": START_MS, "source": "boss", "kind": kind, "city": CITY, "component": "recharge_gateway", "number": number(i)}
        if kind == "txn_failed":
            s["code"] = "E1023"
        s.update(more)
        return s

    def push(self, signals):
        for at in range(0, len(signals), 1200):
            part = signals[at:at + 1200]
            self.assertEqual({"accepted": len(part), "rejected": []}, self.c.call("signal.push", signals=part))

    def failed(self, numbers, **more):
        self.push([self.signal(i, **more) for i in numbers])

    def incident(self, **more):
        args = {"kind": "incident", "channel": "app", "text": "recharges are not credited", "category": CATEGORY, "city": CITY}
        args.update(more)
        return self.c.call("ticket.create", args)["id"]

    def complain(self, i, **more):
        return self.create(number=number(i), category=CATEGORY, city=CITY, text="charged 50, not credited", **more)

    def list(self, incident, name, **more):
        """All of a list, page after page: by cursor and by its last number in turn, which say the same."""
        out, at = [], {}
        while True:
            page = self.c.call("number.list", dict(more, incident=incident, list=name, **at))
            out += page["numbers"]
            if "cursor" not in page:
                self.assertNotIn("after", page)
                page["numbers"] = out
                return page
            how = "after" if "cursor" in at else "cursor"
            at = {how: page[how]}

    def counts(self, incident):
        return self.c.call("number.list", incident=incident, list="affected", limit=1)["counts"]

    def advance(self, by):
        self.c.call("clock.advance", by=by)
