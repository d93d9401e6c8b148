"""Errors in the language that somebody asks for: no text of the areas that people meet without Chinese, and what they read, to the letter."""

import errno
import glob
import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import tempfile
import unittest

from daemon import ROOT, TOCSIND, Case, Daemon, RpcError, free_port, main

LITERAL = r'"(?:[^"\\]|\\.)*"'
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?((?:hh|h|ll|l|j|z)?[a-zA-Z%])")
SAYS = re.compile(r"\b(err_set|err_arg|err_prefix)\(")
FORMAT_AT = {"err_set": 2, "err_arg": 4, "err_prefix": 1}
# Said by the command line in its own catalogue, or only under test.
ELSEWHERE = ("src/cli/", "src/store/journal_sim.c", "src/base/err.c")
# Names and numbers alone: nothing to translate.
NO_WORDS = {"%s", "%s%s", "%s%s%s", "%s%s%s%s%s", "http", "%s = %.80s", "--%s %.80s"}


def arguments(code, start):
    """The arguments of the call whose bracket opens at start, and where it ends."""
    out, depth, i, begin = [], 0, start, start + 1
    while True:
        literal = re.compile(LITERAL + r"|'(?:[^'\\]|\\.)+'").match(code, i)
        if literal:
            i = literal.end()
            continue
        depth += (code[i] in "({[") - (code[i] in ")}]")
        if depth == 0:
            return out + [code[begin:i]], i
        if code[i] == "," and depth == 1:
            out.append(code[begin:i])
            begin = i + 1
        i += 1


def macros():
    found = {}
    for path in glob.glob(os.path.join(ROOT, "src/**/*.[ch]"), recursive=True):
        with open(path, encoding="utf-8") as f:
            found.update(re.findall(r"#define ([A-Z_]+) (%s)" % LITERAL, f.read()))
    return found


def formats_in(argument, known):
    """The formats an argument may be: one, or those of a choice."""
    for literals in re.findall(r"(?:%s\s*(?:\b[A-Z_]{3,}\b\s*)?)+" % LITERAL, argument):
        yield "".join(t[1:-1] if t[0] == '"' else known[t][1:-1] for t in re.findall(LITERAL + r"|\b[A-Z_]{3,}\b", literals))


def said():
    """(where, format, whether its Chinese stands beside it) of all of the daemon and the client."""
    known = macros()
    for path in sorted(glob.glob(os.path.join(ROOT, "src/**/*.c"), recursive=True)):
        name = os.path.relpath(path, ROOT)
        if name.startswith(ELSEWHERE):
            continue
        with open(path, encoding="utf-8") as f:
            code = f.read()
        for call in SAYS.finditer(code):
            given, end = arguments(code, call.end() - 1)
            beside = "err_zh(e," in code[end:code.index("\n}", end)]
            for text in formats_in(given[FORMAT_AT[call.group(1)]], known):
                yield "%s:%d" % (name, code.count("\n", 0, call.start()) + 1), text, beside


def joined(literals):
    return "".join(t[1:-1] for t in re.findall(LITERAL, literals))


def pairs(name):
    with open(os.path.join(ROOT, "src", "text", name), encoding="utf-8") as f:
        table = f.read().split("[] = {", 1)[1]
    return [(joined(en), joined(zh)) for en, zh in re.findall(r"\{((?:%s\s*)+),\s*((?:%s\s*)+)\}" % (LITERAL, LITERAL), table)]


AREAS = ("zh_rpc.c", "zh_desk.c", "zh_model.c", "zh_start.c", "zh_wire.c")


