"""The gateway: the same calls as JSON over HTTP, and what a hostile client gets."""

import hashlib
import http.client
import json
import os
import socket
import threading
import time

from daemon import START_MS, Case, Daemon, main, until

BODY_MAX = 256 * 1024
TOKENS = {"intake": "intake", "agent": "agent", "operator": "operator", "admin": "admin", "gateway": "intake+gateway"}


def token_of(name):
    return "secret-" + name


class Gateway(Case):
    frame_timeout = "2s"

    def daemon_new(self):
        d = Daemon(options=["--http", "127.0.0.1:0", "--frame-timeout", self.frame_timeout])
        with open(os.path.join(d.data, "tokens"), "w", encoding="utf-8") as f:
            for name, role in TOKENS.items():
                f.write("%s %s %s\n" % (name, role, hashlib.sha256(token_of(name).encode()).hexdigest()))
        os.chmod(f.name, 0o600)
        self.addCleanup(d.close)
        d.start()
        return d

    def port(self):
        line = self.d.log("http.listen")[-1]
        return int(line.rsplit("address=", 1)[1].rsplit(":", 1)[1])

    def http(self):
        c = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=15)
        self.addCleanup(c.close)
        return c

    def request(self, verb, path, body=None, who="intake", conn=None, headers=None, raw=False):
        """(status, the JSON of the answer, or its text)."""
        c = conn or self.http()
        head = dict(headers or {})
        if who is not None:
            head["Authorization"] = "Bearer " + token_of(who)
        data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
        c.request(verb, path, data, head)
        r = c.getresponse()
        text = r.read().decode()
        return r.status, text if raw or not text else json.loads(text)

    def complaint(self, **more):
        return dict({"channel": "app", "text": "the bill is wrong", "category": "billing.cdr", "city": "foshan"}, **more)

    def raw(self, data, shut=False):
        """Everything the server says to these bytes until it closes; at most 15 s."""
        s = socket.create_connection(("127.0.0.1", self.port()), 15)
        self.addCleanup(s.close)
        s.sendall(data)
        if shut:
            s.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while True:
                part = s.recv(65536)
                if not part:
                    return got
                got += part
        except ConnectionResetError:
            return got

    def head(self, line, *headers, who="intake"):
        return "\r\n".join([line, "Host: x", "Authorization: Bearer " + token_of(who), *headers, "", ""]).encode()

    def serving(self):
        self.assertEqual((200, {"status": "ok"}), self.request("GET", "/healthz", who=None))


