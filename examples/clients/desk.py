#!/usr/bin/python3
"""A service desk in one page, with nothing but python3-msgpack.

    ./desk.py unix:data/tocsin.sock [TOKEN]         a complaint's first minutes, then events until the next one
    ./desk.py unix:data/tocsin.sock --follow N      the next N events behind those that were acknowledged

PROTOCOL.md beside this file walks through the bytes.
"""

import socket
import sys
import time
import uuid

import msgpack

CONSUMER = "example-python"  # a name that no other program uses
RETRY_S = (0.1, 5.0)  # from, to


class Refused(Exception):
    """The daemon's answer is an error: {code, message, argument?, value?, reason?}."""

    def __init__(self, error):
        super().__init__("%(code)s: %(message)s" % error)
        self.error = error


def dial(address):
    kind, _, where = address.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(where)
    elif kind == "tcp":
        host, _, port = where.rpartition(":")
        sock = socket.create_connection((host.strip("[]"), int(port)))
    else:
        raise ValueError("%s: expected unix:PATH or tcp:HOST:PORT" % address)
    return sock


class Client:
    """One connection, made again when it is lost. Not for several threads."""

    def __init__(self, address, token=None, timeout_s=30.0):
        self.address, self.token, self.timeout_s = address, token, timeout_s
        self.sock, self.msgid, self.subscription, self.last_seq, self.acked = None, 0, None, None, None
        self.connect()

    # ---- the connection
    def connect(self):
        self.close()
        self.sock = dial(self.address)
        self.sock.settimeout(self.timeout_s)
        self.unpacker = msgpack.Unpacker(raw=False)
        self.events = []  # that came while an answer was awaited
        hello = {"client": "desk.py/1"}
        if self.token is not None:
            hello["token"] = self.token
        try:
            self.role = self.ask("session.hello", hello)["role"]
            if self.subscription is not None:
                self.ask("topic.subscribe", dict(self.subscription, after=self.last_seq))
                self.say_acked()
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def connect_always(self):
        wait_s = RETRY_S[0]
        while self.sock is None:
            try:
                self.connect()
            except OSError as why:  # not there yet
                print("lost: %s; connecting again" % why, file=sys.stderr)
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, RETRY_S[1])

    def receive(self):
        """The next message: [1, msgid, error, result] or [2, method, [content]]."""
        while True:
            for message in self.unpacker:
                return message
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the daemon closed the connection")
            self.unpacker.feed(data)

    # ---- calls
    def ask(self, method, args):
        self.msgid = self.msgid % 0xFFFFFFFF + 1
        self.sock.sendall(msgpack.packb([0, self.msgid, method, [args]]))
        while True:
            message = self.receive()
            if message[0] == 2:
                self.events.append(message[2][0])
            elif message[1] in (self.msgid, None):
                if message[2] is not None:
                    raise Refused(message[2])
                return message[3]

    def call(self, method, **args):
        """A call that reads. One that is lost is lost: ask again if you like."""
        self.connect_always()
        try:
            return self.ask(method, args)
        except OSError:
            self.close()
            raise

    def change(self, method, **args):
        """A call that changes something: with a request_id it may be sent again, and is done once."""
        args.setdefault("request_id", uuid.uuid4().hex)
        while True:
            self.connect_always()
            try:
                return self.ask(method, args)
            except OSError:
                self.close()

    # ---- events
    def subscribe(self, topics, consumer):
        """The daemon remembers what `consumer` has acknowledged; the first time it begins now."""
        self.subscription = {"topics": topics, "consumer": consumer}
        self.last_seq = self.ask("topic.subscribe", self.subscription)["seq"]
        self.ack(self.last_seq)  # so that a consumer which ends before its first event goes on here

    def next_event(self):
        """The next event, in order; over lost connections nothing is missed and nothing comes twice."""
        while True:
            self.connect_always()
            try:
                self.sock.settimeout(None)
                event = self.events.pop(0) if self.events else self.receive()[2][0]
                self.sock.settimeout(self.timeout_s)
                self.last_seq = event["seq"]
                return event
            except OSError as why:
                print("lost: %s; connecting again" % why, file=sys.stderr)
                self.close()

    def ack(self, seq):
        """A notification: the daemon does not answer, and one that gets lost costs an event that comes again."""
        self.acked = seq
        try:
            self.say_acked()
        except OSError:
            self.close()  # it is said on the next connection

    def say_acked(self):
        args = {"consumer": self.subscription["consumer"], "seq": self.acked}
        self.sock.sendall(msgpack.packb([2, "topic.ack", [args]]))


# ---- the desk


def show_refusal(refused):
    error = refused.error
    print("refused: %(code)s: %(message)s" % error)
    if "argument" in error:
        print("         argument %s = %s" % (error["argument"], error.get("value", "")))


def follow(client, n):
    for _ in range(n):
        event = client.next_event()
        client.ack(event["seq"])
        data = event["data"]
        print("event %s: ticket %d %s (%s by %s)" % (event["topic"], data["id"], data["stage"], data["method"], data["who"]))


def work(client):
    made = client.change("ticket.create", channel="app", number="13800138000", category="account.realname",
        customer={"name": "Li Ming", "vip": True}, text="the name on my card is wrong")
    print("ticket %(id)d %(no)s: %(stage)s, in %(queue)s" % made)

    ticket = client.change("ticket.act", id=made["id"], action="dispatch", note="please look at the copy of the card")
    print("ticket %(id)d: %(stage)s" % ticket)

    try:
        client.change("ticket.act", id=made["id"], action="close")
    except Refused as refused:  # nobody has answered the customer yet: the rules say no
        show_refusal(refused)


def main(args):
    if not args:
        sys.exit("Usage: desk.py ADDRESS [TOKEN | --follow N]")
    sys.stdout.reconfigure(line_buffering=True)
    is_follower = len(args) == 3 and args[1] == "--follow"
    client = Client(args[0], token=args[1] if len(args) == 2 else None)
    print("connected as %s" % client.role)
    client.subscribe(["ticket.second_line"], CONSUMER)
    if is_follower:
        follow(client, int(args[2]))
    else:
        work(client)
        follow(client, 2)
        print("the daemon may restart now")
        follow(client, 1)
    client.close()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        show_refusal(refused)
        sys.exit(1)
    except (OSError, ValueError) as why:
        print("refused: %s: %s" % ("lost" if isinstance(why, OSError) else "bad_request", why))
        sys.exit(1)
