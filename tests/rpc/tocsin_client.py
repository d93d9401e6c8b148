"""A small client of Tocsin on a foreign codec (python3-msgpack): what every black-box test calls with.

    with Client("unix:/run/tocsin.sock") as c:          # or "tcp:127.0.0.1:7070", then c.hello(token)
        ticket = c.call("ticket.create", channel="app", text="...")
        ids = c.pipeline([("ticket.get", {"id": 1}), ("ticket.get", {"id": 2})])

An error answer raises RpcError with code, argument, value, reason; a broken connection raises ConnectionError.
"""

import socket
import time

import msgpack

FRAME_MAX = 256 * 1024


class RpcError(Exception):
    def __init__(self, error):
        super().__init__("%s: %s" % (error.get("code"), error.get("message")))
        self.error = error
        self.code = error.get("code")
        self.message = error.get("message")
        self.argument = error.get("argument")
        self.value = error.get("value")
        self.reason = error.get("reason")


def dial(address, timeout=10.0):
    """A connected socket for "unix:PATH" or "tcp:HOST:PORT"."""
    kind, _, rest = address.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.connect(rest)
        return sock
    if kind == "tcp":
        host, _, port = rest.rpartition(":")
        sock = socket.create_connection((host.strip("[]"), int(port)), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    raise ValueError("%r is neither unix:PATH nor tcp:HOST:PORT" % address)


def wait_for(address, within=10.0):
    """Until something listens there; raises the last error otherwise."""
    end = time.monotonic() + within
    while True:
        try:
            dial(address, 1.0).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class Client:
    def __init__(self, address, token=None, timeout=10.0):
        self.sock = dial(address, timeout)
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=8 * FRAME_MAX)
        self.msgid = 0
        self.events = []  # notifications that came between answers: (method, params)
        if token is not None:
            self.hello(token=token)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    # ---- bytes, for tests that misbehave
    def send_bytes(self, data):
        self.sock.sendall(data)

    def receive(self):
        """The next message as it is: [1, msgid, error, result] or [2, method, params]."""
        while True:
            for message in self.unpacker:
                return message
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self.unpacker.feed(data)

    def at_end(self, timeout=5.0):
        """True when the server closes within the time and sends nothing more."""
        self.sock.settimeout(timeout)
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False

    # ---- calls
    def send(self, method, args=None):
        """Send a request, return its msgid."""
        self.msgid = (self.msgid + 1) & 0xFFFFFFFF
        params = [] if args is None else [args]
        self.send_bytes(msgpack.packb([0, self.msgid, method, params], use_bin_type=True))
        return self.msgid

    def answer(self, msgid=None):
        """The next answer, which must be to msgid; events on the way are kept."""
        while True:
            message = self.receive()
            if message[0] == 2:
                self.events.append((message[1], message[2]))
                continue
            if message[0] != 1 or len(message) != 4:
                raise ConnectionError("not an answer: %r" % (message,))
            if message[2] is not None:
                error = RpcError(message[2])
                error.msgid = message[1]
                raise error
            if msgid is not None and message[1] != msgid:
                raise ConnectionError("answer to %r, awaited %r" % (message[1], msgid))
            return message[3]

    def call(self, method, args=None, /, **more):
        given = dict(args or {}, **more)
        return self.answer(self.send(method, given or None))

    def notify(self, method, args=None):
        params = [] if args is None else [args]
        self.send_bytes(msgpack.packb([2, method, params], use_bin_type=True))

    def pipeline(self, calls):
        """Send all (method, args) at once; the answers in order, RpcError objects among them."""
        first = self.msgid + 1
        data = bytearray()
        for method, args in calls:
            self.msgid += 1
            data += msgpack.packb([0, self.msgid, method, [args] if args is not None else []], use_bin_type=True)
        self.send_bytes(bytes(data))
        answers = []
        for msgid in range(first, self.msgid + 1):
            try:
                answers.append(self.answer(msgid))
            except RpcError as error:
                answers.append(error)
        return answers

    def hello(self, token=None, **more):
        given = dict(more)
        if token is not None:
            given["token"] = token
        return self.call("session.hello", given)

    def next_event(self, timeout=10.0):
        """The next notification: (method, params), or None when none comes in time."""
        if self.events:
            return self.events.pop(0)
        before = self.sock.gettimeout()
        self.sock.settimeout(timeout)
        try:
            message = self.receive()
        except socket.timeout:
            return None
        finally:
            self.sock.settimeout(before)
        if message[0] != 2:
            raise ConnectionError("an answer nobody awaits: %r" % (message,))
        return message[1], message[2]