class Catalogue(unittest.TestCase):
    maxDiff = 3000

    def test_no_text_without_chinese_and_no_chinese_without_text(self):
        english = [en for area in AREAS for en, _ in pairs(area)]
        self.assertGreater(len(english), 350)
        self.assertEqual(len(english), len(set(english)), "a text stands twice")
        found = list(said())
        self.assertEqual([], ["%s: %s" % (where, text) for where, text, beside in found
                              if not beside and text not in english and text not in NO_WORDS], "without Chinese")
        self.assertEqual(set(), set(english) - {text for _, text, _ in found}, "said nowhere")

    def test_each_word_is_said_somewhere(self):
        """As a literal of the program, or as the system says what went wrong."""
        words = {en for en, _ in pairs("zh_words.c")}
        self.assertGreater(len(words), 60)
        literals = {os.strerror(n) for n in errno.errorcode}
        for path in glob.glob(os.path.join(ROOT, "src/**/*.[ch]"), recursive=True) + glob.glob(os.path.join(ROOT, "include/tocsin/*.h")):
            if os.path.relpath(path, ROOT).startswith("src/text/"):
                continue
            with open(path, encoding="utf-8") as f:
                literals.update(joined(group) for group in re.findall(r"(?:%s\s*)+" % LITERAL, f.read()))
        self.assertEqual(set(), words - literals, "said nowhere")

    def test_a_pair_has_the_same_conversions(self):
        for name in AREAS + ("zh_words.c",):
            for en, zh in pairs(name):
                with self.subTest(en):
                    self.assertEqual(CONVERSION.findall(en), CONVERSION.findall(zh))
                    self.assertEqual(zh.count("\\1"), zh.count("\\2"))
                    self.assertTrue(re.search("[\u4e00-\u9fff]|：|^”？", zh), zh)


