"""Chinese of the command line: no text without its pair, the same conversions in both, and what people see, to the letter."""

import csv
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from tocsin_run import ROOT, TOCSIN, environment

from daemon import Case, Daemon, main

LITERAL = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?((?:hh|h|ll|l|j|z)?[a-zA-Z%])")


def text(literals):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))


def sources():
    for path in sorted(glob.glob(os.path.join(ROOT, "src", "cli", "*.c"))):
        with open(path, encoding="utf-8") as f:
            yield os.path.basename(path), f.read()


def pairs():
    code = dict(sources())["texts.c"]
    table = code[code.index("messages[] = {"):code.index("{NULL, NULL}")]
    return [(text(en), text(zh)) for en, zh in re.findall(r"\{" + LITERAL + r"," + r"\s*" + LITERAL + r"\}", table)]


def tocsin(*args, lang=None, **env):
    clean = {k: v for k, v in environment().items() if k not in ("LC_ALL", "LC_MESSAGES", "LANG", "TOCSIN_SERVER")}
    clean.update(env)
    said = subprocess.run([TOCSIN] + (["--lang", lang] if lang else []) + list(args), capture_output=True, text=True, stdin=subprocess.DEVNULL, env=clean,
        timeout=30)
    return said.returncode, said.stdout, said.stderr


class Texts(unittest.TestCase):
    maxDiff = 3000

    def test_every_text_has_a_pair_and_every_pair_is_said(self):
        said = set()
        for name, code in sources():
            said.update(text(m) for m in re.findall(r"\btr\(\s*" + LITERAL + r"\)", code))
            said.update(text(m) for m in re.findall(r"\busage\(\s*e,\s*" + LITERAL, code))
            if name == "import_map.c":
                said.update(text(m) for m in re.findall(r"\bfail\(\s*r,\s*" + LITERAL, code))
        english = [en for en, _ in pairs()]
        self.assertGreater(len(english), 120)
        self.assertEqual(len(english), len(set(english)), "a text stands twice")
        self.assertEqual(set(), said - set(english), "without Chinese")
        self.assertEqual(set(), set(english) - said, "said nowhere")

    def test_no_error_is_english_alone(self):
        plain = re.compile(r"\b(?:err_set\(\s*e, ERR_\w+,|err_arg\(\s*e, ERR_\w+, [^,]+, [^,]+,|err_prefix\(\s*e,|refuse\(\s*\w+, [^,]+,|say\(\s*f->name,)\s*" + LITERAL)
        found = {name: [text(m) for m in plain.findall(code) if re.search(r"(?<![-\w])[a-z]{2,}", CONVERSION.sub("", text(m)))] for name, code in sources()}
        self.assertEqual({}, {name: texts for name, texts in found.items() if texts})

    def test_a_pair_has_the_same_conversions(self):
        for en, zh in pairs():
            with self.subTest(en):
                self.assertEqual(CONVERSION.findall(en), CONVERSION.findall(zh))
                self.assertTrue(re.search("[\u4e00-\u9fff]|^”？|^（", zh), zh)

    def test_help_says_the_same_options(self):
        _, out, _ = tocsin("--help")
        commands = re.findall(r"^  ([a-z]+) +\S", out, re.M)
        self.assertGreaterEqual(len(commands), 21)
        _, zh, _ = tocsin("--help", lang="zh")
        self.assertEqual(commands, re.findall(r"^  ([a-z]+) +\S", zh, re.M))
        self.assertEqual(re.findall(r"^  (--[a-z-]+)", out, re.M), re.findall(r"^  (--[a-z-]+)", zh, re.M))
        self.assertNotIn("(null)", zh)
        for command in commands:
            with self.subTest(command):
                en, zh = (tocsin(command, "--help", lang=lang)[1] for lang in ("en", "zh"))
                self.assertEqual(en.split("\n")[0].replace("Usage: ", "用法："), zh.split("\n")[0])
                self.assertEqual(set(re.findall(r"--[a-z-]+", en)), set(re.findall(r"--[a-z-]+", zh)))
                self.assertEqual(re.findall(r"^  (?:tocsin .*|--[a-z-]+)", en, re.M), re.findall(r"^  (?:tocsin .*|--[a-z-]+)", zh, re.M))
                self.assertNotIn("(null)", zh)
                self.assertRegex(zh.split("\n")[2], "[\u4e00-\u9fff].*。$")


