"""Numbers as people write them, and what CRM knows of them: one subscriber is one subject, facts before segments, never over what was said."""

from daemon import Case, main

PLAIN = "13800138000"


class Numbers(Case):
    def number(self, **args):
        return self.c.call("ticket.get", id=self.create(category="account.realname", **args)["id"])

    def test_written_plainly(self):
        for text, plain in (("+86 138 0013 8000", PLAIN), ("0086-13800138000", PLAIN), ("8613800138000", PLAIN), ("138.0013.8000", PLAIN),
                ("（0755）8888 6666", "075588886666"), ("+86 755 88886666", "075588886666"), ("755-88886666", "075588886666"),
                ("8675588886666", "075588886666"), ("20 8888 6666", "02088886666"), ("１３８００１３８０００", PLAIN), ("＋86 13800138000", PLAIN),
                ("10086", "10086"), ("400-123-4567", "4001234567"), ("1380013", "1380013"), ("n/a", "n/a"), ("138O0138000", "138O0138000"),
                ("075512345678转8", "075512345678转8"), ("88886666", "88886666"), ("+1 212 555 0100", "12125550100")):
            with self.subTest(text=text):
                t = self.number(number=text, caller=text)
                self.assertEqual((plain, plain, {"type": "mobile", "id": plain}), (t["number"], t["caller"], t["subject"]))

    def test_local_number_in_its_city(self):
        t = self.number(number="8888 6666", city="shenzhen")
        self.assertEqual(("075588886666", True), (t["number"], t["complete"]))

    def test_one_subject_however_written(self):
        first = self.create(number="+86 138-0013-8000", category="account.realname")
        again = self.create(number="８６13800138000", category="account.realname")
        self.assertEqual(first["id"], again["duplicate_of"])
        subject = self.create(subject={"type": "mobile", "id": "138 0013 8000"}, category="account.realname")
        self.assertEqual(first["id"], subject["duplicate_of"])
        self.assertEqual({"ticket": first["id"], "contacts": 3}, {k: v for k, v in self.c.call("contact.add", number="0086 138 0013 8000",
            channel="app", kind="urge").items() if k != "id"})

    def test_explain_sees_the_same_number(self):
        self.create(number="+86 138-0013-8000", category="account.realname")
        e = self.c.call("ticket.explain", id=1)
        self.assertEqual(PLAIN, e["decisions"][0]["facts"]["ticket"]["number"])

    def test_contacts_of_a_week(self):
        """contacts = at_least(3, within "7d") counts by the time of each contact."""
        said = "the customer called again and again this week: apologize and tell the state first"
        self.create(number=PLAIN, category="account.realname")
        self.c.call("contact.add", number=PLAIN, channel="app", kind="ask")
        self.c.call("clock.advance", by="8d")
        advice = lambda category: [a["en"] for a in self.create(number=PLAIN, category=category)["advice"]]
        self.assertNotIn(said, advice("account.cancel"))  # two contacts, eight days ago
        self.c.call("contact.add", number=PLAIN, channel="app", kind="ask")
        self.assertNotIn(said, advice("billing.cdr"))  # and two now
        self.assertIn(said, advice("tariff.dispute"))  # the third within the week


class Subscriber(Case):
    def put(self, **facts):
        return self.c.call("subscriber.put", dict(facts, number=facts.get("number", PLAIN)))

    def test_fills_what_the_call_did_not_say(self):
        self.assertEqual({"number": PLAIN, "known": True}, self.put(number="+86 13800138000", city="foshan", brand="gotone", star=5, vip=True,
            age65=False, name="Li", group="ACME"))
        t = self.c.call("ticket.get", id=self.create(number=PLAIN, category="account.realname")["id"])
        self.assertEqual(({"name": "Li", "brand": "gotone", "star": 5, "group": "ACME", "vip": True, "age65": False}, "foshan", "important"),
            (t["customer"], t["city"], t["grade"]))
        t = self.c.call("ticket.get", id=self.create(number=PLAIN, category="account.cancel", city="zhuhai", customer={"star": 1, "vip": False})["id"])
        self.assertEqual(({"name": "Li", "brand": "gotone", "star": 1, "group": "ACME", "vip": False, "age65": False}, "zhuhai", "normal"),
            (t["customer"], t["city"], t["grade"]))

    def test_city_before_segments(self):
        landline = "075588886666"
        self.assertEqual("shenzhen", self.create(number=landline, category="account.realname")["city"])
        self.put(number="755 8888 6666", city="huizhou")
        self.assertEqual("huizhou", self.create(number=landline, category="account.cancel")["city"])

    def test_last_put_counts_and_none_forgets(self):
        self.put(star=5, city="foshan")
        self.put(star=2)
        t = self.c.call("ticket.get", id=self.create(number=PLAIN, category="account.realname")["id"])
        self.assertEqual({"star": 2}, t["customer"])
        self.assertEqual({"number": PLAIN, "known": False}, self.put())
        self.assertNotIn("customer", self.c.call("ticket.get", id=self.create(number=PLAIN, category="account.cancel")["id"]))

    def test_survives_a_kill_and_explain_asks_the_recorded_facts(self):
        self.put(star=5)
        self.restart()
        self.create(number=PLAIN, category="account.realname")
        self.put(star=1)
        e = self.c.call("ticket.explain", id=1, rule="grade/five stars")
        self.assertEqual([True], [r["fired"] for r in e["decisions"][0]["rules"]])

    def test_refused(self):
        self.refused("subscriber.put", {"number": PLAIN, "city": "fosan"}, code="bad_request", argument="city", value="fosan",
            message='city "fosan" is not in the catalog')
        self.refused("subscriber.put", {"number": ""}, code="bad_request", argument="number", message='argument "number" has 0 bytes; expected text of 1 to 64 bytes')
        self.refused("subscriber.put", {"number": PLAIN, "star": 12}, code="bad_request", argument="star")
        self.refused("subscriber.put", {"number": PLAIN, "colour": "red"}, code="bad_request", argument="colour")


if __name__ == "__main__":
    main()
