"""The example adapter of group messages against its simulator and a running daemon."""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "rpc"), os.path.join(ROOT, "examples", "adapters")]

from daemon import Daemon, history, main  # noqa: E402
from group import Adapter, Away, Group, State, Tocsin  # noqa: E402
from group_sim import Server  # noqa: E402

ADAPTERS = os.path.join(ROOT, "examples", "adapters")


class GroupMessages(unittest.TestCase):
    maxDiff = 1500

    def setUp(self):
        self.sim = Server(0)
        self.addCleanup(self.sim.server_close)
        self.addCleanup(self.sim.shutdown)
        threading.Thread(target=self.sim.serve_forever, daemon=True).start()
        self.room = self.sim.room
        self.d = Daemon(rules=os.path.join(ADAPTERS, "pack"), options=["--http", "127.0.0.1:0"])
        self.addCleanup(self.d.close)
        with open(os.path.join(self.d.data, "tokens"), "w", encoding="utf-8") as f:
            f.write("group adapter %s\n" % hashlib.sha256(b"secret").hexdigest())
        os.chmod(f.name, 0o600)
        self.d.start()
        self.c = self.d.client()
        self.addCleanup(lambda: self.c.close())
        self.state = os.path.join(self.d.dir, "group.state")

    def urls(self):
        return "http://" + self.d.log("http.listen")[-1].rsplit("address=", 1)[1], "http://127.0.0.1:%d" % self.sim.server_address[1]

    def adapter(self):
        tocsin, group = self.urls()
        return Adapter(Tocsin(tocsin, "secret"), Group(group), State(self.state))

    def settle(self, adapter=None):
        adapter = adapter or self.adapter()
        while adapter.round() > 0:
            pass

    def create(self, **more):
        return self.c.call("ticket.create", dict({"channel": "app", "text": "上网慢", "category": "network.slow", "city": "foshan",
            "number": "13800138000"}, **more))

    def said(self):
        return [(m["group"], m["text"]) for m in self.room.messages if m["is_robot"]]

    def contacts(self, ticket):
        return [e for e in history(self.c, ticket) if e["method"] == "contact.add"]

    def test_out_and_a_reply_in(self):
        no = self.create()["no"]
        self.settle()
        self.assertEqual([("network.foshan", "【%s】foshan network.slow：上网慢" % no)], self.said())
        self.room.add("network.foshan", "老李", "基站断电，预计11点恢复", False, quotes=1)
        self.settle()
        (contact,) = self.contacts(1)
        self.assertEqual("group", contact["who"])
        self.assertEqual(1, self.c.call("ticket.get", id=1)["contacts"])
        explained = self.c.call("ticket.explain", id=1, seq=contact["seq"])
        self.assertEqual("老李：基站断电，预计11点恢复", explained["decisions"][0]["facts"]["contact"]["text"])

    def test_naming_the_number_is_enough(self):
        no = self.create()["no"]
        self.room.add("network.foshan", "小王", "%s 已派人" % no, False)
        self.room.add("network.foshan", "小王", "C20200101-000001 does not exist", False)
        self.room.add("network.foshan", "小王", "lunch?", False)
        self.settle()
        self.assertEqual(1, len(self.contacts(1)))

    def test_an_order_from_the_group(self):
        self.room.add("billing", "前台", "投诉 13900139000 充值50元未到账", False)
        self.settle()
        ticket = self.c.call("ticket.get", id=1)
        self.assertEqual(("wecom", "13900139000", "充值50元未到账", "recharge.not_credited"),
            tuple(ticket[k] for k in ("channel", "number", "text", "category")))
        self.assertEqual(("billing", "已受理【%s】" % ticket["no"]), self.said()[0])

    def test_nothing_twice_after_a_kill(self):
        self.create()
        self.room.add("billing", "前台", "投诉 13900139000 充值50元未到账", False)
        self.room.add("network.foshan", "小王", "C20260922-000001 已派人", False)
        self.settle()
        os.unlink(self.state)  # as if killed before it could remember
        self.d.restart()
        self.c.close()
        self.c = self.d.client()
        n = len(self.room.messages)
        self.settle()
        self.assertEqual(n, len(self.room.messages))
        self.assertEqual((1, 2), (len(self.contacts(1)), self.c.call("server.stats")["tickets"]["last_id"]))

    def test_the_group_refuses_for_a_while(self):
        self.create()
        self.room.refuses = 1
        self.settle()
        self.assertEqual([], self.said())
        (task,) = self.c.call("task.list")["tasks"]
        self.assertEqual(("waiting", "api freq out of limit"), (task["state"], task["error"]))
        self.c.call("clock.advance", by="10s")
        self.settle()
        self.assertEqual(1, len(self.said()))

    def test_tocsin_refuses(self):
        self.room.add("billing", "前台", "投诉 13900139000 " + "长" * 12000, False)
        self.settle()
        self.assertEqual([("billing", "未能受理：argument \"text\" has 36000 bytes; a text has at most 32768")], self.said())

    def test_the_program(self):
        no = self.create()["no"]
        tocsin, group = self.urls()
        with tempfile.NamedTemporaryFile("w") as token:
            token.write("secret\n")
            token.flush()
            run = [sys.executable, os.path.join(ADAPTERS, "group.py"), "--tocsin", tocsin, "--token-file", token.name, "--group", group,
                   "--state", self.state, "--once"]
            self.assertEqual(0, subprocess.run(run, timeout=30).returncode)
            self.assertEqual([("network.foshan", "【%s】foshan network.slow：上网慢" % no)], self.said())
            self.d.kill()
            done = subprocess.run(run, timeout=30, capture_output=True, text=True)
            self.assertEqual((1, "task.claim: no answer\n"), (done.returncode, done.stderr))

    def test_away(self):
        adapter = self.adapter()
        self.d.kill()
        with self.assertRaises(Away):
            adapter.round()


if __name__ == "__main__":
    main()
