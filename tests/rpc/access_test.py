#!/usr/bin/python3
"""Who may do what: every method and every action of a complaint for every role, with real tokens over loopback TCP."""

import hashlib
import os
import shutil
import tempfile
import unittest

import daemon

ROLES = ("intake", "agent", "supervisor", "leader", "analyst", "operator", "adapter", "auditor", "admin")
ALL = set(ROLES)
ADMIN = {"admin"}
RULES = {"analyst", "admin"}
CARE = {"operator", "admin"}
ADAPTER = {"adapter", "admin"}
READERS = {"supervisor", "leader", "operator", "adapter", "auditor", "admin"}
INTAKE = {"intake", "agent", "supervisor", "leader", "adapter", "admin"}
# The matrix, said here a second time: a change of a method's roles is a change of this table.
METHODS = {
    "calendar.due": ALL, "catalog.get": ALL, "clock.accept": ADMIN, "clock.advance": ADMIN, "clock.now": ALL, "contact.add": INTAKE,
    "duty.now": ALL, "grant.list": ALL, "outbound.pause": CARE, "outbound.resume": ADMIN, "rpc.methods": ALL, "rules.check": RULES, "rules.facts": RULES,
    "rules.reload": RULES, "rules.rollback": RULES, "rules.status": ALL, "rules.try": RULES, "server.backup": ADMIN,
    "server.stats": {"operator", "auditor", "admin"}, "session.ping": ALL, "subscriber.put": ADAPTER, "task.cancel": CARE,
    "task.claim": ADAPTER, "task.done": ADAPTER, "task.get": READERS, "task.list": READERS, "task.retry": CARE,
    "ticket.act": INTAKE - {"intake"}, "ticket.create": INTAKE, "ticket.erase": ADMIN, "ticket.explain": ALL, "ticket.find": ALL, "ticket.get": ALL,
    "ticket.history": ALL, "ticket.import": ADMIN, "topic.ack": ALL, "topic.subscribe": ALL,
}
DESK = {"agent", "supervisor", "leader"}
HEADS = {"supervisor", "leader"}
# stage, data, roles; admin may do everything
ACTIONS = {
    "accept": ("accepted", {}, DESK), "dispatch": ("accepted", {}, DESK), "reject": ("accepted", {"reason": "x"}, HEADS),
    "cancel": ("accepted", {}, DESK), "escalate": ("accepted", {"reason": "x"}, DESK), "handle": ("dispatched", {}, DESK),
    "transfer": ("dispatched", {"queue": "expert", "reason": "x"}, DESK), "suspend": ("dispatched", {"cause": "x"}, DESK),
    "resume": ("suspended", {}, DESK), "reply": ("handling", {"text": "x"}, DESK), "confirm": ("replied", {}, DESK),
    "close": ("confirmed", {}, DESK), "reopen": ("closed", {"reason": "x"}, HEADS),
}
TO = {"accepted": [], "dispatched": ["dispatch"], "suspended": ["dispatch", "suspend"], "handling": ["dispatch", "handle"],
    "replied": ["dispatch", "handle", "reply"], "confirmed": ["dispatch", "handle", "reply", "confirm"],
    "closed": ["dispatch", "handle", "reply", "confirm", "close"]}


class Access(daemon.Case):
    rules = daemon.PACK

    def daemon_new(self):
        self.port = daemon.free_port()
        d = daemon.Daemon(rules=self.rules, listen=["tcp:127.0.0.1:%d" % self.port])
        path = os.path.join(d.data, "tokens")
        with open(path, "w", encoding="utf-8") as f:
            for role in ROLES + tuple(r + "+gateway" for r in ROLES):
                f.write("%s %s %s\n" % (role.replace("+", "."), role, hashlib.sha256(role.encode()).hexdigest()))
        os.chmod(path, 0o600)
        d.start()
        return d

    def tcp(self, token, act_as=None):
        c = self.connect("tcp:127.0.0.1:%d" % self.port)
        answer = c.hello(token=token, **({"as": act_as} if act_as else {}))
        self.role = answer["role"]
        return c

    def make(self, stage):
        self.n = getattr(self, "n", 0) + 1
        id = self.create(number="138%08d" % self.n, category="account.realname", city="foshan")["id"]
        for action in TO[stage]:
            self.c.call("ticket.act", id=id, action=action, data=ACTIONS[action][1])
        return id