class Calls(Gateway):
    def test_one_complaint(self):
        status, answer = self.request("POST", "/complaints", self.complaint(number="13800138000"))
        self.assertEqual(201, status)
        self.assertEqual((1, "C20260922-000001", "billing.cdr", 1), tuple(answer[k] for k in ("id", "no", "category", "version")))
        self.assertEqual(self.c.call("ticket.get", id=1)["text"], "the bill is wrong")
        status, ticket = self.request("GET", "/tickets/1", who="agent")
        for t in (ticket, expected := self.c.call("ticket.get", id=1)):
            t.pop("clocks", None)  # they hold bytes, which JSON shows as base64
        self.assertEqual((200, expected), (status, ticket))
        # its entry holds what came in, as with MessagePack
        self.assertEqual(("ticket.create", "intake"), tuple(self.history(1)[0][k] for k in ("method", "who")))
        self.assertEqual(1, self.c.call("ticket.explain", id=1)["id"])

    def test_chinese_and_numbers(self):
        body = self.complaint(text="充值未到账，“急”\u2028\n", fields={"amount": 50, "share": 0.5, "deep": {"a": [1, None, True]}})
        self.assertEqual(201, self.request("POST", "/complaints", body)[0])
        ticket = self.request("GET", "/tickets/1", who="agent")[1]
        self.assertEqual(body["text"], ticket["text"])
        self.assertEqual({"amount": 50, "share": 0.5, "deep": {"a": [1, None, True]}}, ticket["fields"])

    def test_a_batch(self):
        items = [self.complaint(source_ref="a1"), {"channel": "app"}, self.complaint(channel="apq"), "x", self.complaint(source_ref="a1"),
                 self.complaint(source_ref="a2")]
        status, answer = self.request("POST", "/complaints", items)
        self.assertEqual(200, status)
        results = answer["results"]
        self.assertEqual([True, False, False, False, False, True], [r["ok"] for r in results])
        self.assertEqual([1, 2], [r["result"]["id"] for r in results if r["ok"]])
        self.assertEqual([
            ("bad_request", "text"), ("bad_request", "channel"), ("bad_request", None), ("conflict", "source_ref")],
            [(r["error"]["code"], r["error"].get("argument")) for r in results if not r["ok"]])
        self.assertEqual("id=1", results[4]["error"]["reason"])
        self.assertEqual("an item is text; expected an object", results[3]["error"]["message"])

    def test_a_batch_is_durable(self):
        items = [self.complaint(source_ref="r%d" % i) for i in range(200)]
        self.assertEqual(200, sum(r["ok"] for r in self.request("POST", "/complaints", items)[1]["results"]))
        self.restart()
        self.assertEqual("r199", self.c.call("ticket.get", id=200)["source_ref"])

    def test_batch_too_long(self):
        status, answer = self.request("POST", "/complaints", [{}] * 1001)
        self.assertEqual((413, "the batch has 1001 complaints; at most 1000"), (status, answer["error"]["message"]))

    def test_any_method(self):
        self.assertEqual((200, {"now": START_MS}), self.request("POST", "/rpc/session.ping"))
        methods = self.request("POST", "/rpc/rpc.methods", {})[1]["methods"]
        self.assertEqual(self.c.call("rpc.methods")["methods"], methods)
        self.request("POST", "/complaints", self.complaint())
        status, answer = self.request("POST", "/rpc/ticket.act", {"id": 1, "action": "dispatch"}, who="agent")
        self.assertEqual((200, 2), (status, answer["version"]))
        self.assertEqual(2, self.request("POST", "/rpc/ticket.find", {"where": {"city": "foshan"}}, who="agent")[1]["tickets"][0]["version"])

    def test_a_request_id_is_the_same_call(self):
        body = self.complaint(request_id="r1")
        first = self.request("POST", "/complaints", body)
        self.assertEqual(first, self.request("POST", "/complaints", body))
        self.assertEqual(409, self.request("POST", "/complaints", dict(body, text="other"))[0])

    def test_a_long_call(self):
        status, answer = self.request("POST", "/rpc/rules.reload", who="admin")
        self.assertEqual((200, True), (status, answer["ok"]))
        target = os.path.join(self.d.dir, "backup")
        self.assertEqual((200, {"dir": target}), self.request("POST", "/rpc/server.backup", {"dir": target}, who="admin"))

    def test_a_client_that_leaves_a_long_call(self):
        for _ in range(20):
            s = socket.create_connection(("127.0.0.1", self.port()), 5)
            s.sendall(self.head("POST /rpc/rules.reload HTTP/1.1", "Content-Length: 0", who="admin"))
            s.close()
        self.serving()

    def test_acting_for_a_person(self):
        person = sorted(self.c.call("catalog.get")["persons"])[0] if "persons" in self.c.call("catalog.get") else None
        if person is None:
            self.skipTest("the pack declares no persons")
        self.assertEqual(201, self.request("POST", "/complaints", self.complaint(), who="gateway", headers={"Act-As": person})[0])
        self.assertEqual(person, self.history(1)[0]["who"])
        status, answer = self.request("POST", "/complaints", self.complaint(), headers={"Act-As": person})
        self.assertEqual((403, "only a gateway or an admin may act for others; intake has the role intake"),
            (status, answer["error"]["message"]))

    def test_keep_alive(self):
        c = self.http()
        for i in range(50):
            self.assertEqual(i + 1, self.request("POST", "/complaints", self.complaint(number="138%08d" % i), conn=c)[1]["id"])
        self.assertEqual(1, self.c.call("server.stats")["http"]["conns"])

    def test_metrics(self):
        self.request("POST", "/complaints", self.complaint())
        status, text = self.request("GET", "/metrics", who="operator", raw=True)
        self.assertEqual(200, status)
        lines = dict(line.rsplit(" ", 1) for line in text.splitlines())
        self.assertEqual("1", lines["tocsin_tickets_last_id"])
        self.assertEqual("1", lines['tocsin_rpc_methods_calls{method="ticket.create"}'])
        self.assertEqual("0", lines["tocsin_outbox_paused"])
        for line in text.splitlines():
            self.assertRegex(line, r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-z]+="[^"]*"\})? [-+0-9.e]+$')
        self.assertEqual(403, self.request("GET", "/metrics")[0])

    def test_head(self):
        self.assertEqual((200, ""), self.request("HEAD", "/healthz", who=None))


