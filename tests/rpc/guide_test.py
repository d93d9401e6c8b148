"""The analysts' guides cannot rot: every worked example of lua/README.md and lua/README.zh.md is a pack that a daemon checks, specs and errors."""

import os
import re
import shutil
import tempfile
import unittest

from daemon import PACK, ROOT, Daemon, main

SECTION = re.compile(r"^### (\d+)\. (.*?)$(.*?)(?=^### |^## |\Z)", re.M | re.S)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"^(?:--|#) ([\w/]+\.(?:lua|csv))\n")


def examples(name):
    with open(os.path.join(PACK, name), encoding="utf-8") as f:
        text = f.read()
    begin = text.index("## Worked examples" if name == "README.md" else "## 例子")
    return [(int(n), title, [(kind, block) for kind, block in BLOCK.findall(body)]) for n, title, body in SECTION.findall(text[begin:])]


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = Daemon()
        cls.d.start()
        cls.c = cls.d.client()

    @classmethod
    def tearDownClass(cls):
        cls.c.close()
        cls.d.close()

    def check(self, blocks):
        """→ (the report, what the page shows as output)"""
        work = tempfile.mkdtemp(prefix="tocsin-guide.")
        self.addCleanup(shutil.rmtree, work)
        shown = ""
        with open(os.path.join(work, "pack.lua"), "w", encoding="utf-8") as f:
            f.write('pack { base = "default", name = "mine" }\n')
        for kind, block in blocks:
            if kind == "":
                shown = block
                continue
            path = os.path.join(work, FILE.match(block).group(1))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(block if kind == "lua" else block.split("\n", 1)[1])
        return self.c.call("rules.check", dir=work), shown

    def test_all_in_each_language_with_the_same_code(self):
        en, zh = examples("README.md"), examples("README.zh.md")
        self.assertEqual(list(range(1, 12)), [n for n, _, _ in en])
        self.assertEqual([(n, blocks) for n, _, blocks in en], [(n, blocks) for n, _, blocks in zh])

    def test_all_words_stand_in_both(self):
        """What is between backticks outside the examples: settings, rule sets, fields, files."""
        words = {}
        for name in ("README.md", "README.zh.md"):
            with open(os.path.join(ROOT, "lua", name), encoding="utf-8") as f:
                plain = re.sub(r"```.*?```", "", f.read(), flags=re.S)
            said = [s for s in re.findall(r"`([^`\n]+)`", plain) if not re.match(r"\d\d:\d\d ", s)]  # what a tool says is translated
            words[name] = set(re.findall(r"[a-z][a-z_0-9]{2,}", re.sub(r'"[^"]*"', "", " ".join(said))))  # a name of the reader's own is translated, too
        self.assertEqual((set(), set()), (words["README.md"] - words["README.zh.md"], words["README.zh.md"] - words["README.md"]))

    def test_each_is_a_pack_that_holds(self):
        plain = self.check([])[0]["specs"]
        for n, title, blocks in examples("README.md")[:10]:
            with self.subTest(example="%d. %s" % (n, title)):
                report, _ = self.check(blocks)
                self.assertEqual([], report["errors"])
                self.assertTrue(report["ok"])
                self.assertGreaterEqual(report["specs"] - plain, 2 if n > 1 else 1)
                self.assertEqual([], report["uncovered"])

    def test_a_spec_can_fail(self):
        _, _, blocks = examples("README.md")[0]
        (kind, text), = blocks
        report, _ = self.check([(kind, text.replace('expect = { queue = "expert"', 'expect = { queue = "duty"'))])
        self.assertEqual(['gold.lua:10: a gold customer\'s bill goes to the experts: expected queue "duty", got "expert" '
            '(rule "gold customers", gold.lua:3)'], ["%s:%d: %s" % (e["file"], e["line"], e["message"]) if not e["message"].startswith(e["file"])
            else e["message"] for e in report["errors"]])

    def test_a_level_table_that_was_changed_says_so_bin_by_bin(self):
        _, _, blocks = examples("README.md")[9]
        (kind, text), = blocks
        report, _ = self.check([(kind, text.replace("at_least(30)", "at_least(40)"))])
        where = 1 + text[:text.index('spec "an outage')].count("\n")
        self.assertEqual([("recharge.lua", where, "an outage of a quarter of an hour: 10:20 expected orange, got still yellow (S15 34, usual 6, p 2.9e-15); "
            "10:25 expected no change, got orange (S15 43, usual 6, p 1.4e-22); seen: 10:15 yellow, 10:25 orange, 10:50 yellow, 11:05 none")],
            [(e["file"], e["line"], e["message"]) for e in report["errors"]])

    def test_a_level_that_no_spec_enters_is_named(self):
        _, _, blocks = examples("README.md")[9]
        (kind, text), = blocks
        report, _ = self.check([(kind, text[:text.index('spec "an outage')] + text[text.index('spec "a louder'):])])
        self.assertEqual((["levels/recharge/yellow", "levels/recharge/orange"], ["recharge.lua:3", "recharge.lua:4"]),
            (report["uncovered"], report["uncovered_at"]))

    def test_the_last_says_what_the_page_says(self):
        _, _, blocks = examples("README.md")[10]
        report, shown = self.check(blocks)
        self.assertFalse(report["ok"])
        self.assertEqual(shown, "".join("%s:%d:%d: %s\n  %s\n" % (e["file"], e["line"], e["column"], e["message"], e["message_zh"]) for e in report["errors"]))


if __name__ == "__main__":
    main()
