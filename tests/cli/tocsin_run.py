"""Runs build/tocsin (or what the environment variable TOCSIN names) and keeps what it said."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "rpc"))
TOCSIN = os.environ.get("TOCSIN", os.path.join(ROOT, "build", "tocsin"))
DATA = os.environ.get("TOCSIN_DATA", os.path.join(ROOT, "..", "shared", "data"))
IMPORTS = os.path.join(ROOT, "examples", "imports")


class Said:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return "exit %d\n%s%s" % (self.code, self.out, self.err)


def environment(server=None, lang=None):
    """A machine in another zone than the pack, so that nobody confuses the two."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN", "LC_", "LANG"))}
    env["TZ"] = "America/New_York"
    if lang is not None:
        env["LANG"] = lang
    if server is not None:
        env["TOCSIN_SERVER"] = server
    return env


def tocsin(*args, server=None, cwd=None, within=60, lang=None):
    done = subprocess.run([TOCSIN, *map(str, args)], env=environment(server, lang), cwd=cwd, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=within)
    return Said(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
