"""Bytes and people that misbehave: broken frames, wrong calls, slow and silent connections, tokens, roles."""

import hashlib
import os
import random
import socket
import time

import msgpack

from daemon import Case, Daemon, RpcError, free_port, main

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
SHAPES = "[0, msgid, method, params] or [2, method, params]"
ROLES = ("intake", "agent", "supervisor", "leader", "analyst", "operator", "adapter", "auditor", "admin")


def pack(message):
    return msgpack.packb(message, use_bin_type=True)


PING = pack([0, 1, "session.ping", []])


class Frames(Case):
    shared = True

    def answer(self, data, closed):
        """(msgid, code, message) of the answer to these bytes; then the connection is closed, or takes calls as before."""
        c = self.connect()
        c.send_bytes(data)
        kind, msgid, error, result = c.receive()
        self.assertEqual((1, None), (kind, result))
        if closed:
            self.assertTrue(c.at_end())
        else:
            self.assertIn("now", c.call("session.ping"))
        return msgid, error["code"], error["message"]

    def test_broken_frames_are_answered_then_closed(self):
        head = b"\x94\x00\x07"
        for data, expected in (
                (b"\xc1", (None, "bad_request", "byte 0xc1 at offset 0 of the frame is not MessagePack")),
                (b"\x94\x00\x05\xacticket.creat\xc1", (5, "bad_request", "byte 0xc1 at offset 16 of the frame is not MessagePack")),
                (head + b"\x91" * 40, (7, "too_large", "the value at offset 18 of the frame is nested deeper than 16 levels")),
                (head + b"\xdd\xff\xff\xff\xff", (7, "too_large",
                    "an array of 4294967295 elements at offset 3 does not fit in a frame of at most 262144 bytes")),
                (head + b"\xdf\xff\xff\xff\xff", (7, "too_large",
                    "a map of 4294967295 elements at offset 3 does not fit in a frame of at most 262144 bytes")),
                (head + b"\xdb\xff\xff\xff\xff", (7, "too_large",
                    "a value of 4294967300 bytes at offset 3 does not fit in a frame of at most 262144 bytes")),
                (pack([0, 7, "ticket.create", [{"channel": "app", "text": "x" * 300000}]]), (7, "too_large",
                    "a value of 300005 bytes at offset 36 does not fit in a frame of at most 262144 bytes"))):
            with self.subTest(data=data[:20]):
                self.assertEqual(expected, self.answer(data, closed=True))
        self.assertIn("now", self.c.call("session.ping"))

    def test_a_frame_that_is_cut_off(self):
        for n in range(1, len(PING)):
            c = self.connect()
            c.send_bytes(PING[:n])
            c.sock.shutdown(socket.SHUT_WR)
            self.assertTrue(c.at_end(), n)

    def test_byte_after_byte(self):
        for byte in PING * 2:
            self.c.send_bytes(bytes([byte]))
        self.assertEqual([1, 1], [self.c.receive()[1] for _ in range(2)])

    def test_wrong_shapes_are_answered_and_the_connection_goes_on(self):
        bad = "bad_request"
        for message, expected in (
                (5, (None, bad, "a message is integer; expected " + SHAPES)),
                ("x", (None, bad, "a message is text; expected " + SHAPES)),
                ([], (None, bad, "a message does not begin with its type; expected " + SHAPES)),
                ([0], (None, bad, "a request has 1 elements; expected [0, msgid, method, params]")),
                ([0, -1, "session.ping", []], (None, bad, "msgid is -1; expected an integer from 0 to 4294967295")),
                ([0, 2 ** 32, "session.ping", []], (None, bad, "msgid is 4294967296; expected an integer from 0 to 4294967295")),
                ([0, 3, "session.ping"], (3, bad, "a request has 3 elements; expected [0, msgid, method, params]")),
                ([0, 3, 2, []], (3, bad, "the method's name is integer; expected text")),
                ([0, 3, "session.ping", {}], (3, bad, "params is map; expected [] or [map]")),
                ([0, 3, "session.ping", [1]], (3, bad, "params holds integer; expected [] or [map]")),
                ([0, 3, "session.ping", [{}, {}]], (3, bad, "params has 2 elements; expected [] or [map]")),
                ([1, 3, None, None], (None, bad, "message type 1 is not one a server takes; expected " + SHAPES)),
                ([3, 1], (None, bad, "message type 3 is not one a server takes; expected " + SHAPES)),
                ([0, 3, "ticket.creat", []], (3, "not_found", 'method "ticket.creat" does not exist (did you mean "ticket.create"?)')),
                ([0, 3, "session.ping", [{"a": 1}]], (3, bad, 'session.ping has no argument "a"; it takes none')),
                ([0, 3, "ticket.get", [{1: 2}]], (3, bad, "ticket.get has an argument whose name is integer; names are texts")),
                ([0, 3, "ticket.get", [{"id": "1"}]], (3, bad,
                    'argument "id" is text "1"; expected an id: an integer from 1 to 9007199254740991')),
                ([0, 3, "ticket.create", [{"channel": "app", "text": "x", "fields": {"a": msgpack.ExtType(1, b"x")}}]], (3, bad,
                    'argument "fields.a" is a MessagePack extension (type 1); extensions are not used')),
                ([0, 3, "ticket.create", [{"channel": "app", "text": "x", "fields": {"a": float("inf")}}]], (3, bad,
                    'argument "fields.a" is infinite; expected a finite number'))):
            with self.subTest(message=str(message)[:60]):
                self.assertEqual(expected, self.answer(pack(message), closed=False))
        twice = pack([0, 3, "ticket.get", []]).replace(b"\x90", b"\x91\x82\xa2id\x01\xa2id\x02")
        self.assertEqual((3, bad, 'argument "id" is given twice'), self.answer(twice, closed=False))

    def test_a_notification_is_never_answered(self):
        for message in ([2, "session.ping", []], [2, "no.such", []], [2, "ticket.get", [{"id": 99}]]):
            self.c.send_bytes(pack(message))
        self.assertIn("now", self.c.call("session.ping"))

    def test_noise(self):
        print("SEED=%d" % SEED)
        rng = random.Random(SEED)
        valid = pack([0, 1, "ticket.create", [{"channel": "app", "text": "x", "fields": {"a": [1, 2.5, None, "b" * 50]}}]])
        for _ in range(300):
            data = bytearray(valid)
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            c = self.connect()
            c.send_bytes(bytes(data[:rng.randrange(1, len(data) + 1)]))
            c.sock.shutdown(socket.SHUT_WR)
            try:
                while True:
                    message = c.receive()
                    self.assertEqual((1, 4), (message[0], len(message)))
            except (ConnectionError, UnicodeDecodeError):
                pass
            c.close()
        self.assertIn("now", self.c.call("session.ping"))


