"""examples/clients/PROTOCOL.md shows real bytes: every dump is made again by a daemon on a virtual clock and must be what the page says.

    tests/clients/protocol_test.py --write      put the dumps of this build into the page
"""

import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

import msgpack  # noqa: E402
from daemon import ME, ROOT, Daemon, main  # noqa: E402

PAGE = os.path.join(ROOT, "examples", "clients", "PROTOCOL.md")
RULES = os.path.join(ROOT, "tests", "packs", "wire")
BLOCK = re.compile(r"(<!-- dump ([a-z-]+) -->\n```\n)(.*?)(```\n)", re.S)
A_LINE = 12  # bytes

# What a place in a message means: path → words. The path of [0, 1, "m", [{"text": …}]]'s text is "3.0.text".
REQUEST = {"0": "a request", "1": "msgid: the caller's own number", "2": "the method", "3": "params: an array of one map"}
ANSWER = {"0": "an answer", "1": "msgid of the call it answers", "2": "error: none", "3": "result"}
REFUSAL = dict(ANSWER, **{"2": "error", "3": "result: none"})
PUSH = {"0": "a notification", "1": "the method", "2": "params", "2.0.at": "ms since 1970 UTC"}


def text_head(b, at):
    """(bytes of the head, length of the text), or None."""
    if 0xA0 <= b[at] <= 0xBF:
        return 1, b[at] & 31
    if b[at] in (0xD9, 0xDA, 0xDB):
        n = 1 << (b[at] - 0xD9)
        return 1 + n, int.from_bytes(b[at + 1:at + 1 + n], "big")
    return None


def container_head(b, at):
    """(bytes of the head, items, is a map), or None."""
    if 0x80 <= b[at] <= 0x9F:
        return 1, b[at] & 15, b[at] < 0x90
    if 0xDC <= b[at] <= 0xDF:
        n = 2 if b[at] in (0xDC, 0xDE) else 4
        return 1 + n, int.from_bytes(b[at + 1:at + 1 + n], "big"), b[at] >= 0xDE
    return None


SCALAR_BYTES = {0xC0: 1, 0xC2: 1, 0xC3: 1, 0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9}


def show(value):
    return "nil" if value is None else json.dumps(value, ensure_ascii=False)


class Walk:
    """A message as lines of (bytes, depth, what they are, path)."""

    def __init__(self, data):
        self.data, self.at, self.lines = data, 0, []
        self.value(0, "")

    def take(self, n, depth, what, path):
        self.lines.append((self.data[self.at:self.at + n], depth, what, path))
        self.at += n

    def value(self, depth, path, key=None):
        b, at = self.data, self.at
        text, container = text_head(b, at), container_head(b, at)
        label = "" if key is None else key + " = "
        if text is not None:
            head, n = text
            self.take(head + n, depth, label + show(b[at + head:at + head + n].decode()), path)
        elif container is not None:
            head, n, is_map = container
            self.take(head, depth, "%s%s of %d" % (label, "map" if is_map else "array", n), path)
            for i in range(n):
                self.pair(depth + 1, path) if is_map else self.value(depth + 1, self.join(path, i))
        else:
            n = SCALAR_BYTES.get(b[at], 1)
            self.take(n, depth, label + show(msgpack.unpackb(b[at:at + n])), path)

    def pair(self, depth, path):
        head, n = text_head(self.data, self.at)
        key = self.data[self.at + head:self.at + head + n].decode()
        self.take(head + n, depth, show(key), self.join(path, key))
        self.value(depth + 1, self.join(path, key))

    @staticmethod
    def join(path, step):
        return "%s.%s" % (path, step) if path else str(step)


def dump(direction, data, notes):
    """One line a value, long ones on several; `direction` is > (to the daemon) or < (from it)."""
    out, said = [], set()
    for part, depth, what, path in Walk(data).lines:
        note = notes.get(path) if path not in said else None
        said.add(path)
        words = "  " * depth + what + ("" if note is None else "      " + note)
        for i in range(0, len(part), A_LINE):
            hexes = " ".join("%02x" % byte for byte in part[i:i + A_LINE])
            out.append(("%s %-*s %s" % (direction, 3 * A_LINE, hexes, words if i == 0 else "")).rstrip())
    return "\n".join(out) + "\n"


