"""An IT desk's log of incidents played through the daemon by examples/imports/volvo/replay.py; what tickets and histories say then equals
what is computed here from the CSV alone. 600 incidents; all 7,554 with TOCSIN_DOSE of 2 or more. TOCSIN_DATA names another data folder.
"""

import calendar
import collections
import csv
import os
import sys
import time
import unittest

from tocsin_run import DATA, IMPORTS

from daemon import Daemon, main

sys.path.insert(0, os.path.join(IMPORTS, "volvo"))
import replay  # noqa: E402

LOG = os.path.join(DATA, "eventlog", "bpi2013", "incidents.csv")
IS_THERE = os.path.exists(LOG)
FIRST = None if float(os.environ.get("TOCSIN_DOSE", "1")) > 1 else 600
DONE = {"Resolved", "In Call", "Closed", "Cancelled"}
STAGES = {"Awaiting Assignment": "queued", "In Progress": "in_progress", "Assigned": "assigned", "Wait": "wait", "Wait - User": "wait_user",
    "Wait - Customer": "wait_customer", "Wait - Implementation": "wait_implementation", "Wait - Vendor": "wait_vendor",
    "Unmatched": "unmatched", "Resolved": "resolved", "In Call": "in_call", "Closed": "closed", "Cancelled": "cancelled"}


def epoch_s(text):
    """2012-05-03T01:05:29+02:00"""
    sign = -1 if text[19] == "-" else 1
    offset_s = sign * (int(text[20:22]) * 3600 + int(text[23:25]) * 60)
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - offset_s


def cases_of(path, first):
    """{incident: [(second, sub-status, group, line)]} of the first incidents, each by time."""
    cases = collections.OrderedDict()
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            cases.setdefault(row["case:concept:name"], []).append(
                (epoch_s(row["time:timestamp"]), row["lifecycle:transition"], row["org:group"], row["organization involved"]))
    kept = list(cases)[:first]
    return {case: sorted(cases[case], key=lambda row: row[0]) for case in kept}


def seconds_by_stage(rows):
    """Each row's second is taken from the stage of the row before it."""
    out = collections.Counter()
    for before, after in zip(rows, rows[1:]):
        out[STAGES[before[1]]] += after[0] - before[0]
    return out


class Played(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        if not IS_THERE:
            print("skipped: %s is missing" % LOG)
            return
        cls.log = cases_of(LOG, FIRST)
        cls.daemon = Daemon(rules=replay.PACK, clock="virtual:" + replay.START)
        try:
            cls.daemon.start()
            cls.client = cls.daemon.client(timeout=60)
            cls.played = replay.Replay(cls.client, replay.read_log(LOG, FIRST))
            cls.played.play()
            cls.tickets = dict(cls.played.tickets())
            cls.histories = dict(cls.played.histories())
        except BaseException:
            cls.daemon.close()
            raise

    @classmethod
    def tearDownClass(cls):
        if IS_THERE:
            cls.client.close()
            cls.daemon.close()

    def setUp(self):
        if not IS_THERE:
            self.skipTest("%s is missing" % LOG)

    def same(self, expected, found):
        """Two maps by incident; the message shows the first few that differ."""
        self.assertEqual(set(expected), set(found))
        wrong = [(case, expected[case], found[case]) for case in expected if expected[case] != found[case]]
        self.assertEqual([], wrong[:3], "%d incidents differ" % len(wrong))

    def test_nothing_is_refused_and_every_row_is_an_action(self):
        self.assertEqual([], self.played.refused[:3])
        stats = self.client.call("server.stats")["tickets"]
        self.assertEqual(len(self.log), stats["created"])
        self.assertEqual(sum(len(rows) for rows in self.log.values()), stats["acts"])
        self.assertEqual({case: len(rows) for case, rows in self.log.items()},
            {case: sum(event["method"] == "ticket.act" for event in events) for case, events in self.histories.items()})

    def test_each_ticket_ends_as_the_log_does(self):
        self.same({case: STAGES[rows[-1][1]] for case, rows in self.log.items()},
            {case: ticket["stage"] for case, ticket in self.tickets.items()})

    def test_it_belongs_to_whom_the_log_says_last(self):
        self.same({case: (rows[-1][2], "org_" + rows[-1][3].lower().replace("org ", "").replace(" ", "_")) for case, rows in self.log.items()},
            {case: (ticket["fields"]["group"], ticket["department"]) for case, ticket in self.tickets.items()})

    def test_the_seconds_in_each_stage_are_the_logs(self):
        self.same({case: {stage: s for stage, s in seconds_by_stage(rows).items()} for case, rows in self.log.items()},
            {case: replay.stays(replay.moves_of_history(events)) for case, events in self.histories.items()})

    def test_openings_again_are_counted(self):
        expected = {case: sum(a[1] in DONE and b[1] not in DONE | {"Unmatched"} for a, b in zip(rows, rows[1:]))
            for case, rows in self.log.items()}
        self.assertGreater(sum(expected.values()), 0)
        self.same(expected, {case: ticket.get("reopened", 0) for case, ticket in self.tickets.items()})


class Mapping(unittest.TestCase):
    def cells(self, **more):
        return {"case:concept:name": "1-1", "time:timestamp": "2012-05-03T01:05:29+02:00", "concept:name": "Accepted",
            "lifecycle:transition": "In Progress", "org:resource": "Anne", "org:group": "V5 3rd", "organization involved": "Org line A2",
            "impact": "Medium", "product": "PROD1", **more}

    def test_a_row(self):
        row = replay.row_of(self.cells())
        self.assertEqual(("1-1", 1335999929000, "in_progress"), (row.case, row.at_ms, row.stage))
        self.assertEqual({"queue": "third_support_line", "department": "org_line_a2", "fields": {"group": "V5 3rd", "person": "Anne"}}, row.data)

    def test_a_state_that_is_not_known_is_refused(self):
        with self.assertRaises(ValueError) as caught:
            replay.row_of(self.cells(**{"lifecycle:transition": "Asleep"}))
        self.assertEqual("1-1: Accepted / Asleep is no known state", str(caught.exception))

    def test_an_event_without_a_stage_is_a_hand_over(self):
        events = [{"method": "ticket.create", "at": 0}, {"method": "ticket.act", "at": 0, "set": {"stage": ["opened", "queued"]}},
            {"method": "ticket.act", "at": 5000, "set": {"queue": ["a", "b"]}}, {"method": "timer.fire", "at": 6000},
            {"method": "ticket.act", "at": 9000, "set": {"stage": ["queued", "closed"]}}]
        self.assertEqual({"queued": 9}, replay.stays(replay.moves_of_history(events)))


if __name__ == "__main__":
    main()
