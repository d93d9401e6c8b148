"""A pack that drops a kind with open tickets is refused and names them; a ticket whose kind no pack has any more cannot be acted on."""

import os
import shutil
import tempfile

from daemon import Case, Daemon, RpcError, main

KIND = """kind "visit" { zh = "上门", en = "visit", first = "asked",
  stage "asked" { zh = "已申请", en = "asked", status = "acknowledged" },
  stage "made" { zh = "已上门", en = "made", status = "closed" },
  action "make" { zh = "上门", en = "make", from = { "asked" }, to = "made" },
  action "stamp" { zh = "盖章", en = "stamp", from = { "asked" }, count = "title" },
}
"""
PACK = 'pack { base = "default", name = "visits" }\n'


class Kinds(Case):
    def daemon_new(self):
        self.pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, self.pack, True)
        self.write(PACK + KIND)
        d = Daemon(rules=self.pack)
        self.addCleanup(d.close)
        d.start()
        return d

    def write(self, text):
        with open(os.path.join(self.pack, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(text)

    def visits(self, n):
        return [self.c.call("ticket.create", kind="visit", channel="app", text="x") for _ in range(n)]

    def refuses(self, status, en, zh):
        cure = ('keep kind "visit", or bring these tickets to an end first', "请保留 kind “visit”，或先办结这些工单")
        self.assertEqual((False, [(en, zh) + cure]),
            (status["ok"], [(e["message"], e["message_zh"], e["cure"], e["cure_zh"]) for e in status["errors"]]))

    def test_an_act_that_raises_is_not_done(self):
        """Its count is of a text: who acts is told, and nothing changes."""
        t = self.c.call("ticket.create", kind="visit", channel="app", title="a text", text="x")
        why = "attempt to perform arithmetic on a string value"
        for lang, start in (("en", "the pack could not decide, and nothing was done: "), ("zh", "规则包无法作出决定，什么也没有做：")):
            self.c.call("session.hello", lang=lang)
            with self.assertRaises(RpcError) as raised:
                self.c.call("ticket.act", id=t["id"], action="stamp")
            self.assertEqual("rejected", raised.exception.code)
            self.assertRegex(raised.exception.message, "^%s.*%s" % (start, why))
        self.assertEqual((1, 1), (self.c.call("ticket.get", id=t["id"])["version"], len(self.c.call("ticket.history", id=t["id"])["events"])))
        self.assertEqual(2, self.c.call("server.stats")["rules"]["failures"])

    def test_one_is_open(self):
        made, one = self.visits(2)
        self.c.call("ticket.act", id=made["id"], action="make")
        texts = ('1 ticket of kind "visit" is open (%s), but this pack does not have the kind' % one["no"],
            "有 1 件“visit”工单未结（%s），而这个规则包没有这种工单" % one["no"])
        generation = self.c.call("rules.status")["generation"]
        self.write(PACK)
        self.refuses(self.c.call("rules.reload"), *texts)
        self.refuses(self.c.call("rules.check"), *texts)
        self.restart()
        self.refuses(self.c.call("rules.status"), *texts)
        self.assertEqual(generation, self.c.call("rules.status")["generation"])
        self.c.call("ticket.act", id=one["id"], action="make")
        self.assertTrue(self.c.call("rules.reload")["ok"])
        with self.assertRaises(RpcError) as raised:
            self.c.call("ticket.act", id=one["id"], action="make")
        self.assertEqual(("rejected", 'ticket %d is of kind "visit", which the rules do not have: nothing can be done with it' % one["id"]),
            (raised.exception.error["code"], raised.exception.error["message"]))
        self.assertEqual(2, self.c.call("ticket.get", id=one["id"])["version"])

    def test_many_are_open(self):
        nos = [v["no"] for v in self.visits(7)]
        self.write(PACK)
        self.refuses(self.c.call("rules.reload"), '7 tickets of kind "visit" are open (%s and 2 more), but this pack does not have the kind'
            % ", ".join(nos[:5]), "有 7 件“visit”工单未结（%s 等），而这个规则包没有这种工单" % "、".join(nos[:5]))

    def test_a_rollback(self):
        self.write(PACK)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        before = self.c.call("rules.status")["generation"]
        self.write(PACK + KIND)
        self.assertTrue(self.c.call("rules.reload")["ok"])
        (one,) = self.visits(1)
        self.refuses(self.c.call("rules.rollback", generation=before),
            '1 ticket of kind "visit" is open (%s), but this pack does not have the kind' % one["no"],
            "有 1 件“visit”工单未结（%s），而这个规则包没有这种工单" % one["no"])


main()