ID = ("an id: an integer from 1 to 9007199254740991", "编号：1 到 9007199254740991 的整数")
CHANNEL = {"channel": "app", "text": "x"}
# What agents and duty managers run into: (method, arguments, code, argument, English, Chinese). Ticket 1 is a complaint.
WRONG = [
    ("ticket.get", {"id": 9}, "not_found", "id", "ticket 9 does not exist", "工单 9 不存在"),
    ("ticket.get", {"id": "x"}, "bad_request", "id", 'argument "id" is text "x"; expected ' + ID[0], '参数“id”是文本 "x"；应为' + ID[1]),
    ("ticket.get", {}, "bad_request", "id", 'ticket.get needs the argument "id": ' + ID[0], "ticket.get 需要参数“id”：" + ID[1]),
    ("ticket.get", {"id": 1, "wit": []}, "bad_request", "wit", 'ticket.get has no argument "wit" (did you mean "with"?)', "ticket.get 没有参数“wit”（是不是“with”？）"),
    ("ticket.get", {"id": 1, "with": ["x"]}, "bad_request", "with", "with[0] is not one of clocks, timers", "with[0] 不是 clocks、timers 之一"),
    ("tiket.get", {"id": 1}, "not_found", None, 'method "tiket.get" does not exist (did you mean "ticket.get"?)', "没有方法“tiket.get”（是不是“ticket.get”？）"),
    ("nothing.like", {}, "not_found", None, 'method "nothing.like" does not exist; rpc.methods lists all', "没有方法“nothing.like”；rpc.methods 列出全部方法"),
    ("ticket.create", {"channel": "ap", "text": "x"}, "bad_request", "channel", 'channel "ap" is not in the catalog (did you mean "app"?)',
        "渠道“ap”不在目录里（是不是“app”？）"),
    ("ticket.create", dict(CHANNEL, kind="complant"), "bad_request", "kind", 'kind "complant" is not in the catalog (did you mean "complaint"?)',
        "类型“complant”不在目录里（是不是“complaint”？）"),
    ("ticket.create", dict(CHANNEL, city="shenzen"), "bad_request", "city", 'city "shenzen" is not in the catalog (did you mean "shenzhen"?)',
        "地市“shenzen”不在目录里（是不是“shenzhen”？）"),
    ("ticket.create", {"channel": "app"}, "bad_request", "text", 'ticket.create needs the argument "text": text', "ticket.create 需要参数“text”：文本"),
    ("ticket.create", {"channel": 7, "text": "x"}, "bad_request", "channel", 'argument "channel" is integer 7; expected text', "参数“channel”是整数 7；应为文本"),
    ("ticket.create", dict(CHANNEL, source_ref="a"), "conflict", "source_ref", 'source_ref "a" of channel app is ticket 1 already', "source_ref“a”（渠道 app）已经是工单 1"),
    ("ticket.create", {"channel": "app", "text": "x\0y"}, "bad_request", "text", 'argument "text" holds a NUL character at byte 1', "参数“text”的第 1 字节是 NUL 字符"),
    ("ticket.create", {"channel": "app", "text": "x" * 32769}, "bad_request", "text", 'argument "text" has 32769 bytes; a text has at most 32768',
        "参数“text”有 32769 字节；文本最多 32768 字节"),
    ("ticket.create", dict(CHANNEL, priority=99), "bad_request", "priority", 'argument "priority" is 99; expected 1 to 10', "参数“priority”是 99；应为 1 到 10"),
    ("ticket.create", dict(CHANNEL, subject={"type": 1}), "bad_request", "subject.type", 'argument "subject.type" is integer 1; expected text', "参数“subject.type”是整数 1；应为文本"),
    ("ticket.create", dict(CHANNEL, fields={"a": float("nan")}), "bad_request", "fields.a", 'argument "fields.a" is not a number; expected a finite number',
        "参数“fields.a”不是数；应为有限的数"),
    ("ticket.create", dict(CHANNEL, occurred="yesterday"), "bad_request", "occurred",
        'argument "occurred" is text "yesterday"; expected a time: integer ms since 1970 UTC, or ISO 8601 text such as "2026-09-22T10:00"',
        '参数“occurred”是文本 "yesterday"；应为时间：1970 年起的 UTC 毫秒整数，或 ISO 8601 文本，如“2026-09-22T10:00”'),
    ("ticket.act", {"id": 1, "action": "close", "version": 7}, "conflict", "version", "ticket 1 is at version 1, not 7; read it again",
        "工单 1 现在是版本 1，不是 7；请重新读取"),
    ("ticket.act", {"id": 77, "action": "close"}, "not_found", "id", "ticket 77 does not exist", "工单 77 不存在"),
    ("ticket.act", {"id": 1, "action": "merge", "data": {"ticket": 1}}, "rejected", None, "ticket 1 cannot be linked to itself", "工单 1 不能与自身关联"),
    ("ticket.find", {"where": {"stagee": "x"}}, "bad_request", "where", 'field "stagee" is not known (did you mean "stage"?)', "没有字段“stagee”（是不是“stage”？）"),
    ("ticket.find", {"where": {"id": {"eqq": 5}}}, "bad_request", "where", 'operator "eqq" is not known (did you mean "eq"?)', "没有运算符“eqq”（是不是“eq”？）"),
    ("ticket.find", {"where": {"id": {"in": 5}}}, "bad_request", "where", "where.id.in must be an array, not integer", "where.id.in 应为数组，而不是整数"),
    ("ticket.find", {"order": "idd"}, "bad_request", "order", 'argument "order" is "idd"; expected one of "id", "-id", "due", "-due" (did you mean "id"?)',
        "参数“order”是“idd”；应为“id”、“-id”、“due”、“-due” 之一（是不是“id”？）"),
    ("ticket.find", {"limit": 0}, "bad_request", "limit", 'argument "limit" is 0; expected 1 to 1000', "参数“limit”是 0；应为 1 到 1000"),
    ("ticket.find", {"cursor": "zzz"}, "bad_request", "cursor", "the cursor belongs to another search", "这个游标属于另一次查询"),
    ("ticket.explain", {"id": 1, "seq": 99}, "not_found", None, "ticket 1 has no entry 99", "工单 1 没有记录 99"),
    ("ticket.import", dict(CHANNEL, created="2030-01-01"), "bad_request", "created", "created lies in the future", "created 在将来"),
    ("ticket.erase", {"id": 1, "reason": "asked"}, "rejected", "id", "ticket 1 is still open: what is being worked cannot be erased; close or cancel it first",
        "工单 1 还没有办结：正在办理的不能删除；请先归档或取消"),
    ("contact.add", {"channel": "app", "kind": "urge"}, "bad_request", "ticket", "a contact needs ticket, incident or number", "联系需要 ticket、incident 或 number"),
    ("contact.add", {"channel": "app", "kind": "urge", "number": "13900139000"}, "not_found", "number",
        "number 139****9000 has no open ticket; name one, or use ticket.create", "号码 139****9000 没有未结工单；请指明工单，或用 ticket.create 新建"),
    ("incident.suspects", {}, "bad_request", "incident", "say one of incident, key and service", "请给出 incident、key、service 之一"),
    ("incident.preview", {"id": 1, "action": "answer"}, "bad_request", "action", '"answer" is not an action of incidents that acts on what hangs on them',
        "“answer”不是对事件所挂工单起作用的操作"),
    ("incident.children", {"id": 1}, "bad_request", "id", "ticket 1 is no incident", "工单 1 不是事件"),
    ("warning.act", {"key": "shenzhen/recharge.not_credited", "action": "ack", "reason": "r"}, "not_found", "key",
        'nothing is watched under "shenzhen/recharge.not_credited"; warning.list shows the keys',
        "“shenzhen/recharge.not_credited”没有被监视；warning.list 列出全部键"),
    ("warning.act", {"key": "foshan/recharge.not_credited", "action": "raise", "reason": "r", "level": "redd"}, "bad_request", "level",
        'argument "level" is "redd"; expected one of "none", "yellow", "orange", "red", "black" (did you mean "red"?)',
        '参数“level”是“redd”；应为以下之一："none", "yellow", "orange", "red", "black"（是不是“red”？）'),
    ("warning.act", {"key": "foshan/recharge.not_credited", "action": "raise", "reason": "r", "level": "pink"}, "bad_request", "level",
        'argument "level" is "pink"; expected one of "none", "yellow", "orange", "red", "black"',
        '参数“level”是“pink”；应为以下之一："none", "yellow", "orange", "red", "black"'),
    ("warning.act", {"key": "foshan/recharge.not_credited", "action": "ack", "reason": "r", "level": "red"}, "bad_request", "level",
        "ack takes no level; raise and lower of a warning do", "ack不带 level；对预警的 raise、lower 才带"),
    ("ticket.create", {"channel": "regulator_12300", "text": "x", "form": "apeal"}, "bad_request", "form",
        'form "apeal" is not in the catalog (did you mean "appeal"?)', "form“apeal”不在目录里（是不是“appeal”？）"),
    ("signal.counts", {"kind": "txn_fail"}, "bad_request", "kind", 'kind "txn_fail" is not in the catalog (did you mean "txn_failed"?)',
        "类型“txn_fail”不在目录里（是不是“txn_failed”？）"),
    ("incident.suspects", {"service": "smss"}, "bad_request", "service", 'service "smss" is not in the catalog (did you mean "sms"?)',
        "service“smss”不在目录里（是不是“sms”？）"),
    ("warning.counts", {"key": "foshan/network.slwo"}, "bad_request", "key", 'key "network.slwo" is not in the catalog (did you mean "network.slow"?)',
        "key“network.slwo”不在目录里（是不是“network.slow”？）"),
    ("ticket.create", dict(CHANNEL, request_id="x" * 201), "bad_request", "request_id", 'argument "request_id" has 201 bytes; expected text of 1 to 200 bytes',
        "参数“request_id”有 201 字节；应为文本，1 到 200 字节"),
    ("warning.act", {"key": "*", "action": "raise", "reason": "r", "level": "red"}, "bad_request", "level",
        "raise on * takes no level; raise and lower of a warning do", "raise（对 *）不带 level；对预警的 raise、lower 才带"),
    ("warning.act", {"key": "foshan/recharge.not_credited", "action": "ack", "reason": "r", "until": 0}, "bad_request", "until",
        "ack of a warning takes no until; raise on * does", "ack（对预警）不带 until；对 * 的 raise 才带"),
    ("contact.add", {"channel": "app", "kind": "urge", "incident": 1}, "bad_request", "incident", "ticket 1 is a complaint; expected an incident, or ticket=1",
        "工单 1 是 complaint；应为事件，或用 ticket=1"),
    ("contact.add", {"channel": "app", "kind": "urge", "incident": 1, "ticket": 1}, "bad_request", "incident",
        "a contact belongs to one: say either ticket 1 or incident 1", "一次联系只属于一个：请给出工单 1 或事件 1 之一"),
    ("ticket.create", dict(CHANNEL, request_id=" "), "bad_request", "request_id", 'argument "request_id" is blank; expected text of 1 to 200 bytes',
        "参数“request_id”是空白；应为文本，1 到 200 字节"),
    ("ticket.create", {"channel": "app", "text": b"x"}, "bad_request", "text", 'argument "text" is bytes "eA=="; expected text', '参数“text”是字节串 "eA=="；应为文本'),
    ("warning.list", {"cursor": "x"}, "bad_request", "cursor", 'cursor "x" is not one that warning.list gave', "游标“x”不是 warning.list 给出的"),
    ("number.check", {"number": ""}, "bad_request", "number", 'argument "number" has 0 bytes; expected text of 1 to 32768 bytes',
        "参数“number”有 0 字节；应为文本，1 到 32768 字节"),
    ("number.list", {"incident": 1, "list": "affected"}, "bad_request", "incident", "ticket 1 is a complaint, not an incident", "工单 1 是 complaint，不是事件"),
    ("task.list", {"cursor": "x"}, "bad_request", "cursor", 'cursor "x" is not one that task.list gave', "游标“x”不是 task.list 给出的"),
    ("task.done", {"id": 7, "ok": True, "worker": "w"}, "not_found", "id", "task 7 does not exist", "任务 7 不存在"),
    ("task.claim", {"worker": "w", "kinds": ["smss"]}, "bad_request", "kinds", 'kind "smss" is not a task of the pack (did you mean "sms"?)',
        "类型“smss”不是规则包的任务（是不是“sms”？）"),
    ("task.claim", {"worker": "w", "kinds": [7]}, "bad_request", "kinds", "kinds must be texts, not integer", "kinds 应为文本，而不是整数"),
    ("grant.list", {"person": "nobody"}, "bad_request", "person", '"nobody" is not a person of the pack', "“nobody”不是规则包里的人员"),
    ("topic.subscribe", {"topics": ["x"], "consumer": ""}, "bad_request", "consumer", 'argument "consumer" has 0 bytes; expected text of 1 to 100 bytes',
        "参数“consumer”有 0 字节；应为文本，1 到 100 字节"),
    ("rules.rollback", {"generation": 99}, "not_found", None, "generation 99 is not stored", "没有存第 99 代"),
]
# What packs refuse is said in both languages where none is asked for.
BOTH = [
    ("ticket.act", {"id": 1, "action": "closee"}, "action", '"closee" is not an action of complaint', "“closee”不是投诉的操作"),
    ("ticket.act", {"id": 1, "action": "reopen"}, "action", "reopen is not possible while the ticket is accepted", "工单处于“已受理”时不能重开"),
    ("warning.act", {"key": "*", "action": "lower", "reason": "r"}, "key", "there is no disaster mode to end", "现在没有灾害模式"),
]