class Said(unittest.TestCase):
    maxDiff = 3000

    def wrong(self, args, en, zh, usage):
        for lang, want in (("en", "tocsin: %s\nUsage: tocsin %s\n" % (en, usage)), ("zh", "tocsin: %s\n用法：tocsin %s\n" % (zh, usage))):
            self.assertEqual((2, "", want), tocsin(*args, lang=lang))

    def test_wrong_usage(self):
        self.wrong(["show"], "one ID is needed", "需要一个 ID", "show ID")
        self.wrong(["show", "x"], 'ID must be an integer from 1 to 9007199254740991, not "x"', "ID 应为 1 到 9007199254740991 的整数，而不是“x”", "show ID")
        self.wrong(["fsck"], "one DIR is needed: a data directory or a backup", "需要一个 DIR：数据目录或备份", "fsck DIR")
        top = "top [--every TIME] [--once]"
        self.wrong(["top", "--evry", "2s"], 'unknown option "--evry" (did you mean "--every"?)', "没有选项“--evry”（是不是“--every”？）", top)
        self.wrong(["top", "--every"], "--every needs a value", "--every 需要一个值", top)
        self.wrong(["top", "--once=1"], "--once takes no value", "--once 不带值", top)
        for args in (["nwe"], ["--lang", "en", "nwe"]):
            self.assertEqual((2, "", 'tocsin: there is no command "nwe" (did you mean "new"?)\n'), tocsin(*args))
        self.assertEqual((2, "", "tocsin: 没有命令“nwe”（是不是“new”？）\n"), tocsin("nwe", lang="zh"))
        self.assertEqual((2, "", "tocsin: 没有命令“quite-else”；tocsin --help 列出全部命令\n"), tocsin("quite-else", lang="zh"))
        code, _, err = tocsin("rules", "chek", lang="zh")
        self.assertEqual((2, "tocsin: rules 没有“chek”；有 status、check、try、diff、reload、rollback（是不是“check”？）"), (code, err.split("\n")[0]))

    def test_whose_language(self):
        en, zh = "tocsin: one ID is needed\nUsage: tocsin show ID\n", "tocsin: 需要一个 ID\n用法：tocsin show ID\n"
        for env, want in (({}, en), ({"LANG": "zh_CN.UTF-8"}, zh), ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, en), ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "C"}, zh),
                ({"LANG": "de_DE.UTF-8"}, en)):
            self.assertEqual((2, "", want), tocsin("show", **env), env)
        self.assertEqual((2, "", zh), tocsin("show", "--lang", "zh"))  # behind the command, too
        self.assertEqual((2, "", zh), tocsin("show", "--lang=zh", LANG="C"))
        self.assertEqual((2, "", en), tocsin("show", "--lang", "en", LANG="zh_CN.UTF-8"))
        self.assertEqual((2, "", 'tocsin: --lang must be zh or en, not "fr"\n'), tocsin("show", lang="fr"))
        self.assertEqual((2, "", en), tocsin("--json", "show", lang="zh"), "programs read --json")

    def test_mapping_and_file(self):
        with tempfile.TemporaryDirectory() as where:
            def put(name, content, encoding="utf-8"):
                with open(os.path.join(where, name), "w", encoding=encoding) as f:
                    f.write(content)
                return os.path.join(where, name)

            table = put("a.csv", "内容,日期\n充值未到账,2026-03-04\n")
            for content, en, zh in (
                    ("x", "expected key = value", "应为 key = value"),
                    ("[sect]", "there is no section [sect]; there are [file], [columns], [constants], [times] and [values FIELD]",
                        "没有 [sect] 这一节；有 [file]、[columns]、[constants]、[times]、[values FIELD]"),
                    ("[columns]\ntxt = 内容", 'a ticket has no field "txt" (did you mean "text"?)', "工单没有字段“txt”（是不是“text”？）")):
                mapping, line = put("m.txt", content), content.count("\n") + 1
                for lang, want in (("en", en), ("zh", zh)):
                    self.assertEqual((1, "", "tocsin: bad_request: %s:%d: %s\n" % (mapping, line, want)),
                        tocsin("import", table, "--map", mapping, "--dry-run", lang=lang))
            mapping = put("m.txt", "[file]\nmethod = ticket.create\n[columns]\ntext = 内容\ntitle = 标题\n[constants]\nchannel = import\n")
            code, _, err = tocsin("import", table, "--map", mapping, "--dry-run", lang="zh")
            self.assertEqual((1, "tocsin: bad_request: %s：文件没有“标题”这一列；它有：内容, 日期\n" % mapping), (code, err))
            mapping = put("m.txt", "[file]\nmethod = ticket.create\n[columns]\ntext = 内容\n[constants]\nchannel = import\n")
            gbk = put("g.csv", "内容\n充值未到账\n", "gbk")
            self.assertEqual((1, "", "tocsin: bad_request: %s:1: 这不是 UTF-8；国内 Excel 保存的文件请写 `encoding = gbk`\n" % gbk),
                tocsin("import", gbk, "--map", mapping, "--dry-run", lang="zh"))
            code, out, err = tocsin("import", table, "--map", mapping, "--dry-run", lang="zh")
            self.assertEqual((0, "%s：1 行：1 将导入，0 已知，0 未接受\n" % table), (code, out))
            self.assertRegex(err, r"^100 %，1 行，\d+ 行/秒\n$")
            code, out, _ = tocsin("--json", "import", table, "--map", mapping, "--dry-run", lang="zh")
            self.assertEqual((0, 1), (code, json.loads(out)["would_import"]))


