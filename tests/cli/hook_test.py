"""tocsin hook: tasks of the outbox posted to a web hook: signed, tried again, given up, over restarts of both sides."""

import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from tocsin_run import ROOT, TOCSIN, environment, tocsin

from daemon import Daemon, main, until

PACK = os.path.join(ROOT, "tests", "packs", "outbox")
SECRET = "a shared secret"


class Receiver(http.server.ThreadingHTTPServer):
    """Answers with the statuses of `script`, one a request, then 200; keeps what came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got, self.script, self.headers, self.delay = [], [], {}, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append((self.path, dict(self.headers), body))
        time.sleep(server.delay)
        status = server.script.pop(0) if server.script else 200
        self.send_response(status)
        for name, value in server.headers.items():
            self.send_header(name, value)
        data = b"said " + str(status).encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Hook(unittest.TestCase):
    maxDiff = 1500

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.server_close)
        self.addCleanup(self.receiver.shutdown)
        self.url = "http://127.0.0.1:%d/in?x=1" % self.receiver.server_address[1]
        self.d = Daemon(rules=PACK)
        self.addCleanup(self.d.close)
        self.d.start()
        self.c = self.d.client()
        self.addCleanup(lambda: self.c.close())

    def create(self, n=1):
        for i in range(n):
            self.c.call("ticket.create", channel="webhook", category="other", title="t%d" % i, text="x", number="137%08d" % i)

    def once(self, *more):
        return tocsin("hook", self.url, "--once", *more, server=self.d.address)

    def task(self, **more):
        (task,) = self.c.call("task.list", kind="webhook")["tasks"]
        return task

    def test_posted_and_done(self):
        self.create()
        with tempfile.NamedTemporaryFile("w", suffix=".secret") as f:
            f.write(SECRET + "\n")
            f.flush()
            said = self.once("--secret-file", f.name)
        task = self.task()
        self.assertEqual((0, "task %d: 200 ok\n" % task["id"]), (said.code, said.out), said)
        ((path, headers, body),) = self.receiver.got
        self.assertEqual("/in?x=1", path)
        self.assertEqual({"id": task["id"], "kind": "webhook", "ticket": 1, "no": "C20260922-000001", "data": {"title": "t0"}, "attempt": 1},
            {k: v for k, v in json.loads(body).items() if k in ("id", "kind", "ticket", "no", "data", "attempt")})
        self.assertEqual((str(task["id"]), "application/json; charset=utf-8"), (headers["Idempotency-Key"], headers["Content-Type"]))
        signed = headers["X-Tocsin-Timestamp"].encode() + b"." + body
        self.assertEqual("sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest(), headers["X-Tocsin-Signature"])
        self.assertEqual(("done", {"status": 200, "body": "said 200"}), (task["state"], task["result"]))

    def test_unsigned_without_a_secret(self):
        self.create()
        self.once()
        self.assertNotIn("X-Tocsin-Signature", self.receiver.got[0][1])

    def test_tried_again_with_the_same_key(self):
        self.create()
        self.receiver.script = [503]
        self.once()
        self.assertEqual(("waiting", 1, "the other side answered 503"), tuple(self.task()[k] for k in ("state", "attempts", "error")))
        self.once()
        self.assertEqual(1, len(self.receiver.got))  # not before the backoff is over
        self.c.call("clock.advance", by="10s")
        self.once()
        self.assertEqual("done", self.task()["state"])
        self.assertEqual(1, len({headers["Idempotency-Key"] for _, headers, _ in self.receiver.got}))
        self.assertEqual([1, 2], [json.loads(body)["attempt"] for _, _, body in self.receiver.got])

    def test_retry_after(self):
        self.create()
        self.receiver.script, self.receiver.headers = [429], {"Retry-After": "90"}
        self.once()
        self.assertEqual(90000, self.task()["next"] - self.c.call("clock.now")["now"])

    def test_refused_is_given_up(self):
        for status in (400, 404, 301):
            self.create()
            self.receiver.script = [status]
            self.once()
            task = self.c.call("task.list")["tasks"][-1]
            self.assertEqual(("given_up", "the other side answered %d" % status), (task["state"], task["error"]))

    def test_nobody_listens(self):
        self.create()
        self.receiver.shutdown()
        self.receiver.server_close()
        said = self.once()
        self.assertEqual(0, said.code)
        self.assertEqual(("waiting", "no connection, or it broke"), (self.task()["state"], self.task()["error"]))

    def test_no_answer_in_time(self):
        self.create(2)
        self.receiver.delay = 3
        began = time.monotonic()
        self.once("--timeout-ms", 300)
        self.assertLess(time.monotonic() - began, 2.5)
        self.assertEqual(["waiting", "waiting"], [t["state"] for t in self.c.call("task.list")["tasks"]])
        self.assertEqual("no answer in time", self.c.call("task.list")["tasks"][0]["error"])

    def test_it_is_told_of_new_tasks_and_survives_the_daemon(self):
        p = subprocess.Popen([TOCSIN, "hook", self.url], env=environment(self.d.address), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.addCleanup(p.kill)
        self.create(3)
        until(lambda: len(self.receiver.got) == 3 or None, what="three posts")
        self.c.close()
        self.d.restart()
        self.c = self.d.client()
        self.create(2)
        until(lambda: len(self.receiver.got) == 5 or None, what="two more")
        until(lambda: {t["state"] for t in self.c.call("task.list")["tasks"]} == {"done"} or None, what="all done")
        p.send_signal(signal.SIGTERM)
        self.assertEqual(0, p.wait(10))

    def test_addresses(self):
        for url, message in (
                ("https://127.0.0.1/", "https://127.0.0.1/ is not http://HOST[:PORT][/PATH]"),
                ("http://10.0.0.1/x", "http://10.0.0.1/x: only this machine is posted to without TLS; put a proxy between"),
                ("http://example.com/", "http://example.com/: only this machine")):
            said = tocsin("hook", url, "--once", server=self.d.address)
            self.assertEqual(1, said.code)
            self.assertIn(message, said.err)


if __name__ == "__main__":
    main()