class Asked(Case):
    shared = True

    @classmethod
    def setUpClass(cls):
        cls.listen = ("tcp:127.0.0.1:%d" % free_port(),)
        super().setUpClass()
        with cls.shared_daemon.client() as c:
            c.call("ticket.create", dict(CHANNEL, number="13800138000", category="billing.cdr", source_ref="a"))

    def asking(self, lang):
        c = self.connect()
        if lang is not None:
            c.call("session.hello", lang=lang)
        return c

    def test_every_text_in_the_language_that_was_asked_for(self):
        for lang, column in ((None, 4), ("en", 4), ("zh", 5)):
            c = self.asking(lang)
            for case in WRONG:
                method, args, code, argument = case[:4]
                with self.subTest(method, lang=lang, **args):
                    self.refused(method, args, c=c, code=code, argument=argument, message=case[column])

    def test_refusals_of_packs(self):
        for lang in (None, "en", "zh"):
            c = self.asking(lang)
            for method, args, argument, en, zh in BOTH:
                with self.subTest(method, lang=lang, **args):
                    self.refused(method, args, c=c, code="rejected", argument=argument, message={None: en + " / " + zh, "en": en, "zh": zh}[lang])

    def test_numbers_of_entries(self):
        seq = self.history(1)[0]["seq"]
        for lang, message in (("en", 'no rule "nosuch" was asked about ticket 1 in entry %d' % seq), ("zh", "没有问过规则“nosuch”（工单 1，记录 %d）" % seq)):
            self.refused("ticket.explain", {"id": 1, "rule": "nosuch"}, c=self.asking(lang), code="not_found", argument="rule", message=message)

    def test_what_is_machine_readable_stays(self):
        en, zh = (self.refused("ticket.act", {"id": 1, "action": "reopen"}, c=self.asking(lang)) for lang in ("en", "zh"))
        self.assertEqual(dict(en, message=None), dict(zh, message=None))

    def test_each_hello_says_it_anew(self):
        c = self.asking("zh")
        self.refused("ticket.get", {"id": 9}, c=c, message="工单 9 不存在")
        self.refused("session.hello", {"lang": "fr"}, c=c, code="bad_request", argument="lang", value="fr", message="参数“lang”是“fr”；应为“zh”、“en” 之一")
        self.refused("session.hello", {"lang": "zh", "as": "nobody.here"}, c=c, message="“nobody.here”不是规则包里的人员")
        c.call("session.hello")
        self.refused("ticket.get", {"id": 9}, c=c, message="ticket 9 does not exist")

    def test_who_is_not_known_yet_is_told_in_his_language(self):
        c = self.connect(self.listen[0])
        self.refused("session.hello", {"lang": "zh"}, c=c, code="unauthenticated", argument="token", message="这个连接上的 session.hello 需要令牌")
        self.refused("session.hello", {"lang": "zh", "token": "x"}, c=c, code="unauthenticated", message="不认识这个令牌")
        self.refused("ticket.get", {"id": 1}, c=c, code="unauthenticated", message="ticket.get：请先用令牌调用 session.hello")

    def test_roles(self):
        c = self.asking(None)
        c.call("session.hello", {"as": "wu.qiang", "lang": "zh"})
        self.refused("rules.reload", c=c, code="forbidden", message="rules.reload 需要角色 analyst, admin；wu.qiang 的角色是 agent")


