#!/usr/bin/python3
"""Write a small seed corpus for every target: make_seeds.py DIR makes DIR/scan_fuzz and so on."""

import glob
import os
import struct
import sys

import msgpack

VALUES = [
    None, True, -1, -33, 127, 128, 65536, 2**63, -(2**63), 0.1, float("nan"), "", "投诉", "x" * 40, b"\x00\xff",
    [], [1, [2, [3]]], {}, {"a": {"b": [1, "c"]}}, msgpack.ExtType(5, b"abcd"), msgpack.Timestamp(2**40, 5),
    list(range(20)), {str(i): i for i in range(20)},
]

HEADS = [b"\xc1", b"\xdd\x0f\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * 17, b"\xc9\xff\xff\xff\xff\x01"]

CALLS = [
    [0, 1, "echo", []], [0, 2, "echo", [{"text": "hi", "count": 5, "kind": "ask"}]],
    [0, 3, "echo", [{"at": "2026-09-22T10:00+08:00", "by": "1d12h", "id": 2**53 - 1, "request_id": "r"}]],
    [0, 4, "echo", [{"any": {"deep": [{"x": [1.5, None]}]}, "list": [1], "fields": {"a": "b"}}]],
    [0, 5, "ecoh", []], [0, 6, "echo", [{"txet": 1}]], [0, 7, "session.hello", [{"token": "t", "as": "lena"}]],
    [0, 8, "session.ping", []], [0, 9, "rpc.methods", []], [2, "echo", []], [1, 2, None, None], [0, -1, "echo", []],
    [0, 10, "echo", [{"any": msgpack.ExtType(1, b"x")}]], [0, 11, "echo", [{"share": float("inf")}]], {"a": 1},
    [0, 12, "echo", {}], [0, 13, 5, []],
]


CONFIGS = [
    "", "data = /x\n", "# a\r\n  listen=unix:/a\nlisten = tcp:127.0.0.1:1\n", "lisen = x", "user = alice agent\nuser = uid:7 adapter+gateway",
    "connections = 99999999999999999999", "memory-table = 2GiB\n", "journal-segment = 9223372036854775807G", "hello-timeout = 1m30s",
    "clock = virtual:x\nzone =\n", "=\n= =", "data", "\x00", "user = %s %s" % ("n" * 80, "r" * 40), "k" * 5000, "投诉 = 1", "log-level = warn\nlog-level = info",
]


def sized(data):
    """A varint of how many bytes, and the bytes."""
    n, head = len(data), b""
    while n >= 0x80:
        head, n = head + bytes([n & 0x7F | 0x80]), n >> 7
    return head + bytes([n]) + data


def change(table, key, value=None):
    return bytes([table | (0x80 if value is None else 0)]) + sized(key) + (b"" if value is None else sized(value))


CHANGES = [
    b"", change(1, b"k", b"v"), change(2, b"\x00" * 8), change(1, b"", b""), change(3, b"k" * 127, b"v" * 128) + change(3, b"k" * 300),
    b"".join(change(t, struct.pack(">Q", t), b"x" * t) for t in range(20)),
    change(1, b"k", b"v")[:-1], change(0x7F, b"k", b"v"), b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x01\x81\x00k\x00", b"\x80",
]


def write(folder, seeds):
    os.makedirs(folder, exist_ok=True)
    for index, seed in enumerate(seeds):
        with open(os.path.join(folder, "%03d" % index), "wb") as out:
            out.write(seed)


def main(root):
    packed = [msgpack.packb(v, use_bin_type=True) for v in VALUES]
    packed += [struct.pack(">BI", 0xDD, 2) + b"\xc0\xc0"] + HEADS
    write(os.path.join(root, "scan_fuzz"), packed)
    write(os.path.join(root, "codec_fuzz"), packed)
    calls = [msgpack.packb(c, use_bin_type=True) for c in CALLS]
    write(os.path.join(root, "rpc_fuzz"), [b"\x00" + c for c in calls] + [b"\x01" + c for c in calls] + [b"\x00" + b"".join(calls)])
    events = [msgpack.packb(e) for e in ({}, {"at": 1, "who": "root", "method": "ticket.create", "params": [{"text": "x" * 300}]})]
    write(os.path.join(root, "entry_fuzz"), [struct.pack("<H", len(e)) + e + c for e in events for c in CHANGES] + [b"\xff\xff{}", b"\x00"])
    root_dir = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    write(os.path.join(root, "config_fuzz"), [text.encode() for text in CONFIGS])
    packs = []
    for kind, patterns in ((b"\x00", ("lua/routing.lua", "lua/clocks.lua", "tests/packs/broken/*/routing.lua")),
                           (b"\x01", ("lua/grade.csv", "lua/words/*.csv"))):
        for pattern in patterns:
            for path in sorted(glob.glob(os.path.join(root_dir, pattern))):
                with open(path, "rb") as f:
                    packs.append(kind + f.read(4000))
    write(os.path.join(root, "pack_fuzz"), packs)


if __name__ == "__main__":
    main(sys.argv[1])
