"""The README's way of changing a rule, word for word, in an empty folder."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from tocsin_run import ROOT, TOCSIN, environment

from daemon import TOCSIND, main


def commands(title):
    """The indented lines of a section, as a shell script."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        section = f.read().split("\n## %s\n" % title)[1].split("\n## ")[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    ")) + "\n"


class Readme(unittest.TestCase):
    maxDiff = 4000

    def test_change_a_rule(self):
        where = tempfile.mkdtemp(prefix="tocsin-readme-")
        self.addCleanup(shutil.rmtree, where, ignore_errors=True)
        os.mkdir(os.path.join(where, "build"))
        for name, program in (("tocsin", TOCSIN), ("tocsind", TOCSIND)):
            os.symlink(program, os.path.join(where, "build", name))
        script = commands("Change a rule")
        self.assertIn("build/tocsind --data ./data --rules ./my-pack &", script)
        script = re.sub(r"(?m)^(build/tocsind .*&).*$",
            r"\1\necho $! > pid; for i in $(seq 200); do [ -S data/tocsin.sock ] && break; sleep 0.05; done", script)
        self.addCleanup(self.end, os.path.join(where, "pid"))
        with open(os.path.join(where, "out"), "w+b") as out, open(os.path.join(where, "err"), "wb") as err:
            said = subprocess.run(["bash", "-c", script], cwd=where, env={**environment(), "LANG": "C.UTF-8"}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, timeout=60)
            out.seek(0)
            out = out.read().decode("utf-8")
        self.assertEqual(0, said.returncode, out)
        self.assertRegex(out, r"^check: ok, \d+ rules, 1 spec passed, no spec reaches 0 rules\n")
        self.assertRegex(out, r"\nqueue +expert\n")
        self.assertRegex(out, r"\nrouting/gold customers +gold\.lua:2 +gold customers with a bill in doubt get the experts\n")
        self.assertIn('\ngold.lua:4:16: rule "gold customers": to: "exprt" is not a declared queue (did you mean "expert"?)\n'
            '    cure: write "expert"\n', out)
        self.assertRegex(out, r"\nreload: refused, \d+ errors?; generation 1 goes on deciding\n"
            r"1 of 1 decisions would change under my-pack\n"
            r"COUNT  AT      WHAT        NOW          THEN     TICKETS, SUCH AS\n"
            r"    1  create  department  second_line  expert   C\d{8}-000001\n"
            r"    1  create  owner       \S+ +\S+ +C\d{8}-000001\n"
            r"    1  create  queue       second_line  expert   C\d{8}-000001\n"
            r"reload: ok, generation 2 decides \(.*\)\n"
            r"rollback: ok, generation 3 decides \(.*\)\n$")

    @staticmethod
    def end(path):
        if os.path.exists(path):
            with open(path, encoding="ascii") as f:
                os.kill(int(f.read()), signal.SIGTERM)


if __name__ == "__main__":
    main()