class Person(unittest.TestCase):
    """Who acts for somebody speaks his language, unless another is asked for."""

    PACK = (("pack.lua", 'pack { base = "default", name = "two" }'),
        ("two.lua", '''person "li" { zh = "李", en = "Li", roles = { "agent" }, department = "second_line", lang = "zh" }
person "lee" { zh = "李", en = "Lee", roles = { "agent" }, department = "second_line", lang = "en" }
'''))

    def write_pack(self, where):
        for name, content in self.PACK:
            with open(os.path.join(where, name), "w", encoding="utf-8") as f:
                f.write(content + "\n")

    def test_the_packs_persons_have_a_language(self):
        with tempfile.TemporaryDirectory() as where:
            self.write_pack(where)
            en, zh = '"x" is not an action of complaint', "“x”不是投诉的操作"
            with Daemon(rules=where) as d, d.client() as c:
                c.call("ticket.create", channel="app", text="x")
                for hello, said in (({"as": "li"}, zh), ({"as": "lee"}, en), ({"as": "wu.qiang"}, en + " / " + zh), ({"as": "li", "lang": "en"}, en),
                        ({}, en + " / " + zh)):
                    c.call("session.hello", hello)
                    with self.assertRaises(RpcError) as caught:
                        c.call("ticket.act", id=1, action="x")
                    self.assertEqual(said, caught.exception.message, hello)


    def test_also_over_http(self):
        en, zh = "ticket 9 does not exist", "工单 9 不存在"
        with tempfile.TemporaryDirectory() as where:
            self.write_pack(where)
            d = Daemon(rules=where, options=["--http", "127.0.0.1:0"])
            self.addCleanup(d.close)
            with open(os.path.join(d.data, "tokens"), "w", encoding="utf-8") as f:
                f.write("desk agent+gateway %s\n" % hashlib.sha256(b"secret").hexdigest())
            os.chmod(f.name, 0o600)
            d.start()
            port = int(d.log("http.listen")[-1].rsplit(":", 1)[1])
            for head, said in (({"Act-As": "li"}, zh), ({"Act-As": "lee"}, en), ({"Act-As": "wu.qiang"}, en), ({"Act-As": "li", "Accept-Language": "en"}, en)):
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                self.addCleanup(c.close)
                c.request("GET", "/tickets/9", headers={"Authorization": "Bearer secret", **head})
                self.assertEqual(said, json.loads(c.getresponse().read())["error"]["message"], head)


