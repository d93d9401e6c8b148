"""Lists of a ticket's fields that stand in several places say the same: what a new field must be added to fails here by name."""

import os
import re

from daemon import ROOT, Case, main


def source(path, begins, ends="};"):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    at = text.index(begins)
    return text[at:text.index(ends, at)]


def words(path, begins, ends="};"):
    return {w.rstrip("{") for w in re.findall(r'"([a-z_]+\{?)"', source(path, begins, ends))}


ROW = set(re.findall(r"FIELD\(([a-z_]+), [A-Z]+\)", source("src/desk/ticket_fields.h", "#define TICKET_FIELDS", "enum ticket_field")))
TEXT_LIKE = {"text", "queue", "department", "person", "category", "city", "grade", "level"}  # types of data that the command line sends as text
APART = {"spent", "approval"}  # of few rows: they have no number of their own


class Fields(Case):
    shared = True

    def args(self, method):
        (m,) = [m for m in self.c.call("rpc.methods")["methods"] if m["name"] == method]
        return {a["name"] for a in m["args"]} - {"request_id"}

    def test_what_create_takes_goes_into_the_row(self):
        self.assertEqual(self.args("ticket.create") - {"kind"} | {"outcome"}, words("src/desk/intake.c", "taken[] ="))
        self.assertEqual(set(), words("src/desk/intake.c", "taken[] =") - ROW)

    def test_a_mapping_names_what_create_and_import_take(self):
        self.assertEqual(self.args("ticket.create") | self.args("ticket.import"), words("src/cli/import_map.c", "known[] ="))

    def test_what_rules_set(self):
        may_set = set(re.findall(r'FIELD\("([a-z_]+)"', source("src/desk/apply.c", "#define SET_FIELDS", "struct set_field")))
        expected = set(re.findall(r"([a-z_]+) = true", source("lua/lib/spec.lua", "local set_keys", "}")))
        self.assertEqual(set(), expected - may_set)
        self.assertGreater(len(may_set), len(expected))
        self.assertEqual(set(), may_set - ROW - APART)

    def test_what_is_kept_of_an_erased_ticket_and_exported(self):
        self.assertEqual(set(), words("src/desk/erase.c", "kept[] =") - ROW - APART)
        self.assertEqual(set(), words("src/cli/cmd_export.c", "columns[] =") - ROW)

    def test_what_types_of_data_the_command_line_knows(self):
        (known,) = re.findall(r"types\[\] = (.*?);", source("src/cli/act_data.c", "How the pack's types", "/* The data"), re.S)
        typed = re.findall(r'\{"([a-z]+)", "[a-z]+"\}', known)
        self.assertEqual(set(re.findall(r"([a-z]+) = true", source("lua/lib/catalog.lua", "local data_types", "}"))), set(typed) | TEXT_LIKE)
        self.assertEqual(len(typed), len(set(typed) - TEXT_LIKE))

    def test_what_is_found_by(self):
        types = words("src/desk/find_check.c", "*const mixed[]") | words("src/desk/find_check.c", "times[] =") | words(
            "src/desk/find_check.c", "*const numbers[]") | words("src/desk/find_check.c", "*const truths[]")
        self.assertEqual(set(), types - ROW - APART - {"open"})


if __name__ == "__main__":
    main()