class Connections(Case):
    def test_answers_come_in_order(self):
        calls = [("session.ping", None), ("no.such", None), ("ticket.get", {"id": 9})] * 100
        answers = self.c.pipeline(calls)
        self.assertEqual(["now", "not_found", "not_found"] * 100,
            [a.code if isinstance(a, RpcError) else list(a)[0] for a in answers])

    def test_200_idle_connections(self):
        idle = [self.connect() for _ in range(200)]
        self.create()
        self.assertEqual(201, self.c.call("server.stats")["server"]["connections"])
        for c in idle:
            self.assertIn("now", c.call("session.ping"))
        for c in idle:
            c.close()
        end = time.monotonic() + 5
        while self.c.call("server.stats")["server"]["connections"] > 1 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(1, self.c.call("server.stats")["server"]["connections"])

    def test_a_slow_consumer_stops_nobody(self):
        for i in range(40):
            self.create(text="x" * 30000)
        slow = self.connect()
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sent, request = 0, pack([0, 1, "ticket.find", [{"limit": 40}]])
        slow.sock.setblocking(False)
        try:
            for _ in range(20000):
                sent += slow.sock.send(request)
        except (BlockingIOError, OSError):
            pass
        for _ in range(50):
            self.assertIn("now", self.c.call("session.ping"))
        stats = self.c.call("server.stats")
        self.assertLess(stats["server"]["queued_bytes"], 64 * 1024 * 1024)
        self.assertLess(stats["memory"]["rss_max_bytes"], 256 * 1024 * 1024)
        self.assertEqual(41, self.create()["id"])

    def test_a_slow_subscriber_stops_nobody_and_misses_nothing(self):
        slow = self.connect()
        slow.call("topic.subscribe", topics=["ticket.#"])
        n = 3000
        for first in range(0, n, 500):
            self.c.pipeline([("ticket.create", {"channel": "app", "text": "x", "category": "account.realname"})] * 500)
        self.assertEqual(list(range(1, n + 1)), [slow.next_event()[1][0]["data"]["id"] for _ in range(n)])


