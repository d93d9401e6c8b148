"""The C client against a scripted daemon that loses connections, keeps silent and answers late: what is sent, what is sent again, what is told.

CLIENT_MODE=asan tests/clients/client_test.py takes the library of that build (make MODE=asan).
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

import msgpack  # noqa: E402
from daemon import ROOT, main  # noqa: E402

MODE = os.environ.get("CLIENT_MODE", "release")
BUILD = os.path.join(ROOT, "build" if MODE == "release" else os.path.join("build", MODE))
SANITIZERS = {"asan": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"], "tsan": ["-fsanitize=thread"]}
CLOSED = "the connection: was closed by the daemon"
WITHIN_S = 20


class Peer:
    """A connection of the client, from the daemon's side."""

    def __init__(self, sock):
        self.sock, self.unpacker, self.ready = sock, msgpack.Unpacker(raw=False), []
        sock.settimeout(WITHIN_S)

    def next(self):
        """One message, None at the end."""
        while not self.ready:
            data = self.sock.recv(65536)
            if not data:
                return None
            self.unpacker.feed(data)
            self.ready += list(self.unpacker)
        return self.ready.pop(0)

    def take(self, *methods):
        """The calls that must come next, [(msgid, args)]."""
        messages = [self.next() for _ in methods]
        came = [None if m is None else m[2] for m in messages]
        if came != list(methods):
            raise AssertionError("expected %r, not %r" % (methods, came))
        return [(m[1], m[3][0]) for m in messages]

    def hello(self):
        ((msgid, _),) = self.take("session.hello")
        self.answer(msgid, {})

    def answer(self, msgid, result, error=None):
        self.sock.sendall(msgpack.packb([1, msgid, error, result]))

    def echo(self, *methods):
        calls = self.take(*methods)
        for msgid, args in calls:
            self.answer(msgid, args)
        return [args for _, args in calls]

    def event(self, seq):
        self.sock.sendall(msgpack.packb([2, "topic.event", [{"seq": seq, "topic": "a.b", "at": 10 * seq, "data": {"n": seq}}]]))


class Fake:
    """A daemon by script: a function for each connection in turn, which is closed when it returns; the last is read to its end."""

    def __init__(self, path, script):
        self.path, self.script = path, script
        self.rest, self.errors = [], []  # messages nobody expected; what went wrong here
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.listener.settimeout(WITHIN_S)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            for i, step in enumerate(self.script):
                sock, _ = self.listener.accept()
                with sock:
                    peer = Peer(sock)
                    step(peer)
                    while i == len(self.script) - 1 and (message := peer.next()) is not None:
                        self.rest.append(message)
                    self.rest += peer.ready
        except Exception as e:  # told by the test
            self.errors.append(repr(e))

    def stop_listening(self):
        """Nobody can connect from now on."""
        os.unlink(self.path)
        self.listener.close()