class Gateway(unittest.TestCase):
    def test_accept_language(self):
        with Daemon(options=["--http", "127.0.0.1:0"]) as d:
            port = d.log("http.listen")[-1].rsplit(":", 1)[1]
            wanted = {None: "send a token: Authorization: Bearer TOKEN", "zh-CN,zh;q=0.9,en;q=0.8": "请带上令牌：Authorization: Bearer TOKEN",
                      "en-GB": "send a token: Authorization: Bearer TOKEN", "fr, zh": "send a token: Authorization: Bearer TOKEN"}
            for lang, message in wanted.items():
                c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
                self.addCleanup(c.close)
                c.request("GET", "/tickets/1", headers={} if lang is None else {"Accept-Language": lang})
                self.assertEqual(message, json.loads(c.getresponse().read())["error"]["message"], lang)


class Start(unittest.TestCase):
    maxDiff = 1500

    def run_in(self, lang, *words):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
        said = subprocess.run([TOCSIND, *words], env=dict(env, LANG=lang), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        return said.returncode, said.stderr

    def settings(self, words, en, zh):
        for lang, text in (("C.UTF-8", en), ("zh_CN.UTF-8", zh)):
            self.assertEqual((64, "tocsind: %s\n" % text), self.run_in(lang, *words))

    def test_settings(self):
        self.settings(["--lisen", "x"], '--lisen: no such option (did you mean "--listen"?)', "--lisen：没有这个选项（是不是“--listen”？）")
        self.settings(["--quite-else", "x"], "--quite-else: no such option; see --help", "--quite-else：没有这个选项；见 --help")
        self.settings(["--data"], "--data needs a value", "--data 需要一个值")
        self.settings(["data"], 'unexpected argument "data"; see --help', "不该有参数“data”；见 --help")
        self.settings(["--listen", "here"], "--listen here: expected tcp:HOST:PORT or unix:PATH", "--listen here：应为tcp:HOST:PORT 或 unix:PATH")
        self.settings(["--memory-table", "7"], "--memory-table 7: expected a size such as 512KiB, 64MiB or 2GiB, from 1MiB to 16GiB",
            "--memory-table 7：应为512KiB、64MiB、2GiB 这样的大小，1MiB 到 16GiB")
        self.settings(["--listen", "tcp:10.0.0.1:7070", "--check-config"],
            "--listen: tcp:10.0.0.1:7070 is not a loopback address; without TLS Tocsin listens at 127.0.0.1 or [::1] only",
            "--listen：tcp:10.0.0.1:7070 不是本机回环地址；没有 TLS 时 Tocsin 只在 127.0.0.1 或 [::1] 监听")
        self.settings(["--user", "alice agnt"], '--user alice agnt: "agnt" is no role (did you mean "agent"?)', "--user alice agnt：“agnt”不是角色（是不是“agent”？）")
        self.settings(["--config", "/nowhere/x.conf"], "config file /nowhere/x.conf: No such file or directory", "配置文件 /nowhere/x.conf：没有这个文件或目录")

    def test_config_file(self):
        with tempfile.TemporaryDirectory() as where:
            path = os.path.join(where, "t.conf")
            for content, en, zh in (("lisen = x", 'key "lisen" is unknown (did you mean "listen"?)', "没有设置项“lisen”（是不是“listen”？）"),
                                    ("x", 'expected `key = value`, not "x"', "应为 `key = value`，而不是“x”"),
                                    ("data = a\ndata = b", "data is set already at %s:1" % path, "data 已在 %s:1 设置" % path)):
                with open(path, "w", encoding="utf-8") as f:
                    f.write(content + "\n")
                line = "%s:%d" % (path, content.count("\n") + 1)
                self.settings(["--config", path, "--check-config"], line + ": " + en, line + "：" + zh)

    def test_a_start_that_is_refused_by_its_pack(self):
        with tempfile.TemporaryDirectory() as where:
            for name, content in (("pack.lua", 'pack { base = "default", name = "bad" }'), ("gold.lua", 'rules.before "routing" {\n  rule "r" { when = {}, to = queue "exprt" } }')):
                with open(os.path.join(where, name), "w", encoding="utf-8") as f:
                    f.write(content + "\n")
            for lang, text in (("C.UTF-8", 'gold.lua:2:36: rule "r": to: "exprt" is not a declared queue (did you mean "expert"?)'),
                               ("zh_CN.UTF-8", 'gold.lua:2:36: 规则“r”：to："exprt" 不是已声明的队列（是不是“expert”？）')):
                code, said = self.run_in(lang, "--data", os.path.join(where, "data"), "--rules", where)
                self.assertEqual(1, code)
                self.assertEqual(text, re.findall(r'event=start.failed code=rejected error="(.*)"$', said.strip())[0].replace('\\"', '"'))
            for lang, text in (("C.UTF-8", "/nowhere: the folder cannot be opened"), ("zh_CN.UTF-8", "/nowhere：无法打开文件夹")):
                code, said = self.run_in(lang, "--data", os.path.join(where, "data"), "--rules", "/nowhere")
                self.assertEqual(1, code)
                self.assertIn(' event=start.failed code=rejected error="%s' % text, said)

    def test_a_start_that_is_refused(self):
        with Daemon() as d:
            for lang, text in (("C.UTF-8", "data directory %s is in use by process %d; stop it first, or use another --data"),
                               ("zh_CN.UTF-8", "数据目录 %s 正被进程 %d 使用；请先停止它，或用另一个 --data")):
                code, said = self.run_in(lang, "--data", d.data)
                self.assertEqual(1, code)
                self.assertIn(" event=start.failed code=storage error=%s\n" % (text % (d.data, d.process.pid)), said.replace('"', ""))
        with tempfile.TemporaryDirectory() as where, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "tcp:127.0.0.1:%d" % taken.getsockname()[1]
            for lang, text in (("C.UTF-8", "%s: Address already in use"), ("zh_CN.UTF-8", "%s：地址已被占用")):
                code, said = self.run_in(lang, "--data", os.path.join(where, lang), "--listen", address)
                self.assertEqual(1, code)
                self.assertIn(text % address, said)


if __name__ == "__main__":
    main()
