"""The Debian package on a machine: install, conffile, upgrade, remove and purge by dpkg itself, in a root of its own.

The root is this machine's behind an overlay in a mount namespace, so nothing of it stays. systemctl is a stand-in that writes down what it is
asked: whether a real service manager obeys is not tested here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rpc"))

from daemon import ROOT, main  # noqa: E402

SCRIPT = r"""
set -eu
mount -t tmpfs none "$1" && cd "$1" && mkdir up work root debs && cp "$2"/*.deb debs/
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
mount --bind debs root/mnt && mount --bind /dev root/dev && mount -t proc none root/proc
mkdir -p root/run/systemd/system root/usr/local/bin && rm -f root/var/lib/man-db/auto-update
printf '#!/bin/sh\necho "$@" >> /mnt/systemctl.log\n' > root/usr/local/bin/systemctl && chmod 755 root/usr/local/bin/systemctl
shift 2
chroot root /usr/bin/env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -euc "$@"
"""


def sh(*args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, **more)


def why_not():
    """Why no such root can be made here, or nothing."""
    if os.geteuid() != 0:
        return "not root: no root of its own can be made"
    where = tempfile.mkdtemp()
    done = sh("unshare", "-m", "sh", "-c", "cd %s && mount -t tmpfs none . && cd . && mkdir -p %s/u %s/w %s/m && "
        "mount -t overlay overlay -o lowerdir=/,upperdir=%s/u,workdir=%s/w %s/m" % ((where,) * 7))
    os.rmdir(where)
    return "no overlay can be mounted: " + done.stderr.strip() if done.returncode != 0 else None


class Package(unittest.TestCase):
    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        why = why_not()
        if why:
            raise unittest.SkipTest(why)
        cls.folder = tempfile.mkdtemp(prefix="tocsin-deb-")
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        done = sh("make", "-s", "deb", cwd=ROOT, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        (deb,) = [f for f in os.listdir(os.path.join(ROOT, "build")) if f.endswith(".deb")]
        cls.deb = os.path.join(ROOT, "build", deb)
        cls.debs = os.path.join(cls.folder, "debs")
        os.mkdir(cls.debs)
        shutil.copy(cls.deb, os.path.join(cls.debs, "old.deb"))
        # the next version: other settings as shipped, one file more, one less
        tree = os.path.join(cls.folder, "tree")
        sh("dpkg-deb", "-R", cls.deb, tree, check=True)
        cls.edit(os.path.join(tree, "DEBIAN", "control"), "Version: ", "Version: 99.")
        cls.edit(os.path.join(tree, "etc/tocsin/tocsin.conf"), "", "# shipped with the next version\n")
        shutil.copy("/etc/hostname", os.path.join(tree, "usr/share/doc/tocsin/NEWS"))
        os.remove(os.path.join(tree, "usr/share/doc/tocsin/README.md"))
        sh("dpkg-deb", "--root-owner-group", "--build", tree, os.path.join(cls.debs, "new.deb"), check=True)

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "folder"):
            shutil.rmtree(cls.folder, ignore_errors=True)

    @staticmethod
    def edit(path, old, new):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))

    def inside(self, script):
        """What a script prints in a root where nothing of it is installed yet."""
        where = tempfile.mkdtemp(prefix="tocsin-root-")
        self.addCleanup(os.rmdir, where)
        done = sh("unshare", "-m", "sh", "-c", SCRIPT, "sh", where, self.debs, script)
        self.assertEqual(0, done.returncode, script + "\n" + done.stdout + done.stderr)
        return done.stdout

    def shown(self, script):
        """What follows the line ==== of it."""
        return self.inside(script).split("====\n", 1)[1]

    INSTALL = "dpkg -i /mnt/old.deb; "
    UPGRADE = "dpkg -i --force-confdef --force-confold /mnt/new.deb; "

    def test_install(self):
        out = self.shown(self.INSTALL + """echo ====
            dpkg -s tocsin | grep ^Status
            dpkg -V tocsin
            dpkg -L tocsin | while read f; do [ -e "$f" ] || echo missing "$f"; done
            dpkg-query -W -f='${Conffiles}\n' tocsin | cut -d' ' -f2
            getent passwd tocsin | cut -d: -f1,6,7
            stat -c '%n %U %a' /usr/sbin/tocsind /usr/bin/tocsin /etc/tocsin /etc/tocsin/tocsin.conf
            cat /mnt/systemctl.log; tocsin --version; tocsind --check-config --config /etc/tocsin/tocsin.conf; ldconfig -p | grep -c libtocsin-client""")
        self.assertEqual(["Status: install ok installed", "/etc/tocsin/tocsin.conf", "tocsin:/var/lib/tocsin:/usr/sbin/nologin", "/usr/sbin/tocsind root 755",
            "/usr/bin/tocsin root 755", "/etc/tocsin root 755", "/etc/tocsin/tocsin.conf root 644", "daemon-reload"], [
            line for line in out.split("\n") if line][:8], out)
        self.assertRegex(out, r"\ntocsin \d+\.\d+\.\d+\n(.*\n)?[12]\n$")

    def test_it_serves_as_its_user(self):
        out = self.shown(self.INSTALL + """install -d -o tocsin -g tocsin -m 700 /var/lib/tocsin; install -d -o tocsin -g tocsin -m 750 /run/tocsin
            as="setpriv --reuid tocsin --regid tocsin --init-groups"
            $as /usr/sbin/tocsind --config /etc/tocsin/tocsin.conf 2> /tmp/log & pid=$!
            trap 'kill $pid 2> /dev/null || true' EXIT
            for i in $(seq 200); do grep -q ^ready /tmp/log && break; sleep 0.1; done
            echo ====
            $as tocsin --server unix:/run/tocsin/tocsin.sock rules reload
            $as tocsin call session.ping | head -c 1; echo
            stat -c %U /var/lib/tocsin/lock /run/tocsin/tocsin.sock | sort -u
            kill $pid; wait $pid; echo $?""")
        self.assertRegex(out, r"^reload: ok, generation 1 decides .*\n\{\ntocsin\n0\n$")

    def test_upgrade(self):
        """The operator's settings stay, untouched ones are the new version's; the service is started anew."""
        out = self.shown(self.INSTALL + "echo 'listen = unix:/run/tocsin/other.sock' >> /etc/tocsin/tocsin.conf; install -d /var/lib/tocsin/x; : > /mnt/systemctl.log; "
            + self.UPGRADE + """echo ====; tail -1 /etc/tocsin/tocsin.conf; ls /etc/tocsin; ls -d /var/lib/tocsin/x; ls /usr/share/doc/tocsin; cat /mnt/systemctl.log""")
        self.assertEqual("listen = unix:/run/tocsin/other.sock\ntocsin.conf\ntocsin.conf.dpkg-dist\n/var/lib/tocsin/x\nNEWS\ncopyright\n"
            "daemon-reload\ndaemon-reload\ntry-restart tocsin.service\n", out)
        out = self.shown(self.INSTALL + self.UPGRADE + "echo ====; head -1 /etc/tocsin/tocsin.conf; ls /etc/tocsin")
        self.assertEqual("# shipped with the next version\ntocsin.conf\n", out)

    def test_remove_and_purge(self):
        out = self.shown(self.INSTALL + """install -d /var/lib/tocsin/store; : > /mnt/systemctl.log; dpkg -r tocsin; echo ====; cat /mnt/systemctl.log
            ls /etc/tocsin /var/lib/tocsin; ls /usr/sbin/tocsind /usr/share/tocsin /usr/lib/systemd/system/tocsin.service 2>/dev/null | wc -l
            dpkg -s tocsin | grep ^Status; dpkg -P tocsin 2>&1 | tail -1; ls -d /etc/tocsin 2>/dev/null | wc -l; ls /var/lib/tocsin""")
        self.assertEqual("disable --now tocsin.service\ndaemon-reload\n/etc/tocsin:\ntocsin.conf\n\n/var/lib/tocsin:\nstore\n0\nStatus: deinstall ok config-files\n"
            "tocsin: the complaints in /var/lib/tocsin and the user tocsin stay; remove them yourself if nobody needs them any more\n0\nstore\n", out)
        out = self.shown(self.INSTALL + "dpkg -P tocsin 2>&1 | tail -1; echo ====; getent passwd tocsin | wc -l; find /etc /usr /var /lib /opt /run -xdev "
            "-path '*tocsin*' -newer /mnt/old.deb 2>/dev/null | sort | head -5")
        self.assertEqual("0\n", out)


if __name__ == "__main__":
    main()