MAPPING = """[file]
method = ticket.create
[columns]
text = text
source_ref = no
category = kind
occurred = at
city = city
[constants]
channel = import
[times]
occurred = YYYY-MM-DD
[values kind]
bill = billing.cdr
"""
ROWS = """no,text,kind,at,city
1,one,bill,2026-09-01,foshan
2,two,bill,2026-09-31,foshan
3,three,bil,2026-09-01,foshan
4,,bill,2026-09-01,foshan
5,five,bill
6,six,bill,2026-09-01,fosan
7,"seven"x,bill,2026-09-01,foshan
8,"eight,bill,2026-09-01,foshan
"""
REASONS = {
    "en": ['occurred: "2026-09-31" is no date and time of the form YYYY-MM-DD', 'category: "bil" is not in [values category]', "text is empty",
           "the row has 3 columns, the header 5", 'bad_request: city "fosan" is not in the catalog (did you mean "foshan"?)',
           "text stands behind a closing quote", "a quote that is opened is never closed"],
    "zh": ["occurred：“2026-09-31”不是 YYYY-MM-DD 形式的日期时间", "category：“bil”不在 [values category] 里", "text 是空的", "这一行有 3 列，表头有 5 列",
           "bad_request: 地市“fosan”不在目录里（是不是“foshan”？）", "闭引号后面还有文字", "引号只开不闭"],
}
CLASSES = {
    "en": ["occurred is no date and time", "a value is not in [values category]", "text is empty", "wrong number of columns", "bad_request: city",
           "text stands behind a closing quote", "a quote that is opened is never closed"],
    "zh": ["occurred 不是日期时间", "有值不在 [values category] 里", "text 是空的", "列数不对", "bad_request: city", "闭引号后面还有文字", "引号只开不闭"],
}


