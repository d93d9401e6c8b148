"""A disk that is full or read-only when the daemon starts: reads are served, and it goes on by itself once the disk takes something."""

import ctypes
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rpc"))
from daemon import PACK, TOCSIND, Case, Daemon, main, until  # noqa: E402
from tocsin_client import RpcError  # noqa: E402

CLONE_NEWNS = 0x00020000


def mount(*args):
    return subprocess.run(["mount", *args], stderr=subprocess.DEVNULL).returncode == 0


def may_mount():
    """In a name space of this process: it ends with it."""
    return ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0 and mount("--make-rprivate", "/")


@unittest.skipUnless(may_mount(), "may not mount")
class Disk(Case):
    @classmethod
    def daemon_new(cls):
        d = Daemon(options=("--journal-segment", "4MiB", "--memory-table", "1MiB"))
        assert mount("-t", "tmpfs", "-o", "size=64m", "none", d.data)
        d.start()
        return d

    def fill(self):
        with open(os.path.join(self.d.data, "ballast"), "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(65536))
            except OSError:
                pass

    def serves_reads(self, why):
        with self.d.client() as c:
            self.assertEqual(1, c.call("ticket.get", id=1)["id"])
            with self.assertRaises(RpcError) as caught:
                c.call("ticket.create", channel="app", text="x")
            self.assertEqual("read_only", caught.exception.code)
            self.assertRegex(caught.exception.message, why)

    def again(self):
        def takes():
            try:
                with self.d.client() as c:
                    return c.call("ticket.create", channel="app", text="once there is room", request_id="q")["id"]
            except (RpcError, OSError):
                return None

        self.assertEqual(2, until(takes, what="a create that is taken"))
        self.assertEqual(3, len(self.d.log("store.open")))
        self.assertEqual(1, len(self.d.log("store.again")))
        self.assertEqual(3, len([line for line in self.d.lines if line == "ready"]))
        self.c = self.connect()
        self.assertEqual(["ticket.create"], [e["method"] for e in self.history(2)])
        self.restart()
        self.assertEqual({1, 2}, {t["id"] for t in self.c.call("ticket.find")["tickets"]})

    def end(self):
        self.create()
        self.c.close()
        self.assertEqual(0, self.d.stop())

    def test_full(self):
        self.end()
        self.fill()
        self.d.start()
        self.serves_reads(r"is read-only: the disk is full, \d+ bytes free, \d+ needed; it goes on by itself when there is room$")
        os.unlink(os.path.join(self.d.data, "ballast"))
        self.again()

    def test_full_before_there_is_anything(self):
        """Nothing to serve: it ends, and does not say that it goes on."""
        where = os.path.join(self.d.dir, "none")
        os.mkdir(where)
        self.assertTrue(mount("-t", "tmpfs", "-o", "size=2m", "none", where))
        self.addCleanup(subprocess.run, ["umount", where])
        data = os.path.join(where, "data")
        ended = subprocess.run([TOCSIND, "--data", data, "--rules", PACK, "--share", PACK], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        self.assertEqual(1, ended.returncode)
        self.assertRegex(ended.stderr, r'error="no data in %s, and none can be made: the disk of %s is full: \d+ bytes free, 51380224 needed"\n$' % (data, data))

    def test_read_only(self):
        self.end()
        socket = "unix:" + os.path.join(self.d.dir, "tocsin.sock")
        self.d.address = socket
        mount("-o", "remount,ro", self.d.data)
        self.d.start()
        self.serves_reads(r"is read-only: its file system is mounted read-only$")
        mount("-o", "remount,rw", self.d.data)
        self.again()

    def test_ends_while_it_waits(self):
        self.end()
        self.fill()
        self.d.start()
        self.assertEqual(0, self.d.stop())


if __name__ == "__main__":
    main()