class Refused(Gateway):
    shared = False

    def error(self, expected_status, code, message, *args, **more):
        status, answer = self.request(*args, **more)
        self.assertEqual((expected_status, code, message), (status, answer["error"]["code"], answer["error"]["message"]))
        return answer["error"]

    def test_who(self):
        self.error(401, "unauthenticated", "send a token: Authorization: Bearer TOKEN", "POST", "/complaints", {}, who=None)
        self.error(401, "unauthenticated", "the token is not known", "POST", "/complaints", {}, who="nobody")
        self.error(403, "forbidden", "ticket.act needs the role agent, supervisor, leader, adapter, admin; intake has the role intake",
            "POST", "/rpc/ticket.act", {"id": 1, "action": "x"})

    def test_what(self):
        self.error(404, "not_found", 'ticket "x" does not exist', "GET", "/tickets/x", who="agent")
        self.error(404, "not_found", "ticket 7 does not exist", "GET", "/tickets/7", who="agent")
        self.error(400, "bad_request", "/complaints takes POST only", "GET", "/complaints")
        self.error(404, "not_found", "there is no such page; there are POST /complaints, GET /tickets/ID, POST /rpc/METHOD, "
            "GET /metrics and GET /healthz", "GET", "/")
        for path in ("/complaintsx", "/complaints/", "/rpc/", "/tickets/", "/%63omplaints", "/tickets/" + "1" * 200, "//", "/../etc/passwd"):
            self.assertEqual(404, self.request("GET", path)[0], path)
        self.error(404, "not_found", 'method "ticket.creat" does not exist (did you mean "ticket.create"?)', "POST", "/rpc/ticket.creat", {})
        self.assertEqual(422, self.request("POST", "/rpc/clock.advance", {"to": 0}, who="admin")[0])

    def test_bad_json(self):
        for body, message in (
                (b"{", "the body is no JSON: line 1 column 1: string or '}' expected near end of file"),
                (b'{"a":1,"a":2}', "the body is no JSON: line 1 column 10: duplicate object key near '\"a\"'"),
                (b'{"text":NaN}', "the body is no JSON: line 1 column 11: invalid token near 'NaN'"),
                (b'{"text":"\\u0000"}', "the body is no JSON: line 1 column 16: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"\\u0000\"'"),
                (b'{"text":1e999}', "the body is no JSON: line 1 column 13: real number overflow near '1e999'"),
                (b'"x"', "the body is no JSON: line 1 column 3: '[' or '{' expected near '\"x\"'"),
                (b'{} {}', "the body is no JSON: line 1 column 4: end of file expected near '{'")):
            self.error(400, "bad_request", message, "POST", "/complaints", body)
        status, answer = self.request("POST", "/complaints", b'{"text":"\xff"}')
        self.assertEqual((400, "the body is no JSON: line 1 column 9: unable to decode byte 0xff near '\"'"),
            (status, answer["error"]["message"]))
        self.error(400, "bad_request", "the arguments are an array; expected an object", "POST", "/rpc/session.ping", [])
        self.error(400, "bad_request", "send a complaint as an object, or an array of them", "POST", "/complaints", b"")

    def test_depth(self):
        nested = {}
        for _ in range(40):
            nested = {"a": nested}
        status, answer = self.request("POST", "/complaints", self.complaint(fields=nested))
        self.assertEqual((413, "too_large"), (status, answer["error"]["code"]))
        deep = b'{"fields":' + b"[" * 30000 + b"]" * 30000 + b"}"
        status, answer = self.request("POST", "/complaints", deep)
        self.assertEqual((400, "the body is no JSON: line 1 column 2058: maximum parsing depth reached near '['"),
            (status, answer["error"]["message"]))
        self.serving()

    def test_an_error_shows_no_number(self):
        error = self.error(404, "not_found", "number 138****8000 has no open ticket; name one, or use ticket.create", "POST",
            "/rpc/contact.add", {"number": "13800138000", "channel": "app", "kind": "urge"})
        self.assertEqual("138****8000", error["value"])


