"""One fault is one case: what its signals, its complaints, a roll-up and a person say of it hangs on one incident, whose level is that of
its worst key and whose persons are called once."""

from daemon import HOUR_MS, START_MS, main
from warning_test import BIN_MS, MINUTE_MS, Warning

PACK = """pack { base = "default", name = "evidence" }
component "gateway" { zh = "充值网关", en = "gateway", service = "recharge" }
fault "recharge" { zh = "充值未到账", en = "recharge not credited", service = "recharge", categories = { "recharge.not_credited" } }
levels "failed" {
  { "yellow", enter = { F5 = at_least(100) }, leave = { F5 = less_than(50) }, closes = 3, stay = 2 },
  { "orange", enter = { F5 = at_least(1000) }, leave = { F5 = less_than(500) }, closes = 3, stay = 3 },
}
levels "complaints" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) }, closes = 3, stay = 3 },
  { "red", enter = { S15 = at_least(150) }, leave = { S15 = less_than(75) }, closes = 3, stay = 6 },
}
watch "failed" { of = "signals", kinds = { "txn_failed" }, service = "recharge", by = { "city" }, bin = "1m", sums = { F5 = 5 }, expected = 1.0,
  levels = "failed" }
watch "city" { by = { "city", "category" }, bin = "5m", sums = { S15 = 3 }, expected = 2.0, levels = "complaints",
  categories = { "recharge", "billing", "broadband" } }
watch "province" { by = { "category" }, bin = "5m", sums = { S15 = 3 }, expected = 8.0, levels = "complaints", categories = { "recharge" } }
cluster "payment" { zh = "支付类", en = "payment", categories = { "recharge", "billing" } }
watch "cluster" { cluster = "payment", by = { "cluster" }, bin = "5m", sums = { S15 = 3 }, expected = 8.0, levels = "complaints" }
"""
SIGNAL, CITY, PROVINCE, CLUSTER = "signal:shenzhen/txn_failed/recharge", "shenzhen/recharge.not_credited", "*/recharge.not_credited", "cluster:payment"
RECOVERY = [0, 0, 1, 2, 3, 5, 6]  # at the close between 3 and 5 the warning itself fell, which is told


class Evidence(Warning):
    def setUp(self):
        super().setUp()
        with open(self.pack + "/pack.lua", "w", encoding="utf-8") as f:
            f.write(PACK)
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)

    def break_recharges(self, n):
        at = self.c.call("clock.now")["now"]
        signals = [{"at": at, "source": "boss", "kind": "txn_failed", "component": "gateway", "city": "shenzhen"} for _ in range(n)]
        self.assertEqual({"accepted": n, "rejected": []}, self.c.call("signal.push", signals=signals))

    def incidents(self):
        return sorted(i["id"] for i in self.c.call("incident.list")["incidents"])

    def fields(self, incident):
        return self.c.call("ticket.get", id=incident)["fields"]

    def told(self):
        """(level, person) of every call."""
        return [(e["data"]["level"], e["data"]["person"]) for e in self.events("duty") if e["data"].get("event") == "call"]

    def of_keys(self):
        return {w["key"]: (w["level"], w.get("incident")) for w in self.c.call("warning.list")["warnings"]}

    def done(self, incident):
        return [d["facts"]["action"] for e in self.history(incident) for d in e.get("decisions", []) if d["point"] == "act"]