class Recorder:
    """A connection on which messages are sent as bytes and read one by one."""

    def __init__(self, client):
        self.c, self.rest = client, b""

    def send(self, message):
        data = message if isinstance(message, bytes) else msgpack.packb(message, use_bin_type=True)
        self.c.send_bytes(data)
        return data

    def receive(self):
        while True:
            unpacker = msgpack.Unpacker(raw=False)
            unpacker.feed(self.rest)
            try:
                unpacker.skip()
            except msgpack.OutOfData:
                data = self.c.sock.recv(65536)
                if not data:
                    raise ConnectionError("closed") from None
                self.rest += data
                continue
            n = unpacker.tell()
            one, self.rest = self.rest[:n], self.rest[n:]
            return one


def make_dumps():
    with Daemon(rules=RULES) as d, d.client() as c, d.client() as misuser:
        r = Recorder(c)
        out = {}

        def exchange(name, message, request, answer):
            out[name] = dump(">", r.send(message), request)
            out[name + "-answer"] = dump("<", r.receive(), answer)

        exchange("subscribe", [0, 1, "topic.subscribe", [{"topics": ["ticket.#"], "consumer": "wall"}]], REQUEST, ANSWER)
        exchange("create", [0, 2, "ticket.create", [{"channel": "app", "number": "13800138000", "text": "没信号"}]], REQUEST, ANSWER)
        out["push"] = dump("<", r.receive(), PUSH)
        out["ack"] = dump(">", r.send([2, "topic.ack", [{"consumer": "wall", "seq": msgpack_seq(out["push"])}]]),
            {"0": "a notification: no msgid, no answer", "1": "the method", "2": "params"})
        exchange("error", [0, 3, "ticket.act", [{"id": 1, "action": "reopen"}]], REQUEST, REFUSAL)
        m = Recorder(misuser)
        out["broken"] = dump_raw(">", m.send(b"\xc1"), "the one byte that no MessagePack begins with")
        out["broken-answer"] = dump("<", m.receive(), dict(REFUSAL, **{"1": "no msgid could be read"}))
        assert misuser.at_end(), "the daemon closes behind it"
        return out


def dump_raw(direction, data, words):
    return "%s %-*s %s\n" % (direction, 3 * A_LINE, data.hex(" "), words)


def msgpack_seq(push):
    """The seq in a dump of an event."""
    lines = push.splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith('"seq"'))
    return int(lines[at + 1].split()[-1])


def page_with(dumps, page):
    return BLOCK.sub(lambda m: m[1] + dumps[m[2]] + m[4], page)


def read_page():
    with open(PAGE, encoding="utf-8") as f:
        return f.read()


class Protocol(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.dumps, cls.page = make_dumps(), read_page()

    def test_every_dump_is_in_the_page(self):
        self.assertEqual(sorted(self.dumps), sorted(m[1] for m in BLOCK.findall(self.page)))

    def test_every_dump_is_what_the_daemon_does(self):
        for _, name, shown, _ in BLOCK.findall(self.page):
            with self.subTest(name):
                if ME != "root" and '"root"' in shown:
                    self.skipTest("the page shows what root sees")
                self.assertEqual(self.dumps[name], shown, "tests/clients/protocol_test.py --write puts it right")

    def test_the_dumps_are_whole(self):
        """The walk forgets no byte: what is shown, decoded by another program, is a message."""
        for name, shown in self.dumps.items():
            data = bytes.fromhex("".join(line[2:2 + 3 * A_LINE] for line in shown.splitlines()))
            if name != "broken":
                self.assertIn(msgpack.unpackb(data)[0], (0, 1, 2), name)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        made = page_with(make_dumps(), read_page())
        with open(PAGE, "w", encoding="utf-8") as page_file:
            page_file.write(made)
    else:
        main()