class Adapters(Case):
    """What import, drop and hook say of rows, files and tasks."""

    maxDiff = 3000

    def setUp(self):
        super().setUp()
        self.top = tempfile.mkdtemp(prefix="tocsin-lang-")
        self.addCleanup(shutil.rmtree, self.top, True)
        self.map = self.put("m.txt", MAPPING.replace("[values kind]", "[values category]"))

    def put(self, name, content):
        with open(os.path.join(self.top, name), "w", encoding="utf-8") as f:
            f.write(content)
        return f.name

    def reasons(self, path):
        with open(path, encoding="utf-8", newline="") as f:
            return [row[1] for row in csv.reader(f)][1:]

    def test_rejected_rows(self):
        for lang, known in (("en", "0 known"), ("zh", "1 已知")):
            code, out, err = tocsin("--server", self.d.address, "import", self.put(lang + ".csv", ROWS), "--map", self.map,
                "--rejects", os.path.join(self.top, lang + ".rejects"), lang=lang)
            self.assertEqual(0 if code == 0 else 1, code, err)
            self.assertIn(known, out)
            self.assertEqual(REASONS[lang], self.reasons(re.split("[ 见]", out.splitlines()[-1])[-1]))
            self.assertEqual([[str(1), text] for text in CLASSES[lang]], [line.split(None, 1) for line in out.splitlines()[2:-1]])

    def drop(self, lang):
        return tocsin("--server", self.d.address, "drop", self.top, "--map", self.map, "--once", "--stable-ms", "0", lang=lang)

    def test_dropped_files(self):
        self.put("a.csv", ROWS)
        self.put("b.csv", "")
        code, out, err = self.drop("zh")
        self.assertEqual((0, "a.csv: 8 行：1 已导入，0 已知，7 未接受\nb.csv: 失败：%s/b.csv.work 是空的\n" % self.top, ""), (code, out, err))
        self.assertEqual(REASONS["zh"], self.reasons(os.path.join(self.top, "a.csv.rejected.csv")))
        with open(os.path.join(self.top, "b.csv.result.json"), encoding="utf-8") as f:
            self.assertEqual("%s/b.csv.work 是空的" % self.top, json.load(f)["error"])
        self.put("c.csv", ROWS)
        self.d.kill()
        self.assertEqual((1, "c.csv: 等待：%s：连接被拒绝\n" % self.d.address[5:]), self.drop("zh")[:2])
        self.assertEqual((1, "c.csv: waits: %s: Connection refused\n" % self.d.address[5:]), self.drop("en")[:2])

    def test_hooked_tasks(self):
        with Daemon(rules=os.path.join(ROOT, "tests", "packs", "outbox")) as d, d.client() as c, socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            c.call("ticket.create", channel="webhook", category="other", title="t", text="x", number="13800138000")
            url = "http://127.0.0.1:%d/" % closed.getsockname()[1]
            code, out, _ = tocsin("--server", d.address, "hook", url, "--once", lang="zh")
            task = c.call("task.list", kind="webhook")["tasks"][0]["id"]
            self.assertEqual((0, "任务 %d：0 没有连上，或连接断了\n" % task), (code, out))


class Served(Case):
    def test_the_client_library_asks_for_the_language_too(self):
        for lang, said in (("en", "topics[0] must be text of 1 to 200 bytes (argument topics)"), ("zh", "topics[0] 应为 1 到 200 字节的文本（参数 topics）")):
            self.assertEqual((1, "", "tocsin: bad_request: %s\n" % said), tocsin("--server", self.d.address, "watch", "", lang=lang))

    def test_tables(self):
        self.create(text="x", category="billing.cdr")
        server = ("--server", self.d.address)
        for lang, heads in (("en", ["ID", "NO", "STATUS", "STAGE", "CATEGORY", "CITY", "QUEUE", "DUE", "TITLE"]),
                ("zh", ["ID", "单号", "状态", "环节", "类别", "地市", "队列", "时限", "标题"])):
            code, out, _ = tocsin(*server, "list", lang=lang)
            self.assertEqual((0, heads), (code, out.split("\n")[0].split()))
        self.assertEqual(["字段", "值"], tocsin(*server, "show", "1", lang="zh")[1].split("\n")[0].split())
        self.assertEqual(["记录", "时间", "何人", "何事", "变化"], tocsin(*server, "history", "1", lang="zh")[1].split("\n")[0].split())
        code, out, _ = tocsin(*server, "explain", "1", lang="zh")
        self.assertRegex(out, r"^工单 1，记录 \d+，2026-09-22 10:00:00\+08:00，第 1 代规则（\* 为已触发）\n")
        self.assertEqual((1, "", "tocsin: not_found: 工单 9 不存在（参数 id = 9）\n"), tocsin(*server, "show", "9", lang="zh"))
        self.assertEqual((1, "", "tocsin: not_found: ticket 9 does not exist (argument id = 9)\n"), tocsin(*server, "show", "9", lang="en"))


if __name__ == "__main__":
    main()
