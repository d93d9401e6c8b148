"""Lists of a ticket's fields that stand in several places say the same: what a new field must be added to fails here by name."""

import os
import re

from daemon import ROOT, START_MS, Case, main


def source(path, begins, ends="};"):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    at = text.index(begins)
    return text[at:text.index(ends, at)]


def words(path, begins, ends="};"):
    return {w.rstrip("{") for w in re.findall(r'"([a-z_]+\{?)"', source(path, begins, ends))}


TYPES = dict(re.findall(r"FIELD\(([a-z_]+), [A-Z]+, ([A-Z]+)\)", source("src/desk/ticket_fields.h", "#define TICKET_FIELDS", "enum ticket_field {")))
TEXT_LIKE = {"text", "queue", "department", "person", "category", "city", "grade", "level"}  # types of data that the command line sends as text
APART = {"spent", "approval"}  # of few rows: they have no number of their own
ROW = set(TYPES) - APART - {"open"}
# Of each type: a value that fits, one that does not, what is expected.
VALUES = {"TEXT": ("x", 5, "text"), "NUMBER": (5, "x", "a finite number"), "BOOL": (True, "x", "true or false"),
    "TIME": (5, True, 'a time: integer ms since 1970 UTC, or ISO 8601 text such as "2026-09-22T10:00"'), "ANY": ([5], None, None)}
SHOWN = {5: "integer 5", "x": 'text "x"', True: "true/false true"}
IN_RULES = {"text": "TEXT", "number": "NUMBER", "bool": "BOOL", "time": "TIME"}


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
        checked = set(re.findall(r"check\.([a-z]+)(?=[(,]| =)", source("lua/lib/actions.lua", "local check = {}", "-- nil, or why x,")))
        typed = re.findall(r'\{"([a-z]+)", "[a-z]+"\}', known)
        self.assertEqual(set(re.findall(r"([a-z]+) = true", source("lua/lib/catalog.lua", "local data_types", "}"))), set(typed) | TEXT_LIKE)
        self.assertEqual(checked, set(typed) | TEXT_LIKE)
        self.assertEqual(len(typed), len(set(typed) - TEXT_LIKE))

    def test_what_is_found_by(self):
        self.assertEqual(APART | {"open"}, set(TYPES) - ROW)
        for name, of in TYPES.items():
            fits, odd, expected = VALUES[of]
            with self.subTest(name):
                if name in ("clocks", "timers"):
                    self.refused("ticket.find", {"where": {name: fits}}, code="bad_request", message='field "%s" is not known' % name)
                    continue
                self.assertEqual([], self.c.call("ticket.find", where={name: fits, "id": {"gt": 1 << 40}})["tickets"])
                if odd is not None:
                    self.refused("ticket.find", {"where": {name: odd}}, code="bad_request", argument="where." + name,
                        message='argument "where.%s" is %s; expected %s' % (name, SHOWN[odd], expected))

    def test_a_row_has_the_types_that_its_fields_say(self):
        """Of a life with much in it; of ANY it is a map or a list, of which `due` is the next."""
        first, second = (self.create(number="13800138000", category="billing.cdr", source_ref="r%d" % i, occurred=START_MS)["id"] for i in range(2))
        self.c.call("contact.add", ticket=first, channel="app", kind="urge")
        for action, data in (("dispatch", {}), ("handle", {}), ("reply", {"text": "y", "refund": 100}), ("reply", {"text": "y"}), ("confirm", {"satisfied": True})):
            self.c.call("ticket.act", id=first, action=action, data=data)
        rows = [self.c.call("ticket.get", {"id": i, "with": ["clocks", "timers"]}) for i in (first, second)]
        of_value = {str: "TEXT", bool: "BOOL", int: "NUMBER", float: "NUMBER", list: "ANY", dict: "ANY"}
        told = {name: of_value[type(x)] for row in rows for name, x in row.items() if name in TYPES}
        self.assertEqual({name: {"due": "ANY"}.get(name, {"TIME": "NUMBER"}.get(of, of)) for name, of in TYPES.items() if name in told}, told)
        self.assertGreater(len(told), 35, sorted(set(TYPES) - set(told)))

    def test_rules_read_a_field_as_what_it_is(self):
        read = re.findall(r'add\("[a-z_]+", "([a-z_]+)", ticket "([a-z_]+)"', source("lua/lib/fields.lua", "local function add", "What a field's values can be"))
        self.assertEqual({name: TYPES[name] for _, name in read}, {name: IN_RULES[of] for of, name in read})
        self.assertGreater(len(read), 25)


if __name__ == "__main__":
    main()
