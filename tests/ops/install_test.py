"""What `make install` and `make deb` put on a machine: files, unit, manual pages, completion; and that it runs from there."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

from daemon import ROOT, main, until  # noqa: E402

PROGRAMS = ["usr/bin/tocsin", "usr/sbin/tocsind"]
LIBRARY = ["usr/include/tocsin.h", "usr/lib/libtocsin-client.a", "usr/lib/libtocsin-client.so", "usr/lib/libtocsin-client.so.0",
    "usr/lib/pkgconfig/tocsin-client.pc"]
MAN = ["usr/share/man/man1/tocsin.1", "usr/share/man/man5/tocsin.conf.5", "usr/share/man/man8/tocsind.8",
    "usr/share/man/man3/tocsin-client.3"]
OTHERS = ["etc/tocsin/tocsin.conf", "usr/lib/systemd/system/tocsin.service", "usr/lib/sysusers.d/tocsin.conf",
    "usr/share/bash-completion/completions/tocsin", "usr/share/bash-completion/completions/tocsind",
    "usr/share/zsh/vendor-completions/_tocsin"]
EXPOSURE_MAX = 1.5


def sh(*args, **more):
    more.setdefault("timeout", 300)
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)


def make(*args):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = sh("make", "-s", *args, cwd=ROOT, env=env)
    if done.returncode != 0:
        raise AssertionError("make %s:\n%s%s" % (" ".join(args), done.stdout, done.stderr))


def files(root):
    return sorted(os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names)


class Install(unittest.TestCase):
    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tocsin-install-")
        cls.root = os.path.join(cls.folder, "root")
        make("install", "DESTDIR=" + cls.root, "PREFIX=/usr")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def at(self, path):
        return os.path.join(self.root, path)

    def read(self, path):
        with open(self.at(path), encoding="utf-8") as f:
            return f.read()

    # ---- files ----------------------------------------------------------------------------------------------------

    def test_files_and_modes(self):
        pack = sorted("usr/share/tocsin/" + line for line in sh("git", "-C", ROOT, "ls-files", "lua", "examples/guangdong").stdout.splitlines())
        found = files(self.root)
        self.assertEqual(pack, [f for f in found if f.startswith("usr/share/tocsin/")])
        self.assertEqual(sorted(PROGRAMS + LIBRARY + MAN + OTHERS + ["usr/share/doc/tocsin/LICENSE", "usr/share/doc/tocsin/README.md"]),
            [f for f in found if not f.startswith("usr/share/tocsin/")])
        for path in found:
            mode = stat.S_IMODE(os.stat(self.at(path)).st_mode) & ~0o100
            self.assertIn(mode, (0o655, 0o644) if path in PROGRAMS else (0o644, 0o655), path)
            self.assertTrue(path in PROGRAMS or path.endswith(".sh") or not os.access(self.at(path), os.X_OK), path)
            self.assertNotIn(ROOT, "" if path in PROGRAMS or ".so" in path or path.endswith(".a") else self.read(path), path)

    def test_again_and_away(self):
        root = os.path.join(self.folder, "again")
        shutil.copytree(self.root, root, symlinks=True)
        conf = os.path.join(root, "etc/tocsin/tocsin.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("# mine\n")
        make("install", "DESTDIR=" + root, "PREFIX=/usr")
        with open(conf, encoding="utf-8") as f:
            self.assertEqual("# mine\n", f.read())
        make("uninstall", "DESTDIR=" + root, "PREFIX=/usr")
        self.assertEqual(["etc/tocsin/tocsin.conf"], files(root))

    # ---- running --------------------------------------------------------------------------------------------------

    def start(self, *options):
        data = tempfile.mkdtemp(prefix="tocsin-data-")
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        log = open(os.path.join(data, "log"), "w+b")
        self.addCleanup(log.close)
        p = subprocess.Popen([self.at("usr/sbin/tocsind"), "--data", data, *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=log, cwd="/")
        self.addCleanup(lambda: (p.kill(), p.wait()))

        def is_ready():
            if p.poll() is not None:
                raise AssertionError("tocsind ended: %r" % os.pread(log.fileno(), 4096, 0))
            return b"\nready\n" in os.pread(log.fileno(), 65536, 0)
        until(is_ready, within=20)
        return "unix:%s/tocsin.sock" % data

    def cli(self, address, *args):
        return sh(self.at("usr/bin/tocsin"), "--server", address, *args, cwd="/")

    def test_it_runs_where_it_was_installed(self):
        address = self.start()
        status = json.loads(self.cli(address, "call", "rules.status").stdout)
        self.assertEqual((True, self.at("usr/share/tocsin/lua")), (status["ok"], status["dir"]))
        said = self.cli(address, "--json", "new", "channel=app", "text=x")
        self.assertEqual((0, 1), (said.returncode, json.loads(said.stdout)["id"]), said)

    def test_the_example_of_a_province_comes_along(self):
        pack = self.at("usr/share/tocsin/examples/guangdong")
        said = sh(self.at("usr/bin/tocsin"), "rules", "check", pack, cwd="/")
        self.assertRegex(said.stdout, r"(^|\n)check: ok, \d+ rules, \d+ specs passed, no spec reaches \d+ rules?\n$")
        series = os.path.join(self.folder, "s1.csv")
        with open(series, "w", encoding="utf-8") as f:
            f.write("at,n\n" + "".join("2026-09-22T%02d:%02d,%d\n" % (9 + i // 12, i % 12 * 5, n) for i, n in enumerate([2] * 12 + [2, 3, 11, 20])))
        said = sh(self.at("usr/bin/tocsin"), "detect", series, "--time", "at", "--value", "n", "--watch", "recharge not credited", "--json", cwd="/")
        self.assertEqual((0, ""), (said.returncode, said.stderr))
        self.assertEqual([("none", "yellow"), ("yellow", "orange")], [(c["from"], c["to"]) for c in json.loads(said.stdout)["changes"]])
        status = json.loads(self.cli(self.start("--rules", pack), "call", "rules.status").stdout)
        self.assertEqual((True, pack), (status["ok"], status["dir"]))

    def test_the_settings_are_right_and_every_key_is_there(self):
        said = sh(self.at("usr/sbin/tocsind"), "--config", self.at("etc/tocsin/tocsin.conf"), "--check-config")
        self.assertEqual((0, "", ""), (said.returncode, said.stdout, said.stderr))
        self.assertEqual(["data = /var/lib/tocsin", "listen = unix:/run/tocsin/tocsin.sock"],
            [line for line in self.read("etc/tocsin/tocsin.conf").splitlines() if line and line[0] != "#"])

    # ---- the unit -------------------------------------------------------------------------------------------------

    def test_reload_fails_on_a_bad_pack_and_on_wrong_settings(self):
        unit = self.read("usr/lib/systemd/system/tocsin.service")
        self.assertEqual(["/usr/sbin/tocsind --config /etc/tocsin/tocsin.conf"], re.findall(r"^ExecStart=(.*)$", unit, re.M))
        commands = re.findall(r"^ExecReload=(.*)$", unit, re.M)
        self.assertEqual(["/usr/sbin/tocsind --config /etc/tocsin/tocsin.conf --check-config",
            "/usr/bin/tocsin --server unix:/run/tocsin/tocsin.sock rules reload"], commands)
        pack = tempfile.mkdtemp(prefix="tocsin-pack-")
        self.addCleanup(shutil.rmtree, pack, ignore_errors=True)

        def write(name, text):
            with open(os.path.join(pack, name), "w", encoding="utf-8") as f:
                f.write(text)
        write("pack.lua", 'pack { base = "default", name = "mine" }\n')
        write("t.conf", "log-level = info\n")
        address = self.start("--rules", pack, "--config", os.path.join(pack, "t.conf"))

        def reload():
            for command in commands:
                words = [w.replace("unix:/run/tocsin/tocsin.sock", address).replace("/etc/tocsin/tocsin.conf",
                    os.path.join(pack, "t.conf")) for w in command.split()]
                said = sh(self.at(words[0].lstrip("/")), *words[1:])
                if said.returncode != 0:
                    return said.returncode, (said.stdout + said.stderr).splitlines()[-1]
            return 0, ""
        self.assertEqual((0, ""), reload())
        write("more.lua", "categories {\n")
        self.assertEqual((1, "reload: refused, 1 error; generation 1 goes on deciding"), reload())
        os.remove(os.path.join(pack, "more.lua"))
        write("t.conf", "log-level = loud\n")
        self.assertEqual((64, "tocsind: %s/t.conf:1: log-level = loud: expected debug, info, warn or error" % pack), reload())

    def test_a_backup_has_a_place(self):
        """Where the manual says a backup goes the unit may write, and it is not the data directory, which is refused."""
        manual = self.read("usr/share/man/man8/tocsind.8")
        (place,) = set(re.findall(r"tocsin backup (/\S+)/", manual))
        states = re.search(r"^StateDirectory=(.*)$", self.read("usr/lib/systemd/system/tocsin.service"), re.M).group(1).split()
        self.assertIn(place, ["/var/lib/" + s for s in states])
        data = re.search(r"^data = (.*)$", self.read("etc/tocsin/tocsin.conf"), re.M).group(1)
        self.assertNotEqual(place, data)
        self.assertNotIn(data + "/", place)

    def test_hardening(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        said = sh("systemd-analyze", "security", "--offline=true", "--no-pager", self.at("usr/lib/systemd/system/tocsin.service"))
        exposure = re.search(r"Overall exposure level for tocsin\.service: ([0-9.]+)", said.stdout)
        self.assertIsNotNone(exposure, said)
        self.assertLessEqual(float(exposure.group(1)), EXPOSURE_MAX)

    # ---- the client library ----------------------------------------------------------------------------------------

    def test_a_program_is_built_against_it(self):
        """By pkg-config alone, shared and static, as a user would; it calls a daemon."""
        source = os.path.join(self.folder, "hello.c")
        with open(source, "w", encoding="utf-8") as f:
            f.write('#include <inttypes.h>\n#include <stdio.h>\n#include <tocsin.h>\nint main(int n, char **v) { struct tocsin_error e;'
                'struct tocsin *t = tocsin_open(&(struct tocsin_options){.address = v[n - 1]}, &e);'
                'const struct tocsin_value *r = t == NULL ? NULL : tocsin_call(t, &e, "rules.status", NULL);'
                'if (r == NULL) { fprintf(stderr, "%s\\n", e.message); return 1; }'
                'printf("%" PRId64 "\\n", tocsin_int(tocsin_get(r, "generation"), 0)); tocsin_close(t); return 0; }\n')
        env = dict(os.environ, PKG_CONFIG_PATH=self.at("usr/lib/pkgconfig"), PKG_CONFIG_SYSROOT_DIR=self.root)
        address = self.start()
        for kind in ((), ("--static",)):
            flags = sh("pkg-config", "--cflags", "--libs", *kind, "tocsin-client", env=env)
            self.assertEqual(0, flags.returncode, flags.stderr)
            flags = flags.stdout.split()
            if kind:
                flags = [self.at("usr/lib/libtocsin-client.a") if f == "-ltocsin-client" else f for f in flags]
            program = os.path.join(self.folder, "hello" + "".join(kind))
            done = sh("cc", "-o", program, source, *flags)
            self.assertEqual(0, done.returncode, done.stderr)
            said = sh(program, address, env=dict(os.environ, LD_LIBRARY_PATH=self.at("usr/lib")))
            self.assertEqual((0, "1\n"), (said.returncode, said.stdout), said.stderr)

    # ---- manual pages ---------------------------------------------------------------------------------------------

    def shown(self, path):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        said = sh("groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-P-cbou", self.at(path))
        self.assertEqual("", said.stderr)
        return said.stdout

    def test_manual_pages_say_what_the_programs_say(self):
        keys = re.findall(r"^([a-z-]+)(?: \(may repeat\))?$", sh(self.at("usr/sbin/tocsind"), "--help-config").stdout, re.M)
        self.assertEqual(keys, re.findall(r"^ {7}([a-z-]+) [A-Z: ]+$", self.shown(MAN[1]), re.M))
        options = re.findall(r"^  (--[a-z-]+)", sh(self.at("usr/sbin/tocsind"), "--help").stdout, re.M)
        page = self.shown(MAN[2])
        self.assertEqual(options, re.findall(r"^ {7}(--[a-z-]+)(?: .*)?$", page[page.index("\nOPTIONS"):page.index("\nSIGNALS")], re.M))
        commands = re.findall(r"^  ([a-z]+) +[A-Z]", sh(self.at("usr/bin/tocsin"), "--help").stdout, re.M)
        page = self.shown(MAN[0])
        self.assertEqual(commands, re.findall(r"^ {7}([a-z]+)(?: .*)?$", page[page.index("\nCOMMANDS"):page.index("\nEXIT STATUS")], re.M))
        for path in MAN:
            self.assertNotRegex(self.read(path), "@[A-Z]+@", path)

    # ---- completion -----------------------------------------------------------------------------------------------

    def complete(self, *words, program="tocsin", env=None):
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { echo "$@"; }; '
            '_%s; printf "%%s\\n" "${COMPREPLY[@]}"' % program)
        path = self.at("usr/sbin/tocsind" if program == "tocsind" else "usr/bin/tocsin")
        said = sh("bash", "-c", script, "bash", self.at("usr/share/bash-completion/completions/tocsin"), path, *words, cwd="/",
            env={**os.environ, **(env or {})})
        self.assertEqual("", said.stderr)
        return said.stdout.split()

    def test_bash_completion(self):
        for words, expected in (
                (["ru"], ["rules"]),
                (["rules", ""], ["status", "check", "try", "diff", "reload", "rollback"]),
                (["rules", "rel"], ["reload"]),
                (["rules", "rollback", ""], []),
                (["--json", "exp"], ["explain", "export"]),
                (["--js"], ["--json"]),
                (["export", "--format", ""], ["ndjson", "csv"]),
                (["export", "--f"], ["--format"]),
                (["list", "--"], ["--order", "--limit", "--help"]),
                (["token", ""], ["add"]),
                (["token", "add", "bob", "a"], ["agent", "analyst", "adapter", "auditor", "admin"]),
                (["token", "add", "--data", "/x", "bob", "ag"], ["agent"]),
                (["--server", ""], []),
                (["nonsense", ""], [])):
            with self.subTest(words=words):
                self.assertEqual(expected, self.complete(*words))
        self.assertEqual(["--log-level"], self.complete("--lo", program="tocsind"))
        self.assertEqual(["debug", "info", "warn", "error"], self.complete("--log-level", "", program="tocsind"))

    def test_completion_asks_the_daemon(self):
        address = self.start()
        self.assertEqual(["session.hello", "session.ping"], self.complete("call", "ses", env={"TOCSIN_SERVER": address}))
        self.assertEqual(["-o", "nospace", "token="], self.complete("--server", address, "call", "session.hello", "to"))
        self.assertIn("channel=", self.complete("--server", address, "new", "number=1", "ch"))

    # ---- the package ----------------------------------------------------------------------------------------------

    def test_package(self):
        if shutil.which("dpkg-shlibdeps") is None:
            self.skipTest("dpkg-dev is not installed")
        make("deb")
        version = sh(self.at("usr/bin/tocsin"), "--version").stdout.split()[1]
        arch = sh("dpkg", "--print-architecture").stdout.strip()
        package = os.path.join(ROOT, "build", "tocsin_%s_%s.deb" % (version, arch))
        field = dict(line.split(": ", 1) for line in sh("dpkg-deb", "-f", package).stdout.splitlines() if re.match("[A-Z]", line))
        self.assertEqual(("tocsin", version, arch), (field["Package"], field["Version"], field["Architecture"]))
        for needed in ("libc6 (>=", "liblmdb0", "liblua5.4-0", "libevent-core-2.1-7 (>= 2.1.12-stable-8+deb12u1)", "libsystemd0"):
            self.assertIn(needed, field["Depends"])
        for line in sh("dpkg-deb", "-c", package).stdout.splitlines():
            self.assertEqual("root/root", line.split()[1], line)
        where = os.path.join(self.folder, "package")
        self.assertEqual(0, sh("dpkg-deb", "-R", package, where).returncode)
        self.assertEqual(sorted(["DEBIAN/" + name for name in ("conffiles", "control", "postinst", "postrm", "prerm", "triggers")] + PROGRAMS +
            [path.replace("usr/lib/", "usr/lib/%s/" % sh("dpkg-architecture", "-qDEB_HOST_MULTIARCH").stdout.strip()) for path in LIBRARY] +
            [path + ".gz" for path in MAN] + OTHERS + ["usr/share/doc/tocsin/copyright", "usr/share/doc/tocsin/README.md"]),
            [f for f in files(where) if not f.startswith("usr/share/tocsin/")])
        with open(os.path.join(where, "DEBIAN/conffiles"), encoding="utf-8") as f:
            self.assertEqual("/etc/tocsin/tocsin.conf\n", f.read())
        self.assertEqual("tocsind %s" % version, sh(os.path.join(where, "usr/sbin/tocsind"), "--version").stdout.splitlines()[0])


if __name__ == "__main__":
    main()