class Access(Case):
    def setUp(self):
        self.port = free_port()
        self.listen = ("tcp:127.0.0.1:%d" % self.port,)
        super().setUp()
        self.tokens = {role: "secret of %s" % role for role in ROLES}
        lines = ["# name role sha256hex", ""]
        lines += ["%s.1 %s %s" % (role, role, hashlib.sha256(t.encode()).hexdigest()) for role, t in self.tokens.items()]
        lines += ["desk intake+gateway %s" % hashlib.sha256(b"gateway").hexdigest(), "broken line", "x nobody " + "0" * 64]
        self.write(lines)
        self.restart()

    def daemon_new(self):
        d = Daemon(listen=self.listen)
        self.addCleanup(d.close)
        d.start()
        return d

    def write(self, lines, mode=0o600):
        path = os.path.join(self.d.data, "tokens")
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        os.chmod(path, mode)

    def tcp(self, **more):
        return self.connect("tcp:127.0.0.1:%d" % self.port, **more)

    def test_hello_comes_first(self):
        c = self.tcp()
        for method in ("session.ping", "ticket.get", "rpc.methods"):
            self.refused(method, c=c, code="unauthenticated", message="%s: say session.hello with a token first" % method)
        self.refused("session.hello", c=c, code="unauthenticated", argument="token",
            message="session.hello needs a token on this connection")
        self.refused("session.hello", {"token": "wrong"}, c=c, code="unauthenticated", message="the token is not known")
        self.refused("session.hello", {"token": hashlib.sha256(b"gateway").hexdigest()}, c=c, code="unauthenticated")
        answer = c.hello(token=self.tokens["agent"])
        self.assertEqual(("tocsind", "agent", "agent.1"), tuple(answer[k] for k in ("server", "role", "name")))
        self.assertIn("now", c.call("session.ping"))

    def test_who_did_it(self):
        c = self.tcp(token=self.tokens["agent"])
        self.assertEqual(1, c.call("ticket.create", channel="app", text="x")["id"])
        self.assertEqual("agent.1", self.c.call("ticket.get", id=1)["created_by"])
        self.assertEqual(("agent.1", "agent"), tuple(self.history(1)[0][k] for k in ("who", "role")))

    def test_the_same_request_id_of_two_people_are_two(self):
        for i, role in enumerate(("agent", "leader")):
            c = self.tcp(token=self.tokens[role])
            self.assertEqual(i + 1, c.call("ticket.create", channel="app", text="x", request_id="q")["id"])

    def test_acting_for_others(self):
        self.refused("session.hello", {"as": "wu.qiang"}, c=self.tcp(token=self.tokens["agent"]), code="forbidden", argument="as",
            value="wu.qiang", message="only a gateway or an admin may act for others; agent.1 has the role agent")
        c = self.tcp(token="gateway")
        self.refused("session.hello", {"as": "nobody.here"}, c=c, code="rejected", argument="as", value="nobody.here",
            message='"nobody.here" is not a person of the pack')
        self.assertEqual("wu.qiang", c.hello(**{"as": "wu.qiang"})["name"])
        c.call("ticket.create", channel="app", text="x")
        self.assertEqual("wu.qiang", self.history(1)[0]["who"])

    def test_a_tokens_file_that_others_can_read_gives_nobody_access(self):
        path = os.path.join(self.d.data, "tokens")
        for mode in (0o644, 0o640, 0o602):
            os.chmod(path, mode)
            self.restart()
            self.refused("session.hello", {"token": self.tokens["agent"]}, c=self.tcp(), code="unauthenticated",
                message="the token is not known")
        self.assertEqual(3, len([line for line in self.d.log("tokens.open")
            if 'error="must be readable by its owner alone (chmod 600)"' in line]))
        self.assertEqual("admin", self.c.hello()["role"])

    def test_bad_lines_are_said(self):
        found = [line.split(" line=")[1] for line in self.d.log("tokens.line")]
        self.assertEqual(['13 error="expected `name role sha256hex`"', '14 error="\\"nobody\\" is not a role"'], found)

    def test_every_method_and_role(self):
        """A role that rpc.methods does not list is forbidden; one that it lists is not."""
        methods = self.c.call("rpc.methods")["methods"]
        self.assertGreater(len(methods), 20)
        for role in ROLES:
            c = self.tcp(token=self.tokens[role])
            for m in methods:
                if m["before_hello"]:
                    continue
                with self.subTest(role=role, method=m["name"]):
                    # An argument nobody has: permission is looked at first, and nothing is ever done.
                    with self.assertRaises(RpcError) as caught:
                        c.call(m["name"], no_such_argument=1)
                    code = "bad_request" if role in m["roles"] else "forbidden"
                    self.assertEqual(code, caught.exception.code)
                    if code == "forbidden":
                        self.assertEqual("%s needs the role %s; %s.1 has the role %s" %
                            (m["name"], ", ".join(m["roles"]), role, role), caught.exception.message)
        self.assertEqual(0, self.c.call("server.stats")["tickets"]["last_id"])

    def test_who_may_what(self):
        """The lines that must not move by accident."""
        roles = {m["name"]: set(m["roles"]) for m in self.c.call("rpc.methods")["methods"]}
        self.assertEqual({"admin"}, roles["clock.advance"] | roles["ticket.import"] | roles["clock.accept"])
        self.assertEqual({"analyst", "admin"}, roles["rules.reload"] | roles["rules.rollback"])
        self.assertNotIn("intake", roles["ticket.act"])
        changing = {m["name"] for m in self.c.call("rpc.methods")["methods"] if m["changes"] and "auditor" in m["roles"]}
        self.assertEqual({"topic.ack"}, changing)


if __name__ == "__main__":
    main()