class Tokens(Access):
    def test_methods(self):
        names = {m["name"] for m in self.c.call("rpc.methods")["methods"]}
        self.assertEqual(set(), set(METHODS) - names, "the table names methods that are not there")
        declared = {m["name"]: m for m in self.c.call("rpc.methods")["methods"]}
        for role in ROLES:
            c = self.tcp(role)
            for method in sorted(names - {"session.hello"}):
                with self.subTest(role=role, method=method):
                    may = role in METHODS.get(method, declared[method]["roles"])
                    # permission comes before arguments: an argument that no method has tells both apart and does nothing
                    self.refused(method, {"no_such": 1}, c=c, code="bad_request" if may else "forbidden")
        # nobody at all without hello
        c = self.connect("tcp:127.0.0.1:%d" % self.port)
        for method in sorted(names - {"session.hello"}):
            self.refused(method, c=c, code="unauthenticated")

    def test_the_table_is_what_is_declared(self):
        declared = {m["name"]: set(m["roles"]) for m in self.c.call("rpc.methods")["methods"]}
        self.assertEqual(METHODS, {name: declared[name] for name in METHODS})

    def test_actions(self):
        for role in ("agent", "supervisor", "leader", "adapter", "admin"):
            c = self.tcp(role)
            for action, (stage, data, roles) in ACTIONS.items():
                with self.subTest(role=role, action=action):
                    args = {"id": self.make(stage), "action": action, "data": data}
                    if action == "reopen" and role == "agent":
                        self.refused("ticket.act", args, c=c, code="rejected",
                            message="a confirmed or closed complaint is reopened by a supervisor or leader / 已确认或已归档的工单由班组长以上重开")
                    elif role == "admin" or role in roles:
                        self.assertEqual(args["id"], c.call("ticket.act", args)["id"])
                    else:
                        error = self.refused("ticket.act", args, c=c, code="rejected", argument="action", value=action)
                        order = [r for r in ("agent", "supervisor", "leader") if r in (DESK if action == "reopen" else roles)]
                        self.assertTrue(error["message"].startswith("%s is for %s only / " % (action, ", ".join(order))), error)

    def test_a_gateway_acts_with_the_persons_roles(self):
        """wu.qiang is an agent, lin.tao a supervisor, zhou.gang a leader: whatever the gateway itself may do."""
        for gateway in ("intake+gateway", "leader+gateway", "admin+gateway", "adapter+gateway"):
            for person, role in (("wu.qiang", "agent"), ("lin.tao", "supervisor"), ("zhou.gang", "leader"), ("su.ping", "agent, supervisor")):
                c = self.tcp(gateway, person)
                self.assertEqual(role, self.role)
                for method in ("clock.advance", "rules.reload", "subscriber.put", "server.stats", "task.claim"):
                    error = self.refused(method, {"no_such": 1}, c=c, code="forbidden")
                    self.assertTrue(error["message"].endswith("; %s has the role %s" % (person, role)), error)
                args = {"id": self.make("accepted"), "action": "reject", "data": {"reason": "x"}}
                if role == "agent":
                    self.refused("ticket.act", args, c=c, code="rejected", argument="action", value="reject",
                        message="reject is for supervisor, leader only / 只有 supervisor, leader 可以不予受理")
                else:
                    c.call("ticket.act", args)
                    last = self.history(args["id"])[-1]
                    self.assertEqual((person, role, gateway.replace("+", ".")), (last["who"], last["role"], last["via"]))

    def test_intake_sees_its_own(self):
        mine = self.tcp("intake").call("ticket.create", channel="app", text="mine", category="billing.cdr")["id"]
        other = self.create()["id"]
        c = self.tcp("intake")
        self.assertEqual("mine", c.call("ticket.get", id=mine)["text"])
        self.assertEqual(1, len(c.call("ticket.history", id=mine)["events"]))
        self.assertEqual(mine, c.call("ticket.explain", id=mine)["id"])
        for where in ({}, {"id": {"ge": 1}}, {"queue": "second_line"}, {"created_by": daemon.ME}):
            found = [t["id"] for t in c.call("ticket.find", where=where)["tickets"]]
            self.assertEqual([] if "created_by" in where else [mine], found, where)
        for method in ("ticket.get", "ticket.history", "ticket.explain"):
            self.refused(method, {"id": other}, c=c, code="forbidden",
                message="ticket %d was not taken in by intake; the role intake sees its own" % other)
            self.refused(method, {"id": 99}, c=c, code="not_found", message="ticket 99 does not exist")
        # who takes in and works sees all; whom a gateway acts for sees by his own roles
        for sees_all in (self.tcp("agent"), self.tcp("intake+gateway", "wu.qiang")):
            self.assertEqual([mine, other], [t["id"] for t in sees_all.call("ticket.find", where={})["tickets"]])

    def test_a_consumer_is_its_principals(self):
        """Whoever else said what it has worked would silence it."""
        desk = self.tcp("agent")
        self.assertEqual({"seq": 0}, desk.call("topic.ack", consumer="desk-7", seq=0))
        self.refused("topic.ack", {"consumer": "desk-7", "seq": 1}, c=self.tcp("intake"), code="forbidden", argument="consumer", value="desk-7",
            message='the consumer "desk-7" is agent\'s, not intake\'s')
        self.assertEqual({"seq": 1}, self.tcp("agent").call("topic.ack", consumer="desk-7", seq=1))
        self.assertEqual({"seq": 2}, self.tcp("admin").call("topic.ack", consumer="desk-7", seq=2))
        self.refused("topic.ack", {"consumer": "desk-7", "seq": 3}, c=self.tcp("intake"), code="forbidden")

    def test_and_is_itself_again(self):
        c = self.tcp("intake+gateway", "zhou.gang")
        self.assertEqual("intake", c.hello()["role"])
        self.refused("ticket.act", {"id": 1, "action": "x"}, c=c, code="forbidden",
            message="ticket.act needs the role agent, supervisor, leader, adapter, admin; intake.gateway has the role intake")
        id = c.call("ticket.create", channel="app", text="x")["id"]
        self.assertNotIn("via", self.history(id)[0])

    def test_only_gateways_and_admins(self):
        for role in ROLES:
            c = self.tcp(role)
            if role == "admin":
                self.assertEqual("agent", c.hello(**{"as": "wu.qiang"})["role"])
            else:
                self.refused("session.hello", {"as": "wu.qiang"}, c=c, code="forbidden", argument="as", value="wu.qiang",
                    message="only a gateway or an admin may act for others; %s has the role %s" % (role, role))


