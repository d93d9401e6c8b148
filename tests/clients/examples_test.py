"""The examples in C (blocking, libevent), Python and JavaScript, each against a real daemon: all do and print the same."""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

from daemon import ME, ROOT, Case, free_port, main, until  # noqa: E402

BUILD = os.path.join(ROOT, "build")
CLIENTS = os.path.join(ROOT, "examples", "clients")
MINE = {"channel": "app", "number": "13900139000", "category": "account.realname", "text": "x"}

ANSWERS = [
    "connected as admin",
    "ticket 1 C20260922-000001: accepted, in second_line",
    "ticket 1: dispatched",
    "refused: rejected: close is not possible while the ticket is dispatched / 工单处于“已派单”时不能归档",
    "         argument action = close",
    "the daemon may restart now",
]
EVENTS = [
    "event ticket.second_line: ticket 1 accepted (ticket.create by %s)" % ME,
    "event ticket.second_line: ticket 1 dispatched (ticket.act by %s)" % ME,
    "event ticket.second_line: ticket 2 accepted (ticket.create by %s)" % ME,
]


class Program:
    """A running example; its output comes line by line."""

    def __init__(self, command, *args):
        self.lines, self.errors = [], []
        self.process = subprocess.Popen([*command, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.readers = [threading.Thread(target=self.read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))]
        for reader in self.readers:
            reader.start()

    def read(self, pipe, into):
        for line in pipe:
            into.append(line.rstrip("\n"))

    def end(self, within=20):
        code = self.process.wait(within)
        for reader in self.readers:
            reader.join(5)
        self.close()
        return code

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Examples(Case):
    @classmethod
    def setUpClass(cls):
        cls.listen = ("tcp:127.0.0.1:%d" % free_port(),)
        super().setUpClass()
        cls.dir = tempfile.TemporaryDirectory(prefix="tocsin-")
        include = os.path.join(cls.dir.name, "include")
        os.mkdir(include)
        with open(os.path.join(ROOT, "include", "tocsin.h")) as header, open(os.path.join(include, "tocsin.h"), "w") as copy:
            copy.write(header.read())  # it needs no other header of ours
        libraries = {"desk": ["-l:libtocsin-client.a"], "desk_async": ["-ltocsin-client", "-Wl,-rpath," + BUILD]}
        for name, library in libraries.items():
            cls.compile(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-o", os.path.join(cls.dir.name, name),
                os.path.join(CLIENTS, name + ".c"), "-L", BUILD, *library, "-levent_core"])
        cls.compile(["clang", "-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
            os.path.join(include, "tocsin.h")])
        cls.programs = {
            "C, blocking": [os.path.join(cls.dir.name, "desk")],
            "C, libevent": [os.path.join(cls.dir.name, "desk_async")],
            "Python": ["/usr/bin/python3", os.path.join(CLIENTS, "desk.py")],
            "JavaScript": ["node", os.path.join(CLIENTS, "desk.mjs")],
        }

    @classmethod
    def compile(cls, command):
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode != 0:
            raise RuntimeError("%s\n%s" % (" ".join(command), said.stderr))

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()
        super().tearDownClass()

    def run_program(self, name, *args):
        p = Program(self.programs[name], *args)
        self.addCleanup(p.close)
        return p

    def follow_through(self, name):
        p = self.run_program(name, self.d.address)
        until(lambda: ANSWERS[-1] in p.lines and EVENTS[1] in p.lines, what="%s: the first part, %r" % (name, p.errors))
        self.restart()
        self.assertEqual(2, self.create(**MINE)["id"])
        self.assertEqual(0, p.end(), p.errors)
        self.assertEqual(ANSWERS, [line for line in p.lines if not line.startswith("event ")])
        self.assertEqual(EVENTS, [line for line in p.lines if line.startswith("event ")])
        self.assertTrue(p.errors)
        self.assertEqual([], [line for line in p.errors if not line.startswith("lost: ")])
        self.create(**dict(MINE, number="13700137000"))  # while nobody follows
        late = self.run_program(name, self.d.address, "--follow", "1")
        self.assertEqual(0, late.end(), late.errors)
        self.assertEqual(["connected as admin", EVENTS[2].replace("ticket 2", "ticket 3")], late.lines)

    def test_c_blocking(self):
        self.follow_through("C, blocking")

    def test_c_libevent(self):
        self.follow_through("C, libevent")

    def test_python(self):
        self.follow_through("Python")

    def test_javascript(self):
        self.follow_through("JavaScript")

    def test_tokens(self):
        with open(os.open(os.path.join(self.d.data, "tokens"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as tokens:
            tokens.write("desk.1 agent %s\n" % hashlib.sha256(b"open sesame").hexdigest())
        self.restart()
        for i, name in enumerate(self.programs):
            with self.subTest(name):
                p = self.run_program(name, self.listen[0], "guessed")
                self.assertEqual((1, "refused: unauthenticated: the token is not known"), (p.end(), p.lines[0]))
                p = self.run_program(name, self.listen[0].replace("127.0.0.1", "localhost"), "open sesame")
                until(lambda: ANSWERS[-1] in p.lines, what="%s: %r %r" % (name, p.lines, p.errors))
                self.assertEqual("connected as agent", p.lines[0])
                p.close()
                self.assertEqual("desk.1", self.c.call("ticket.get", id=i + 1)["created_by"])
                self.c.call("ticket.act", id=i + 1, action="cancel")

    def test_nobody_listens(self):
        said = {
            "C, blocking": "refused: lost: /nowhere/sock: no such socket; is tocsind running there?",
            "C, libevent": "refused: lost: /nowhere/sock: no such socket; is tocsind running there?",
            "Python": "refused: lost: [Errno 2] No such file or directory",
            "JavaScript": "refused: lost: connect ENOENT /nowhere/sock",
        }
        for name in self.programs:
            with self.subTest(name):
                p = self.run_program(name, "unix:/nowhere/sock")
                self.assertEqual(1, p.end())
                self.assertEqual(said[name], p.lines[0])

    def test_address_that_is_none(self):
        for name in self.programs:
            with self.subTest(name):
                p = self.run_program(name, "elsewhere")
                self.assertEqual((1, ["refused: bad_request: elsewhere: expected unix:PATH or tcp:HOST:PORT"]), (p.end(), p.lines))


class Library(Case):
    shared = True

    def names(self, *command):
        out = subprocess.run(["nm", *command], capture_output=True, text=True, check=True).stdout
        return {line.split()[-1] for line in out.splitlines() if line and not line.endswith(":")}

    def test_only_its_own_names(self):
        """Whoever links the library may use every name but tocsin_…."""
        with open(os.path.join(ROOT, "include", "tocsin.h")) as header:
            text = header.read()
        static = self.names("-g", "--defined-only", os.path.join(BUILD, "libtocsin-client.a"))
        shared = self.names("-D", "--defined-only", os.path.join(BUILD, "libtocsin-client.so"))
        self.assertEqual(static, shared)
        self.assertEqual([], [name for name in static if not name.startswith("tocsin_") or name + "(" not in text])
        self.assertGreater(len(static), 25)


if __name__ == "__main__":
    main()