class OneFault(Evidence):
    def test_signals_complaints_and_a_roll_up_are_one_case(self):
        self.break_recharges(1000)
        self.c.call("clock.advance", by=MINUTE_MS)  # 09:01: orange by signals alone
        (case,) = self.incidents()
        self.assertEqual({SIGNAL: ("orange", case)}, self.of_keys())
        self.assertEqual((SIGNAL, [SIGNAL], "orange"), tuple(self.fields(case)[k] for k in ("key", "keys", "level")))
        self.feed([29])  # 09:05: yellow in the city, the province, the cluster
        self.assertEqual([case], self.incidents())
        self.assertEqual({SIGNAL: ("orange", case), CITY: ("yellow", case), PROVINCE: ("yellow", case), CLUSTER: ("yellow", case)}, self.of_keys())
        self.assertEqual([SIGNAL, CITY, PROVINCE, CLUSTER], self.fields(case)["keys"])
        self.assertEqual(("orange", START_MS - 12 * BIN_MS), (self.fields(case)["level"], self.fields(case)["began"]))
        self.assertEqual(["evidence"] * 3, self.done(case))
        self.restart()
        self.c.call("clock.advance", by=3 * MINUTE_MS)  # 09:08: nothing failed for seven minutes
        self.assertEqual("yellow", self.fields(case)["level"])
        self.feed([121])  # 09:10: 150 in 15 minutes
        self.assertEqual([case], self.incidents())
        self.assertEqual("red", self.fields(case)["level"])
        self.assertEqual(["evidence"] * 3 + ["level"] * 2, self.done(case))
        self.assertEqual(len(set(self.told())), len(self.told()))
        self.assertEqual({"orange", "yellow", "red"}, {level for level, _ in self.told()})
        complaint = self.create(city="shenzhen", category="recharge.not_credited")
        self.assertEqual(case, complaint["incident"])

    def test_a_case_that_takes_in_a_city_takes_its_numbers(self):
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="充值")["id"]
        at = self.c.call("clock.now")["now"]
        self.c.call("signal.push", signals=[{"at": at, "source": "boss", "kind": "txn_failed", "component": "gateway", "city": city,
            "number": number} for city, number in (("shenzhen", "13800000001"), ("foshan", "13800000002"))])
        def numbers():
            return self.c.call("number.list", incident=case, list="affected", limit=10)["numbers"]
        self.assertEqual(["13800000001"], [n["number"] for n in numbers()])
        self.c.call("ticket.act", id=case, action="widen", data={"cities": ["shenzhen", "foshan"]})
        self.assertEqual(["13800000001", "13800000002"], [n["number"] for n in numbers()])
        self.assertEqual(case, self.c.call("number.check", number="13800000002")["incident"])

    def test_the_level_falls_when_the_worst_key_falls(self):
        self.break_recharges(1000)
        self.c.call("clock.advance", by=MINUTE_MS)
        (case,) = self.incidents()
        self.feed([16])
        self.assertEqual(({SIGNAL: ("orange", case), CITY: ("yellow", case), PROVINCE: ("yellow", case), CLUSTER: ("yellow", case)}, "orange"),
                         (self.of_keys(), self.fields(case)["level"]))
        self.feed([0])  # nothing failed for nine minutes
        self.assertEqual(({SIGNAL: ("yellow", case), CITY: ("yellow", case), PROVINCE: ("yellow", case), CLUSTER: ("yellow", case)}, "yellow"),
                         (self.of_keys(), self.fields(case)["level"]))
        self.feed([0] * 6)
        self.assertEqual({}, self.of_keys())
        self.assertEqual(("none", "orange"), (self.fields(case)["level"], self.fields(case)["highest"]))  # nobody closed it

    DAILY = 'levels "day" { { "yellow", enter = { day = at_least(20) }, leave = { day = less_than(10) }, closes = 1 }, ' \
        '{ "red", enter = { day = at_least(900) }, leave = { day = less_than(500) }, closes = 1 } }\n' \
        'watch "day" { by = { "city" }, bin = "1d", sums = { day = 1 }, expected = 1.0, levels = "day", categories = { "recharge" } }\n'

    def recovery_asked(self):
        """An outbreak ends, and somebody says that it works: how long the case was under the exit of red each time it was asked about."""
        self.feed([5] * 4)
        self.bin = START_MS + 15 * HOUR_MS
        self.c.call("clock.advance", to=self.bin)  # 01:00, when the day before is known
        self.feed([200])
        (case,) = self.incidents()
        boss = self.connect()
        boss.hello(**{"as": "zhou.gang"})
        for action in ("take", "claim"):
            boss.call("ticket.act", id=case, action=action)
        self.feed([0] * 8)
        return [d["facts"]["warning"]["under"]["red"] for e in self.history(case) for d in e.get("decisions", [])
            if d["point"] == "warning" and d["facts"]["warning"]["event"] == "recovery"]

    def test_a_case_that_recovers_is_asked_about_at_each_close(self):
        self.assertEqual(RECOVERY, self.recovery_asked())
        self.assertNotIn("shenzhen/*", self.of_keys())

    def test_a_key_of_days_holds_up_no_recovery(self):
        self.add_to_pack(self.DAILY)
        self.assertEqual(RECOVERY, self.recovery_asked())
        self.assertEqual("yellow", self.of_keys()["shenzhen/*"][0])

    def test_another_city_and_another_fault_are_other_cases(self):
        self.feed([30])
        (case,) = self.incidents()
        self.assertEqual("shenzhen", self.c.call("ticket.get", id=case)["city"])
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city="foshan", category="recharge.not_credited"))] * 30)
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city="shenzhen", category="broadband.fault"))] * 30)
        self.feed([0])
        self.assertEqual(3, len(self.incidents()))
        by_key = {key: incident for key, (_, incident) in self.of_keys().items()}
        self.assertEqual(3, len({by_key[key] for key in (CITY, "foshan/recharge.not_credited", "shenzhen/broadband.fault")}))
        self.assertEqual((case, case), (by_key[PROVINCE], by_key[CLUSTER]))

    def test_agents_label_one_fault_differently(self):
        """A cluster of the pack holds both: the other label's complaints hang on the case, too."""
        self.feed([30])
        (case,) = self.incidents()
        early = self.create(city="shenzhen", category="billing.overcharge")
        self.assertEqual(None, early.get("incident"))
        self.feed([16], category="billing.overcharge")
        self.assertEqual([case], self.incidents())
        self.assertEqual(("yellow", case), self.of_keys()["shenzhen/billing.overcharge"])
        self.assertEqual(case, self.create(city="shenzhen", category="billing.overcharge")["incident"])
        self.c.call("clock.advance", by=1000)
        self.assertEqual(case, self.c.call("ticket.get", id=early["id"])["parent"])  # what came before is taken in

    def test_what_begins_an_hour_later_is_another_fault(self):
        self.feed([30] + [0] * 12)
        (case,) = self.incidents()
        self.feed([40], category="billing.overcharge")
        self.assertEqual(2, len(self.incidents()))
        self.assertNotEqual(case, self.of_keys()["shenzhen/billing.overcharge"][1])

    def test_what_a_person_opened_is_the_case(self):
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="充值")["id"]
        self.feed([30])
        self.assertEqual([case], self.incidents())
        self.assertEqual((["shenzhen/recharge.not_credited", PROVINCE, CLUSTER], "orange", START_MS - 12 * BIN_MS),
                         tuple(self.fields(case)[k] for k in ("keys", "level", "began")))

    def complain_in(self, city, n, category="recharge.not_credited"):
        self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category=category))] * n)

    def test_a_case_that_says_nothing_swallows_no_warning(self):
        case = self.create(kind="incident", title="机房空调故障")["id"]
        self.assertEqual("*/*", self.fields(case)["key"])
        self.complain_in("foshan", 30)
        self.feed([0])
        self.assertEqual(2, len(self.incidents()))
        (other,) = set(self.incidents()) - {case}
        self.assertEqual({other}, {incident for _, incident in self.of_keys().values()})
        self.assertEqual((None, None), tuple(self.fields(case).get(k) for k in ("keys", "level")))

    def test_complaints_hang_on_no_case_that_says_nothing(self):
        """By hand they may; one that only says where is about all that is complained of there."""
        bare = self.c.call("ticket.create", kind="incident", channel="app", title="broken cooling", text="x")["id"]
        made = [self.c.call("ticket.create", channel="app", city="shenzhen", category=of, text="x") for of in ("recharge.not_credited", "network.slow")]
        self.assertEqual([None, None], [t.get("incident") for t in made])
        self.c.call("ticket.act", id=made[0]["id"], action="attach", data={"ticket": bare})
        self.assertEqual(bare, self.c.call("ticket.get", id=made[0]["id"])["parent"])
        where = self.c.call("ticket.create", kind="incident", channel="app", city="shenzhen", title="no power", text="x")["id"]
        made = [self.c.call("ticket.create", channel="app", city=city, category="network.slow", text="x") for city in ("shenzhen", "foshan")]
        self.assertEqual([where, None], [t.get("incident") for t in made])

    def test_a_case_of_a_category_takes_in_no_other(self):
        case = self.create(kind="incident", category="billing.cdr", title="话单")["id"]
        self.complain_in("foshan", 30)
        self.feed([0])
        (other,) = set(self.incidents()) - {case}
        self.assertEqual({other}, {incident for _, incident in self.of_keys().values()})
        self.complain_in("zhuhai", 30, "billing.cdr")
        self.feed([0])
        self.assertEqual({case, other}, set(self.incidents()))
        self.assertEqual(case, self.of_keys()["zhuhai/billing.cdr"][1])
        self.assertEqual(["zhuhai/billing.cdr"], self.fields(case)["keys"])

    def test_a_dead_feed_and_a_fault_are_two_cases(self):
        self.add_to_pack('silence { level = "orange" }\n')
        self.feed([1] + [0] * 5)
        feeds = {key: incident for key, (_, incident) in self.of_keys().items()}
        self.assertEqual({"source:app", "source:hotline_10086"}, set(feeds))
        self.assertEqual(2, len(self.incidents()))
        self.complain_in("foshan", 30)
        self.feed([0])
        self.assertEqual(3, len(self.incidents()))
        self.assertNotIn(self.of_keys()["foshan/recharge.not_credited"][1], feeds.values())
        for key, case in feeds.items():
            self.assertEqual((key, [key], "orange"), tuple(self.fields(case)[k] for k in ("key", "keys", "highest")))

    def test_what_stood_before_the_case_is_evidence(self):
        self.feed([16])
        self.assertEqual([], self.incidents())
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="充值")["id"]
        self.feed([0])
        self.assertEqual({CITY: ("yellow", case), PROVINCE: ("yellow", case), CLUSTER: ("yellow", case)}, self.of_keys())
        self.assertEqual("yellow", self.fields(case)["level"])
        self.restart()
        before = self.head()
        self.feed([0])
        self.assertEqual(["evidence", "level", "evidence", "evidence"], self.done(case))
        self.assertNotEqual(before, self.head())

    def cancelled(self):
        """A case at the highest level, cancelled by mistake: nothing can rise any more. How it was, and its id."""
        self.feed([150])
        (case,) = self.incidents()
        self.c.call("ticket.act", id=case, action="cancel", data={"reason": "taken for a drill"})
        self.feed([50, 50])
        self.assertEqual(([], {CITY: ("red", case), PROVINCE: ("red", case), CLUSTER: ("red", case)}), (self.incidents(), self.of_keys()))
        return case

    def test_a_case_that_was_cancelled_by_mistake_is_replaced_by_hand(self):
        self.cancelled()
        self.restart()
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="充值")["id"]
        self.feed([50])
        self.assertEqual({CITY: ("red", case), PROVINCE: ("red", case), CLUSTER: ("red", case)}, self.of_keys())
        self.assertEqual(([CITY, PROVINCE, CLUSTER], "red"), tuple(self.fields(case)[k] for k in ("keys", "level")))
        self.feed([0] * 12)
        self.assertEqual(([case], "none"), (self.incidents(), self.fields(case)["level"]))

    def test_also_by_one_that_was_open_before(self):
        self.feed([150])
        (case,) = self.incidents()
        other = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="充值")["id"]
        self.feed([50])
        self.assertEqual({case}, {incident for _, incident in self.of_keys().values()})
        self.c.call("ticket.act", id=case, action="cancel", data={"reason": "twice"})
        self.feed([50])
        self.assertEqual({other}, {incident for _, incident in self.of_keys().values()})

    def caseless(self):
        return [e["data"] for e in self.events("duty") if e["data"].get("event") == "caseless"]

    def test_what_stands_without_a_case_is_said_once_and_gets_one_after_an_hour(self):
        """Who cancelled it may be right; who sees it stand for another hour without a case may not overlook it. Also over kill -9."""
        case = self.cancelled()
        self.assertEqual([("red", case, "it stands without a case", START_MS - 11 * BIN_MS)] * 3,
            [(n["level"], n["caseless"]["incident"], n["note"]["en"], n["caseless"]["since"]) for n in self.caseless()])
        self.assertEqual([CITY, PROVINCE, CLUSTER], [n["key"] for n in self.caseless()])
        self.assertEqual(case, self.one(CITY)["caseless"]["incident"])
        before = self.told()
        self.feed([50] * 9)
        self.restart()
        self.assertEqual(([], case), (self.incidents(), self.one(CITY)["caseless"]["incident"]))
        self.feed([50])  # an hour after the close that first saw it
        (other,) = self.incidents()
        self.assertEqual({CITY: ("red", other), PROVINCE: ("red", other), CLUSTER: ("red", other)}, self.of_keys())
        self.assertEqual((CITY, case, "red"), tuple(self.fields(other)[k] for k in ("key", "follows", "level")))
        self.assertEqual([None] * 3, [self.one(key).get("caseless") for key in (CITY, PROVINCE, CLUSTER)])
        self.assertEqual(3, len(self.caseless()))
        self.assertEqual([("red", "chen.jing"), ("red", "deng.jun")], self.told()[len(before):])
        self.c.call("clock.advance", by=5000)  # what hung on the case that was cancelled
        self.assertEqual(0, self.c.call("incident.get", id=case)["children"])

    def test_what_is_closed_again_waits_again(self):
        self.cancelled()
        self.feed([50] * 10)
        (other,) = self.incidents()
        self.c.call("ticket.act", id=other, action="cancel", data={"reason": "no"})
        self.feed([50] * 10)
        self.assertEqual(([], other), (self.incidents(), self.one(CITY)["caseless"]["incident"]))

    def test_a_pack_says_how_long_and_from_which_level(self):
        self.add_to_pack('rules.before "warning" { rule "soon" { when = { warning = "caseless", case_was = "cancelled", caseless_for = at_least "10m" },'
                         ' open = "incident" } }\n')
        self.feed([150])
        (case,) = self.incidents()
        self.c.call("ticket.act", id=case, action="cancel", data={"reason": "x"})
        self.feed([50, 50, 50])
        (other,) = self.incidents()
        self.assertNotEqual(case, other)
        self.assertEqual([], [n["key"] for n in self.caseless() if n["level"] == "yellow"])

    def test_yellow_without_a_case_is_as_it_should_be(self):
        self.feed([16] + [6] * 20)
        self.assertEqual(([], []), (self.incidents(), self.caseless()))
        self.assertNotIn("caseless", self.one(CITY))

    def test_a_case_that_could_not_be_opened_is_missed(self):
        """A decision that cannot be done leaves red without a case: it is said, and tried again."""
        self.add_to_pack('rules.before "warning" { rule "broken" { when = { warning = "change", level = at_least("orange") }, open = "incident", act = "note" } }\n')
        self.feed([150])
        self.assertEqual([], self.incidents())
        self.feed([50] * 13)
        self.assertEqual(1, len(self.incidents()))
        self.assertEqual({(START_MS - 11 * BIN_MS, None)}, {(n["caseless"]["since"], n["caseless"].get("incident")) for n in self.caseless()})

    def test_what_falls_after_its_case_was_closed_opens_none(self):
        case = self.cancelled()
        self.create(kind="incident", city="foshan", category="recharge.not_credited", title="充值")
        self.feed([0] * 4)
        self.assertEqual((1, ("orange", case)), (len(self.incidents()), self.of_keys()[CITY]))
        self.feed([0] * 12)
        self.assertEqual((1, {}), (len(self.incidents()), self.of_keys()))

    def test_within_what_the_pack_says(self):
        self.add_to_pack('rules.before "evidence" { rule "an hour" { when = { key = starts_with "shenzhen/" }, same = { "category", "city" },'
                         ' within = "1h" } }\n')
        case = self.create(kind="incident", city="shenzhen", category="recharge.not_credited", title="充值")["id"]
        self.c.call("clock.advance", by=61 * MINUTE_MS)
        self.bin += 12 * BIN_MS
        self.feed([30])
        self.assertEqual(2, len(self.incidents()))
        self.assertNotEqual(case, self.of_keys()[CITY][1])

    def test_a_decision_that_names_no_case_hides_no_warning(self):
        """A closed case is none: what rises then is another one."""
        self.feed([30])
        (case,) = self.incidents()
        self.c.call("ticket.act", id=case, action="cancel", data={"reason": "x"})
        self.feed([121])
        (other,) = self.incidents()
        self.assertNotEqual(case, other)
        self.assertEqual({"red"}, {level for level, _ in self.of_keys().values()})
        self.assertEqual({other}, {incident for _, incident in self.of_keys().values()})

    def test_why(self):
        self.break_recharges(1000)
        self.c.call("clock.advance", by=MINUTE_MS)
        (case,) = self.incidents()
        self.feed([16])
        (first,) = [e for e in self.history(case) for d in e.get("decisions", []) if d["point"] == "warning"
            and d["facts"]["warning"]["key"] == CITY]
        said = self.c.call("ticket.explain", id=case, seq=first["seq"])["decisions"]
        self.assertEqual(["evidence", "act", "warning"], [d["point"] for d in said])
        self.assertEqual(["evidence/otherwise"], [b["rule"] for b in said[0]["because"]])