class Packs(Access):
    """Persons of a pack of one's own."""

    def daemon_new(self):
        self.rules = tempfile.mkdtemp(prefix="tocsin-access.")
        self.addCleanup(shutil.rmtree, self.rules, True)
        self.write("root.boss")
        return super().daemon_new()

    def write(self, boss):
        with open(os.path.join(self.rules, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default" }\n')
        with open(os.path.join(self.rules, "people.lua"), "w", encoding="utf-8") as f:
            f.write('person "%s" { zh = "老板", en = "Boss", roles = { "leader", "admin" } }\n' % boss)

    def test_a_pack_makes_nobody_admin_through_a_gateway(self):
        c = self.tcp("intake+gateway", "root.boss")
        self.assertEqual("leader", self.role)
        self.refused("clock.advance", {"no_such": 1}, c=c, code="forbidden")
        c = self.tcp("admin", "root.boss")
        self.assertEqual("leader, admin", self.role)

    def test_who_left_the_pack_may_nothing(self):
        c = self.tcp("intake+gateway", "root.boss")
        c.call("ticket.create", channel="app", text="x")
        self.write("new.boss")
        self.c.call("rules.reload")
        self.refused("ticket.create", {"channel": "app", "text": "x"}, c=c, code="forbidden",
            message="ticket.create needs the role intake, agent, supervisor, leader, adapter, admin; root.boss has the role none")


if __name__ == "__main__":
    daemon.main()
