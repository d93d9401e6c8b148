"""What the tests of Guangdong's pack share: its people, a case, a script, the tasks of its adapters."""

import os

from daemon import ROOT, START_MS, Case, Daemon

GUANGDONG = os.path.join(ROOT, "examples", "guangdong")
CATEGORY = "recharge.not_credited"


class Guangdong(Case):
    start = "2026-09-22T10:00"
    rules = GUANGDONG

    def setUp(self):
        self.d = Daemon(rules=self.rules, clock="virtual:" + self.start)
        self.d.start()
        self.addCleanup(self.d.close)
        self.c = self.connect()
        self.agent, self.head, self.leader = (self.person(p) for p in ("wu.qiang", "lin.tao", "zhou.gang"))

    def person(self, name):
        c = self.connect()
        c.call("session.hello", {"as": name})
        return c

    def restart_all(self):
        self.restart()
        self.agent, self.head, self.leader = (self.person(p) for p in ("wu.qiang", "lin.tao", "zhou.gang"))

    def act(self, id, action, c=None, **data):
        return (c or self.head).call("ticket.act", id=id, action=action, data=data)

    def advance(self, by="1s"):
        self.c.call("clock.advance", by=by)

    def complain(self, n, **more):
        args = {"channel": "hotline_10086", "number": "1380013%04d" % n, "category": CATEGORY, "city": "shenzhen", "text": "充值没有到账",
                "fields": {"amount": 5000, "paid_at": START_MS}}
        args.update(more)
        return self.c.call("ticket.create", args)

    def open(self, **fields):
        fields = {"cities": ["shenzhen", "foshan"], **fields}
        return self.c.call("ticket.create", kind="incident", channel="webhook", title="充值平台故障", text="x", category=CATEGORY, city="shenzhen",
                           fields=fields)["id"]

    def script(self, case, zh="充值平台故障，预计12点恢复", **more):
        self.act(case, "script", self.agent, zh=zh, **{"prompt": "P-RECHARGE-01", **more})
        self.act(case, "approve_script")

    def tasks(self, kind, state=None):
        found = self.c.call("task.list", kind=kind)["tasks"]
        return [t for t in found if state is None or t["state"] == state]

    def claim(self, kind, worker="w"):
        return self.c.call("task.claim", worker=worker, kinds=[kind], limit=10)["tasks"]

    def done(self, task, **more):
        return self.c.call("task.done", id=task["id"], ok=True, **more)