class About(Warning):
    """What a case is about the pack says, both when a complaint hangs on it and when the core counts what there was before."""

    CATEGORIES = ["recharge.not_credited", "billing.overcharge", "broadband.fault", "network.slow", "recharge"]
    CASES = [  # city, what the case says of itself, the categories that it is about
        ("shenzhen", {"category": "recharge"}, {0, 4}),
        ("guangzhou", {"category": "recharge.not_credited"}, {0}),
        ("zhuhai", {"category": "broadband.fault", "keys": ["zhuhai/network.slow", "signal:zhuhai/txn_failed/recharge"]}, {2, 3}),
        ("foshan", {"cluster": "payment"}, {0, 1, 4}),
        ("dongguan", {"cluster": "payment", "keys": ["cluster:payment", "dongguan/network.slow"]}, {0, 1, 3, 4}),
        ("huizhou", {"fault": "recharge"}, {0}),
        ("zhongshan", {"service": "recharge"}, {0}),
        ("jiangmen", {"component": "gateway"}, {0}),
        ("shantou", {"component": "olt"}, {2}),
        ("zhanjiang", {"component": "radio", "keys": ["zhanjiang/network.slow"]}, {3}),
        ("maoming", {"service": "payment"}, set()),
        ("meizhou", {}, {0, 1, 2, 3, 4}),
    ]

    def setUp(self):
        super().setUp()
        with open(self.pack + "/pack.lua", "w", encoding="utf-8") as f:
            f.write("""pack { base = "default", name = "about" }
component "gateway" { zh = "充值网关", en = "gateway", service = "recharge" }
component "olt" { zh = "光线路终端", en = "OLT" }
component "radio" { zh = "基站", en = "radio", service = "access" }
fault "recharge" { zh = "充值未到账", en = "recharge not credited", service = "recharge", categories = { "recharge.not_credited" } }
fault "broadband" { zh = "宽带断网", en = "no broadband", components = { "olt" }, categories = { "broadband.fault" } }
cluster "payment" { zh = "支付类", en = "payment", categories = { "recharge", "billing" } }
rules.before "attach" { kinds = { "complaint" }, rule "what comes now" { when = { channel = "app" }, same = { "category", "city" }, before = "1s" } }
""")
        answer = self.c.call("rules.reload")
        self.assertTrue(answer["ok"], answer)

    def open(self, city, category=None, keys=(), **fields):
        case = self.create(kind="incident", city=city, title="x", fields=fields, **({"category": category} if category else {}))["id"]
        for key in keys:
            self.c.call("ticket.act", id=case, action="evidence", data={"key": key})
        return case

    def test_pack_and_core_say_the_same(self):
        for city, _, _ in self.CASES:
            for n, category in enumerate(self.CATEGORIES):  # so many that the sum says which are in it
                self.c.pipeline([("ticket.create", dict(channel="app", text="x", city=city, category=category))] * (1 << n))
        self.c.call("clock.advance", by="10m")
        for city, says, about in self.CASES:
            with self.subTest(city=city, **says):
                case = self.open(city, **says)
                before = self.c.call("incident.effect", id=case)["before"]["complaints"]
                self.assertEqual(about, {n for n in range(len(self.CATEGORIES)) if before >> n & 1}, "the core")
                hung = [self.create(city=city, category=category).get("incident") for category in self.CATEGORIES]
                self.assertEqual(about, {n for n, incident in enumerate(hung) if incident == case}, "the pack")


if __name__ == "__main__":
    main()