class ClientTest(unittest.TestCase):
    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="tocsin-")
        cls.program = os.path.join(cls.dir.name, "calls")
        subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", *SANITIZERS.get(MODE, []),
            "-I", os.path.join(ROOT, "include"), "-o", cls.program, os.path.join(ROOT, "tests", "clients", "calls.c"),
            "-L", BUILD, "-l:libtocsin-client.a", "-levent_core", "-lm"], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def run_scenario(self, name, *script, expected, code=0):
        """The program's lines, its exit code and what the script saw are exactly that."""
        path = os.path.join(self.dir.name, self.id().split(".")[-1])
        fake = Fake(path, script)
        self.addCleanup(fake.listener.close)
        self.fake = fake
        p = subprocess.run([self.program, name, "unix:" + path], capture_output=True, text=True, timeout=60)
        fake.thread.join(5)
        self.assertEqual((expected, "", code), ([line.replace(path, "PATH") for line in p.stdout.splitlines()], p.stderr, p.returncode))
        self.assertEqual(([], [], False), (fake.errors, fake.rest, fake.thread.is_alive()))

    # ---- a connection that is lost
    def test_a_change_is_repeated_with_its_request_id(self):
        ids = []

        def lost(peer):
            peer.hello()
            ids.extend(args.pop("request_id") for _, args in peer.take("first"))

        def answers(peer):
            peer.hello()
            ((msgid, args),) = peer.take("first")
            ids.append(args.pop("request_id"))
            peer.answer(msgid, args)
            self.assertEqual([{}], peer.echo("second"))

        self.run_scenario("change-then-call", lost, lost, answers,
            expected=["on_lost: " + CLOSED, "on_lost: " + CLOSED, 'change: {"a":1}', "call: {}"])
        self.assertEqual((3, 1, 32), (len(ids), len(set(ids)), len(ids[0])))

    def test_a_request_id_of_ones_own_is_kept_and_repeats_a_plain_call_too(self):
        def lost_at_once(peer):
            peer.hello()
            self.assertEqual("mine", peer.take("first")[0][1]["request_id"])

        def lost_later(peer):
            peer.hello()
            self.assertEqual([{"request_id": "mine"}], peer.echo("first"))
            peer.take("second")

        def answers(peer):
            peer.hello()
            peer.echo("second")

        self.run_scenario("change-with-own-id", lost_at_once, lost_later, answers, expected=["on_lost: " + CLOSED,
            'change: {"request_id":"mine"}', "on_lost: " + CLOSED, 'call: {"request_id":"mine too"}'])

    def test_a_call_without_is_not_repeated(self):
        def lost(peer):
            peer.hello()
            peer.take("first")

        def answers(peer):
            peer.hello()
            peer.echo("second")

        self.run_scenario("call-then-call", lost, answers,
            expected=["on_lost: " + CLOSED, "call: lost: " + CLOSED, "call: {}"])

    def test_a_change_is_repeated_until_its_time_is_up(self):
        def lost(peer):
            peer.hello()
            peer.take("first")
            self.fake.stop_listening()
            peer.sock.shutdown(socket.SHUT_RDWR)

        gone = "lost: PATH: no such socket; is tocsind running there?"
        self.run_scenario("change-in-vain", lost, expected=["on_lost: " + CLOSED, "change: " + gone, "call: " + gone])

    # ---- no answer, strange answers
    def test_a_late_answer_is_nobodys(self):
        def late(peer):
            peer.hello()
            ((first, _),) = peer.take("first")
            ((second, _),) = peer.take("second")
            peer.answer(first, {"late": True})
            peer.answer(second, {"late": False})

        self.run_scenario("call-in-vain", late, expected=["call: timeout: first: no answer in time", 'call: {"late":false}'])

    def test_silence_is_a_timeout_and_nothing_is_sent_twice(self):
        def silent(peer):
            peer.hello()
            peer.take("first", "second")

        self.run_scenario("change-in-vain", silent,
            expected=["change: timeout: first: no answer in time", "call: timeout: second: no answer in time"])

    def test_silence_at_the_greeting(self):
        self.run_scenario("call-in-vain", lambda peer: peer.take("session.hello"), code=1,
            expected=["open: timeout: session.hello: no answer in time"])

    def test_a_code_of_a_later_daemon(self):
        def refuses(peer):
            peer.hello()
            ((msgid, _),) = peer.take("first")
            peer.answer(msgid, None, {"code": "brand_new", "message": "m", "argument": "a", "value": "v", "reason": "r"})

        self.run_scenario("unknown-code", refuses, expected=["call: brand_new: m", "1 a v r"])

    # ---- arguments
    def test_formats(self):
        came = []

        def echoes(peer):
            peer.hello()
            for _ in range(7):
                came.extend(peer.echo("echo"))

        self.run_scenario("formats", echoes, expected=[
            """texts: {"a":"', z: 1}%d","b":"abc","d":[null,"x"],"odd key":"key"}""",
            'numbers: {"a":-1,"b":-2,"c":4503599627370496,"d":-9223372036854775808,"e":18446744073709551615,"f":0.25,"g":[true,false]}',
            r"""literals: {"a":17,"b":-2.5,"c":[true,false,null],"d e":"it's","f.g":"a\\b\"c'd\ne","h":{},"i":[]}""",
            'large: {"a":18446744073709551615,"b":-9223372036854775808,"c":1e+03,"d":-0.05,"e":0}',
            "nothing: {}",
            "push: 0", "push: 0", "push: 0", "set: 0",
            'push: -1 the document has no array at "deep"', 'set: -1 the document has no map at "list"',
            'document: {"list":[{"i":1},{"i":2}],"deep":{"er":[0,{"i":3}],"k.k":"v"}}',
            'parts: {"a":[0,{"i":3}],"c":[null]}',
        ])
        self.assertEqual([
            {"a": "', z: 1}%d", "b": "abc", "d": [None, "x"], "odd key": "key"},
            {"a": -1, "b": -2, "c": 1 << 52, "d": -(1 << 63), "e": (1 << 64) - 1, "f": 0.25, "g": [True, False]},
            {"a": 17, "b": -2.5, "c": [True, False, None], "d e": "it's", "f.g": "a\\b\"c'd\ne", "h": {}, "i": []},
            {"a": (1 << 64) - 1, "b": -(1 << 63), "c": 1000.0, "d": -0.05, "e": 0},
            {},
            {"list": [{"i": 1}, {"i": 2}], "deep": {"er": [0, {"i": 3}], "k.k": "v"}},
            {"a": [0, {"i": 3}], "c": [None]},
        ], came)

    def test_wrong_formats_are_told_and_not_sent(self):
        self.run_scenario("wrong-formats", Peer.hello, expected=[
            '1: bad_request: format at offset 1: expected a key, not ""',
            '2: bad_request: format at offset 4: expected a value, not "}"',
            '3: bad_request: format at offset 5: expected , or }, not ""',
            '4: bad_request: format at offset 3: expected : behind a key, not "1}"',
            '5: bad_request: format at offset 7: expected , or ], not "2]}"',
            '6: bad_request: format at offset 7: expected the end of a quoted text, not ""',
            '7: bad_request: format at offset 7: expected the end, not "b"',
            '8: bad_request: format at offset 3: expected a key that is not NULL, not ": 1}"',
            '9: bad_request: format at offset 5: expected s, .*s, hhd, d, ld, lld, jd, zu, f or p behind %, not "u}"',
            "10: bad_request: the arguments of a call are a map, not array",
            '12: bad_request: format at offset 4: expected a value, not "nan}"',
            '13: bad_request: format at offset 4: expected a value, not "0x10}"',
            '14: bad_request: format at offset 4: expected a value, not "inf}"',
            '15: bad_request: format at offset 4: expected an integer of 64 bits, not "18446744073709551616"',
            '16: bad_request: format at offset 4: expected an integer of 64 bits, not "-9223372036854775809"',
            '17: bad_request: format at offset 4: expected a number that is not infinite, not "1e999}"',
            '18: bad_request: format at offset 4: expected a value, not "1.}"',
            '19: bad_request: format at offset 4: expected a value, not "017}"',
            '20: bad_request: format at offset 4: expected a value, not "12ab}"',
            "11: bad_request: the arguments of a call are a map, not nil",
            "1",
            'subscribe: -1 format at offset 10: expected a value, not "}"',
            'document: 1 format at offset 2: expected , or ], not ""',
        ])

    # ---- on a loop
    def test_calls_on_a_loop_go_out_together_and_are_answered_in_order(self):
        def waits_for_all(peer):
            peer.hello()
            calls = peer.take("echo", "echo", "echo", "echo")
            self.assertEqual([1, 2, 3, 4], [args["n"] for _, args in calls])
            self.assertEqual([False, False, False, True], ["request_id" in args for _, args in calls])
            for msgid, args in calls:
                peer.answer(msgid, {"n": args["n"]})

        self.run_scenario("three-calls", waits_for_all,
            expected=["waiting: 4", "up", 'one: {"n":1}', 'two: {"n":2}', 'four: {"n":4}', "waiting: 0"])

    def test_a_lost_connection_on_a_loop_repeats_the_changes_only(self):
        ids = []

        def lost(peer):
            peer.hello()
            ids.append([args.get("request_id") for _, args in peer.take("first", "second", "third")])

        def answers(peer):
            peer.hello()
            calls = peer.take("first", "third")
            ids.append([args["request_id"] for _, args in calls])
            for (msgid, _), word in zip(calls, ("a", "b")):
                peer.answer(msgid, {word: 1})

        self.run_scenario("mixed-calls", lost, answers, expected=[
            'wrong: bad_request: format at offset 1: expected a key, not ""', "up", "down: lost: " + CLOSED,
            "call: lost: " + CLOSED, "up", 'change: {"a":1}', 'other change: {"b":1}', "waiting: 0"])
        self.assertEqual([ids[0][0], ids[0][2]], ids[1])
        self.assertIsNone(ids[0][1])
        self.assertNotEqual(*ids[1])

    def test_silence_on_a_loop(self):
        def late(peer):
            peer.hello()
            ((first, _),) = peer.take("first")
            ((second, _),) = peer.take("second")
            peer.answer(first, {"late": True})
            peer.answer(second, {"late": False})

        self.run_scenario("silence", late, expected=["up", "silent: timeout: no answer in time", "waiting: 0",
            'next: {"late":false}', "waiting: 0"])

    def test_what_waits_when_the_handle_is_closed_is_told(self):
        def half(peer):
            peer.hello()
            ((first, _), _) = peer.take("first", "second")
            peer.answer(first, {})

        self.run_scenario("give-up", half,
            expected=["up", "answered: {}", "waiting: 1", "open: lost: the client was closed"])

    # ---- events
    def follow(self, scenario, expected):
        came = []

        def lost(peer):
            peer.hello()
            ((msgid, args),) = peer.take("topic.subscribe")
            came.append(args)
            peer.answer(msgid, {"seq": 5})
            came.append(peer.next())
            peer.event(6)
            came.append(peer.next())
            peer.event(7)

        def again(peer):
            peer.hello()
            ((msgid, args),) = peer.take("topic.subscribe")
            came.append(args)
            peer.answer(msgid, {"seq": 7})
            came.append(peer.next())
            peer.event(7)
            peer.event(8)

        self.run_scenario(scenario, lost, again, expected=expected)
        args = {"topics": ["a.#"], "consumer": "wall"}
        self.assertEqual([
            args, [2, "topic.ack", [{"consumer": "wall", "seq": 5}]], [2, "topic.ack", [{"consumer": "wall", "seq": 6}]],
            dict(args, after=7), [2, "topic.ack", [{"consumer": "wall", "seq": 6}]],
        ], came)

    def test_events_over_a_lost_connection(self):
        self.follow("follow", ["subscribe: 0", '6 60 a.b data: {"n":6}', "ack: 0", '7 70 a.b data: {"n":7}',
            "on_lost: " + CLOSED, '8 80 a.b data: {"n":8}'])

    def test_events_over_a_lost_connection_on_a_loop(self):
        self.follow("follow-on-loop", ["up", 'subscribe: {"seq":5}', "6 a.b", "7 a.b", "down: lost: " + CLOSED, "up", "8 a.b",
            "waiting: 0"])


if __name__ == "__main__":
    main()
