"""The word lists on complaints nobody wrote for them: what share finds a category, and whether it is the right one."""

import csv
import os
import unittest

from daemon import ROOT, Daemon, main

COMPLAINTS = os.path.join(ROOT, "..", "shared", "data", "comcast", "Comcast_telecom_complaints_data.csv")
CITIZENS = os.path.join(ROOT, "..", "shared", "data", "tipdm2020c", "hotspot_messages_附件3.csv")
# Read and judged by a person: what the text is about.
JUDGED = (("Comcast Cable Internet Speeds", "network.slow"), ("Comcast extended outages", "broadband.fault"), ("Overbilling", "billing.overcharge"),
    ("Comcast data caps", "tariff.dispute"), ("Comcast Customer Service", "service.attitude"), ("Internet Disconnects Every Night", "broadband.fault"),
    ("Comcast Raising Prices and Not Being Available To Ask Why", "tariff.dispute"), ("Comcast not refunding my credit", "billing.overcharge"),
    ("Throttling service and unreasonable data caps", "network.slow"), ("Wifi internet not working as well", "broadband.fault"),
    ("Failure to provide services that I am billed for.", "billing.overcharge"), ("Comcast Billing Dispute", "billing.overcharge"))


def rows(path):
    with open(path, encoding="utf-8-sig") as f:
        return list(csv.DictReader(f))


class Classify(unittest.TestCase):
    def categories(self, texts):
        with Daemon() as d, d.client() as c:
            answers = c.pipeline([("ticket.create", {"channel": "import", "text": text}) for text in texts])
            return [answer["category"] for answer in answers]

    @unittest.skipUnless(os.path.exists(COMPLAINTS), "skipped: ../shared/data/comcast is not there")
    def test_english_complaints(self):
        texts = [row["Customer Complaint"] for row in rows(COMPLAINTS)]
        found = self.categories(texts)
        share = sum(category != "other" for category in found) / len(found)
        self.assertGreater(share, 0.65)  # a third only says "Comcast" or "complaint"
        by_text = dict(zip(texts, found))
        self.assertEqual(dict(JUDGED), {text: by_text[text] for text, _ in JUDGED})

    @unittest.skipUnless(os.path.exists(CITIZENS), "skipped: ../shared/data/tipdm2020c is not there")
    def test_other_peoples_complaints_stay_other(self):
        """Citizens write about roads, schools and noise: few of their subjects may look like a telecom complaint."""
        found = self.categories([row["留言主题"] for row in rows(CITIZENS)][:1500])
        self.assertLess(sum(category != "other" for category in found) / len(found), 0.08)


if __name__ == "__main__":
    main()
