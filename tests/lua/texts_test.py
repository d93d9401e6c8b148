"""Every text the words can say against a pack is said by one of tests/packs/broken, in English and Chinese, word for word."""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRING = re.compile(r"""(['"])((?:\\.|(?!\1).)*)\1""")
CALL = re.compile(r"\b(?:errors\.add|at)\(")
# What cannot come from a pack's text: a rule set or option misused inside lib, or a state the host excludes.
UNREACHABLE = set()


def arguments(text, start):
    """The source between the bracket at start and the one that closes it."""
    depth, i = 0, start
    while i < len(text):
        c = text[i]
        if c in "\"'":
            i = STRING.match(text, i).end()
            continue
        if c in "({[":
            depth += 1
        elif c in ")}]":
            depth -= 1
            if depth == 0:
                return text[start + 1:i]
        i += 1
    return text[start + 1:]


def formats(path):
    """(line, English, Chinese) of each text: the first two strings of a call that reports."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for call in CALL.finditer(text):
        if text.rfind("function", 0, call.start()) >= call.start() - 12:
            continue  # the definition
        inside = arguments(text, call.end() - 1)
        found = [re.sub(r"\\(.)", r"\1", m.group(2)) for m in STRING.finditer(inside)]
        zh = next((k for k, s in enumerate(found) if re.search("[\u4e00-\u9fff]", s)), None)
        if zh:
            yield text.count("\n", 0, call.start()) + 1, found[zh - 1], found[zh]


def pattern(said):
    """A Lua format as an expression."""
    out = re.split(r"%(?:0?\d*[sdg]|%)", said)
    return re.compile(".*".join(re.escape(part) for part in out))


def main():
    lines = []
    for path in glob.glob(os.path.join(ROOT, "tests/packs/broken/*/expected.txt")):
        with open(path, encoding="utf-8") as f:
            lines += f.read().splitlines()
    said, failed = "\n".join(lines), 0
    total = 0
    for path in sorted(glob.glob(os.path.join(ROOT, "lua/lib/*.lua"))):
        for line, en, zh in formats(path):
            total += 1
            missing = [text for text in (en, zh) if text not in UNREACHABLE and not pattern(text).search(said)]
            if missing:
                failed += 1
                print("%s:%d: no broken pack is told: %s" % (os.path.relpath(path, ROOT), line, " / ".join(missing)))
    if total < 80:
        print("only %d texts were found: the test no longer sees them" % total)
        failed += 1
    print("%d passed, %d failed, 0 skipped" % (total - failed, failed))
    sys.exit(1 if failed else 0)


main()