class Hostile(Gateway):
    def status(self, answer):
        return int(answer.split(b" ", 2)[1]) if answer else None

    def test_smuggling(self):
        body = json.dumps(self.complaint()).encode()
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        inner = self.head("POST /complaints HTTP/1.1", "Content-Length: %d" % len(body)) + body
        for headers, data in (
                (["Transfer-Encoding: chunked"], chunked),
                (["Transfer-Encoding: chunked", "Content-Length: 5"], chunked),
                (["Content-Length: 5", "Transfer-Encoding: chunked"], chunked),
                (["Transfer-Encoding : chunked", "Content-Length: %d" % len(body)], body),
                (["Transfer-Encoding: identity, chunked"], chunked),
                (["Content-Length: %d" % len(body), "Content-Length: 0"], body),
                (["Content-Length: +%d" % len(body)], body),
                (["Content-Length: 0x10"], body),
                (["Content-Length: -1"], body),
                (["Content-Length: 99999999999999999999"], body),
                (["X: y\r\n Content-Length: 3"], body)):
            answer = self.raw(self.head("POST /complaints HTTP/1.1", *headers) + data + inner)
            self.assertLessEqual(answer.count(b"HTTP/1.1 201"), 0, (headers, answer))
            if answer:
                self.assertIn(self.status(answer), (400, 411, 413), (headers, answer))
        self.assertEqual(0, self.c.call("server.stats")["tickets"]["last_id"])
        self.serving()

    def test_too_large(self):
        answer = self.raw(self.head("POST /complaints HTTP/1.1", "Content-Length: %d" % (BODY_MAX + 1)) + b"x" * 1000)
        self.assertEqual(413, self.status(answer))
        answer = self.raw(self.head("POST /complaints HTTP/1.1", "X: " + "y" * 9000, "Content-Length: 2") + b"{}")
        self.assertIn(self.status(answer), (400, 413, 431, None))
        answer = self.raw(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n")
        self.assertIn(self.status(answer), (400, 413, 414, None))
        self.assertEqual(400, self.request("POST", "/complaints", self.complaint(text="x" * 40000))[0])
        self.serving()

    def test_methods(self):
        for verb in ("PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "FOO"):
            answer = self.raw(("%s /complaints HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % verb).encode())
            self.assertIn(self.status(answer), (400, 404, 405, 501, None), verb)
        self.serving()

    def refusal(self, data):
        """(status, code, message) of the JSON that these bytes get."""
        head, body = self.raw(data).split(b"\r\n\r\n", 1)
        self.assertIn(b"\r\nContent-Type: application/json; charset=utf-8\r\n", head)
        self.assertIn(b"\r\nContent-Length: %d\r\n" % len(body), head + b"\r\n")
        error = json.loads(body)["error"]
        return self.status(head), error["code"], error["message"]

    def test_refusals_are_json(self):
        """Whatever is refused before it is a request of ours is an error as any other, in the language asked for."""
        zh = "Accept-Language: zh-CN"
        too_large = "Content-Length: %d" % (BODY_MAX + 1)
        self.assertEqual((413, "too_large", "the request is too large: its headers may have 8192 bytes, its body 262144"),
            self.refusal(self.head("POST /complaints HTTP/1.1", too_large) + b"x" * (BODY_MAX + 1)))
        self.assertEqual((413, "too_large", "请求过大：头最多 8192 字节，正文最多 262144 字节"),
            self.refusal(self.head("POST /complaints HTTP/1.1", zh, too_large) + b"x" * (BODY_MAX + 1)))
        self.assertEqual((400, "bad_request", "the request's method is not taken; there are GET, HEAD and POST"),
            self.refusal(self.head("PUT /complaints HTTP/1.1", "Content-Length: 0")))
        self.assertEqual((400, "bad_request", "不接受该请求方法；有 GET、HEAD 和 POST"),
            self.refusal(self.head("FOO /complaints HTTP/1.1", zh, "Content-Length: 0")))
        self.assertEqual((400, "bad_request", "the request cannot be read as HTTP/1.1"),
            self.refusal(self.head("POST /complaints HTTP/1.1", "A B")))
        self.assertEqual((400, "bad_request", "无法按 HTTP/1.1 读取该请求"),
            self.refusal(self.head("POST /complaints HTTP/1.1", zh, "Content-Length: -1")))

    def test_twice(self):
        for name, value in (("Authorization", "Bearer " + token_of("admin")), ("Act-As", "zhao.min"), ("Content-Length", "2")):
            data = self.head("POST /rpc/session.ping HTTP/1.1", "Content-Length: 2", "Act-As: li.na", "%s: %s" % (name, value))
            self.assertEqual((400, "bad_request", name + " stands twice"), self.refusal(data + b"{}"))
        self.assertEqual((400, "bad_request", "authorization 出现了两次"), self.refusal(
            self.head("GET /metrics HTTP/1.1", "Accept-Language: zh", "authorization: Bearer " + token_of("intake"))))

    def test_continue(self):
        body = json.dumps(self.complaint()).encode()
        s = socket.create_connection(("127.0.0.1", self.port()), 15)
        self.addCleanup(s.close)
        s.sendall(self.head("POST /complaints HTTP/1.1", "Expect: 100-continue", "Content-Length: %d" % len(body)))
        self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", s.recv(100))
        s.sendall(body)
        self.assertEqual(b"HTTP/1.1 201 Created\r\n", s.recv(22))

    def test_garbage(self):
        for data in (b"\x00" * 100, b"\r\n" * 2000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x94\x00\x01\xa4ping\x90", os.urandom(5000),
                     b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"GET / HTTP/1.1\r\nA B\r\n\r\n"):
            s = socket.create_connection(("127.0.0.1", self.port()), 15)
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            try:
                while s.recv(65536):
                    pass
            except ConnectionResetError:
                pass
            s.close()
        self.serving()

    def test_half_a_request(self):
        whole = self.head("POST /complaints HTTP/1.1", "Content-Length: 2000") + b'{"channel":"app"'
        for cut in range(0, len(whole), 7):
            s = socket.create_connection(("127.0.0.1", self.port()), 15)
            s.sendall(whole[:cut])
            s.close()
        self.serving()
        until(lambda: self.c.call("server.stats")["http"]["conns"] == 0 or None, what="all connections gone")
        self.assertEqual(0, self.c.call("server.stats")["tickets"]["last_id"])

    def test_slowloris(self):
        """A byte now and then keeps nobody: all are gone after the deadline, and others are served meanwhile."""
        socks = [socket.create_connection(("127.0.0.1", self.port()), 20) for _ in range(50)]
        stop = threading.Event()

        def drip():
            head = self.head("POST /complaints HTTP/1.1", "Content-Length: 100")
            at = 0
            while not stop.wait(0.4):
                for s in socks:
                    try:
                        s.send(head[at:at + 1])
                    except OSError:
                        pass
                at += 1

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            self.assertEqual(201, self.request("POST", "/complaints", self.complaint())[0])
            until(lambda: self.c.call("server.stats")["http"]["expired"] >= 50 or None, within=30, what="the end of the slow ones")
            until(lambda: self.c.call("server.stats")["http"]["conns"] <= 1 or None, what="their connections gone")
        finally:
            stop.set()
            thread.join()
            for s in socks:
                s.close()
        self.serving()

    def test_a_client_that_does_not_read(self):
        for i in range(0, 400):
            self.c.call("ticket.create", self.complaint(number="138%08d" % i, text="x" * 400))
        socks = []
        for _ in range(20):
            s = socket.create_connection(("127.0.0.1", self.port()), 20)
            body = json.dumps({"limit": 400, "where": {"city": "foshan"}}).encode()
            for _ in range(8):
                s.sendall(self.head("POST /rpc/ticket.find HTTP/1.1", "Content-Length: %d" % len(body), who="agent") + body)
            socks.append(s)
        self.serving()
        for s in socks:
            s.close()
        self.serving()

    def test_kill_after_the_answer(self):
        for i in range(5):
            status, answer = self.request("POST", "/complaints", self.complaint(source_ref="k%d" % i))
            self.assertEqual(201, status)
            self.restart()
            self.assertEqual("k%d" % i, self.c.call("ticket.get", id=answer["id"])["source_ref"])

    def test_address(self):
        d = Daemon(options=["--http", "0.0.0.0:0"])
        self.addCleanup(d.close)
        with self.assertRaises(RuntimeError):
            d.start()
        self.assertIn("http: tcp:0.0.0.0:0 is not a loopback address", "\n".join(d.lines))


class Crowd(Gateway):
    """Nobody is closed because of time here."""
    frame_timeout = "10m"

    def test_more_connections_than_there_may_be(self):
        """The newest displace the oldest that never sent a request whole; who did is kept, and others are served."""
        kept = self.http()
        self.assertEqual(200, self.request("GET", "/healthz", who=None, conn=kept)[0])
        socks = [socket.create_connection(("127.0.0.1", self.port()), 20) for _ in range(300)]
        for s in socks[45:]:
            s.sendall(b"GET /heal")
        until(lambda: self.c.call("server.stats")["http"]["displaced"] == 45 or None, what="45 displaced connections")
        self.assertEqual(256, self.c.call("server.stats")["http"]["conns"])
        for s in socks[:45]:
            self.assertEqual(b"", s.recv(100))
        self.serving()
        self.assertEqual(b"", socks[45].recv(100))
        socks[-1].sendall(b"thz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(b"HTTP/1.1 200 OK\r\n", socks[-1].recv(17))
        self.assertEqual(200, self.request("GET", "/healthz", who=None, conn=kept)[0])
        until(lambda: self.d.log("http.displace"), what="a line in the log")
        self.assertIn(" max=256", self.d.log("http.displace")[0])
        for s in socks:
            s.close()
        kept.close()
        self.serving()

    def test_a_crowd_of_whole_requests(self):
        """Who is displaced after it has sent its request whole is answered before it is closed."""
        socks = [socket.create_connection(("127.0.0.1", self.port()), 20) for _ in range(256)]
        for s in socks:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.serving()
        for s in socks:
            self.assertEqual(b"HTTP/1.1 200 OK\r\n", s.recv(17))
            s.close()
        self.serving()

    def test_all_at_work(self):
        """Where nobody can be displaced, for 256 do not read their answers, a request is told so at once; a health check is answered."""
        for i in range(200):
            self.c.call("ticket.create", self.complaint(number="138%08d" % i, text="x" * 900))
        body = json.dumps({"limit": 200, "where": {"city": "foshan"}}).encode()
        ask = self.head("POST /rpc/ticket.find HTTP/1.1", "Content-Length: %d" % len(body), who="agent") + body
        socks = []
        for _ in range(256):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.connect(("127.0.0.1", self.port()))
            s.sendall(ask * 8)
            socks.append(s)
        until(lambda: self.c.call("server.stats")["http"]["requests"] >= 256 or None, within=30, what="256 requests")
        self.serving()
        status, answer = self.request("GET", "/tickets/1", who="agent", headers={"Accept-Language": "zh"})
        self.assertEqual((503, "busy", "已有 256 个连接，不再接受；请关掉一个，或稍后再试"),
            (status, answer["error"]["code"], answer["error"]["message"]))
        self.assertEqual(1, self.c.call("server.stats")["http"]["displaced"], "the health check's, which has its answer")
        for s in socks:
            s.close()
        self.serving()


if __name__ == "__main__":
    main()
