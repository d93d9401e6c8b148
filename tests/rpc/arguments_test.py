"""Whatever stands in an argument, the answer is an exact refusal or what the method says; nothing of a refused call is stored."""

from daemon import Case, DAY_MS, HOUR_MS, START_MS, main
from tocsin_client import RpcError

BIG = "x" * 32768
NAN, INF = float("nan"), float("inf")

# what each method needs to be called at all; those that are left out need nothing
NEEDS = {
    "calendar.due": {"from": START_MS, "goal": 1, "unit": "hours"},
    "change.put": {"id": "c1", "components": ["sms_centre"], "from": START_MS, "to": START_MS + HOUR_MS, "owner": "ops"},
    "contact.add": {"ticket": 1, "channel": "app", "kind": "urge"},
    "draft.get": {"id": 1},
    "drill.report": {"id": 1},
    "incident.children": {"id": 2},
    "incident.effect": {"id": 2},
    "incident.get": {"id": 2},
    "incident.preview": {"id": 2, "action": "resolve"},
    "incident.suspects": {"incident": 2},
    "number.check": {"number": "13800138000"},
    "number.list": {"incident": 2, "list": "affected"},
    "number.settle": {"incident": 2, "to": "fixed", "numbers": ["13800138000"]},
    "outbound.pause": {"reason": "x"},
    "rules.rollback": {"generation": 99},
    "rules.try": {"ticket": {"channel": "app", "text": "x"}},
    "server.backup": {"dir": "/nowhere"},
    "signal.push": {"signals": []},
    "subscriber.put": {"number": "13800138000"},
    "task.cancel": {"id": 1, "reason": "x"},
    "task.claim": {"worker": "w", "kinds": ["sms"]},
    "task.done": {"id": 1, "ok": True},
    "task.get": {"id": 1},
    "task.retry": {"id": 1},
    "ticket.act": {"id": 1, "action": "accept"},
    "ticket.create": {"channel": "app", "text": "x"},
    "ticket.erase": {"id": 9, "reason": "x"},
    "ticket.explain": {"id": 1},
    "ticket.get": {"id": 1},
    "ticket.history": {"id": 1},
    "ticket.import": {"channel": "import", "text": "x", "created": START_MS - 1000},
    "topic.ack": {"consumer": "c", "seq": 0},
    "topic.subscribe": {"topics": ["#"]},
    "warning.act": {"key": "guangzhou/network.slow", "action": "note", "reason": "x"},
    "warning.counts": {"key": "guangzhou/network.slow"},
}
WRONG = {  # values that no argument of the type may have
    "text": [5, True, [], {}, NAN, b"\xff\xfe", "a\x00b", BIG + "x"],
    "integer": ["5", 1.5, NAN, INF, 2**64 - 1, 1e300, [], {}, True],
    "number": ["5", NAN, INF, [], True],
    "bool": [0, 1, "true", "", []],
    "map": [[], "", 5, {"a": NAN}, {"a": {"a": INF}}, {"a": b"\xff"}],
    "array": [{}, "", 5, [NAN], ["a", [INF]]],
    "any": [NAN],
    "time": ["", "yesterday", "2026-13-45", "2026-02-30T00:00", "0001-01-01T00:00", -1, 2**63 - 1, 2**62, 253402300800000, 1.5, NAN, True],
    "id": [0, -1, 2**53, "1", 1.5, True, []],
    "duration": ["", "5", "-1s", "1y", "999999999999w", 1.5, []],
    "enum": ["", 5, "nonsense", BIG],
}


class Walk(Case):
    def bad_values(self, arg):
        yield from WRONG[arg["type"]]
        if arg["type"] in ("integer", "duration") and "min" in arg:
            yield from (arg["min"] - 1, arg["max"] + 1)
        if arg["type"] == "text" and "min" in arg:
            yield "x" * (arg["max"] + 1)
            if arg["min"] > 0:
                yield from ("", "  ", "\n\t")

    def test_every_argument_of_every_method(self):
        self.create(number="13800138000")
        self.create(kind="incident")
        head, n = self.head(), 0
        for method in self.c.call("rpc.methods")["methods"]:
            for arg in method["args"]:
                for value in self.bad_values(arg):
                    with self.subTest(method=method["name"], argument=arg["name"], value=repr(value)[:60]):
                        args = dict(NEEDS.get(method["name"], {}), **{arg["name"]: value})
                        with self.assertRaises(RpcError) as caught:
                            self.c.call(method["name"], args)
                        e = caught.exception
                        self.assertEqual("bad_request", e.code, e.message)
                        self.assertEqual(arg["name"], e.argument.split(".")[0].split("[")[0], e.message)
                        n += 1
        self.assertGreater(n, 1000)
        self.assertEqual(head, self.head())  # no entry was made

    def test_unknown_and_missing_arguments(self):
        for method in self.c.call("rpc.methods")["methods"]:
            with self.subTest(method=method["name"]):
                self.refused(method["name"], dict(NEEDS.get(method["name"], {}), nonsense=1), code="bad_request", argument="nonsense")
            for arg in method["args"]:
                if arg["required"]:
                    args = {k: v for k, v in NEEDS[method["name"]].items() if k != arg["name"]}
                    with self.subTest(method=method["name"], missing=arg["name"]):
                        self.refused(method["name"], args, code="bad_request", argument=arg["name"])


class Values(Case):
    def bad(self, method, argument, message, value=None, **args):
        self.refused(method, args, code="bad_request", argument=argument, value=value, message=message)

    def names(self, method, argument, value=None, **args):
        """What is refused by its code and argument; the text stands in language_test.py."""
        self.refused(method, args, code="bad_request", argument=argument, value=value)

    def test_customer(self):
        for star in (99, -1):
            self.names("ticket.create", "customer.star", str(star), channel="app", text="x", customer={"star": star})
        self.bad("ticket.create", "customer.vip", 'argument "customer.vip" is text "yes"; expected true or false', "yes", channel="app", text="x",
            customer={"star": 5, "vip": "yes"})
        self.names("ticket.create", "subject.id", "5", channel="app", text="x", subject={"type": "mobile", "id": 5})
        self.assertEqual({"star": 9, "since": 2001}, self.c.call("ticket.get", id=self.create(customer={"star": 9, "since": 2001})["id"])["customer"])

    def test_request_id(self):
        for request_id in ("", " ", "x" * 201):
            self.names("ticket.create", "request_id", request_id[:60] or None, channel="app", text="x", request_id=request_id)
        self.assertEqual(1, self.create(request_id="号" * 66)["id"])

    def test_form(self):
        self.names("ticket.create", "form", "apeal", channel="regulator_12300", text="x", form="apeal")

    def test_contact(self):
        one, case = self.create(number="13800138000")["id"], self.create(kind="incident", fields={"key": "guangzhou/network.slow"})["id"]
        base = {"channel": "app", "kind": "urge"}
        self.names("contact.add", "incident", "2", ticket=one, incident=case, **base)
        self.names("contact.add", "incident", "1", incident=one, **base)
        self.names("contact.add", "channel", "ap", ticket=one, channel="ap", kind="urge")
        self.names("contact.add", "ticket", None, number="", **base)
        self.assertEqual(case, self.c.call("contact.add", incident=case, **base)["incident"])

    def test_change(self):
        base = {"id": "c1", "from": START_MS, "to": START_MS + HOUR_MS, "owner": "ops"}
        self.bad("change.put", "components", 'components names "sms_centre" twice', "sms_centre", components=["sms_centre", "sms_centre"], **base)
        self.bad("change.put", "cities", 'cities names "foshan" twice', "foshan", components=["sms_centre"], cities=["foshan", "zhuhai", "foshan"],
            **base)
        self.names("change.put", "owner", " ", components=["sms_centre"], **dict(base, owner=" "))

    def test_warning(self):
        for action, level in (("raise", "pink"), ("lower", "read"), ("ack", "red")):
            self.names("warning.act", "level", level, key="guangzhou/network.slow", action=action, reason="x", level=level)
        self.names("warning.act", "level", "red", key="*", action="raise", reason="x", level="red", until=START_MS + HOUR_MS)
        self.bad("warning.act", "until", "ack of a warning takes no until; raise on * does", "0", key="guangzhou/network.slow", action="ack",
            reason="x", until=0)
        self.bad("warning.act", "until", "lower on * takes no until; raise on * does", "0", key="*", action="lower", reason="x", until=0)

    def test_counts_of_no_time(self):
        for to in (2**63 - 1, 2**62, 253402300800000):
            self.bad("warning.counts", "to", 'argument "to" is %d; expected 0 to 253402300799999' % to, str(to), key="guangzhou/network.slow", to=to)
        self.bad("warning.counts", "from", "from and to must hold 1 to 2016 bins of 5 minutes", None, key="guangzhou/network.slow", to=1)
        self.assertEqual([0] * 13, self.c.call("warning.counts", key="guangzhou/network.slow", to=253402300799999)["counts"])

    def test_incident(self):
        case = self.create(kind="incident", fields={"key": "guangzhou/network.slow"})["id"]

        def refused(action, argument, value, message, **data):
            self.refused("ticket.act", {"id": case, "action": action, "data": data}, code="rejected", argument=argument, value=value,
                message=message)

        refused("level", "data.level", "pink", 'data.level: "pink" is not a level: none, yellow, orange, red, black'
            " / data.level：“pink”不是预警等级：none、yellow、orange、red、black", level="pink")
        refused("level", "data.levle", None, 'level does not ask for data.levle (did you mean "level"?)'
            " / 调整预警等级不需要填写 levle（是不是“level”？）", level="red", levle="black")
        refused("take", "data.x", None, "take does not ask for data.x / 接手不需要填写 x", x=1)
        refused("widen", "data.cities", "fosan", 'data.cities: "fosan" is not a declared city (did you mean "foshan"?)'
            " / data.cities：“fosan”不是已声明的地市（是不是“foshan”？）", cities=["zhuhai", "fosan"])
        for fields, says, says_zh in (({"level": "pink"}, 'fields.level: "pink" is not a level: none, yellow, orange, red, black',
                "fields.level：“pink”不是预警等级：none、yellow、orange、red、black"),
                ({"cities": 5}, 'fields.cities: "5" is not a list of declared cities', "fields.cities：“5”不是已声明的地市列表"),
                ({"cities": []}, 'fields.cities: "{…}" is not a list of declared cities', "fields.cities：“{…}”不是已声明的地市列表")):
            self.refused("ticket.create", {"kind": "incident", "channel": "app", "text": "x", "fields": fields}, code="rejected",
                argument="fields." + next(iter(fields)), message="%s / %s" % (says, says_zh))
        for key in ("eta", "until_time"):
            for at in (0, START_MS):
                refused("script", "data." + key, str(at), 'data.%s: "%d" is not a time to come: whole ms since 1970 UTC'
                    " / data.%s：“%d”不是将来的时刻：自 1970 年 UTC 起的整毫秒数" % (key, at, key, at), zh="正在抢修", prompt="p1", **{key: at})
        self.c.call("ticket.act", id=case, action="script", data={"zh": "正在抢修", "eta": START_MS + 1, "until_time": START_MS + 1})

    def test_types_of_data(self):
        """Every type that an action may ask for: what is not of it, and what was expected."""
        one, handled, inspection, case = (self.create(kind=kind)["id"] for kind in ("complaint", "complaint", "inspection", "incident"))
        self.c.call("ticket.act", id=handled, action="dispatch")
        self.c.call("ticket.act", id=handled, action="handle")
        for ticket, action, data, shown, says, says_zh in (
                (one, "accept", {"category": "network.slwo"}, "network.slwo", 'a declared category (did you mean "network.slow"?)', "已声明的分类（是不是“network.slow”？）"),
                (one, "accept", {"city": "fosan"}, "fosan", 'a declared city (did you mean "foshan"?)', "已声明的地市（是不是“foshan”？）"),
                (one, "accept", {"number": 7}, "7", "a text", "文字"),
                (one, "accept", {"fields": "x"}, "x", "a map", "一组字段"),
                (one, "dispatch", {"queue": "expertt"}, "expertt", 'a declared queue (did you mean "expert"?)', "已声明的队列（是不是“expert”？）"),
                (one, "dispatch", {"department": 5}, "5", "a declared department", "已声明的部门"),
                (one, "dispatch", {"owner": "nobody at all"}, "nobody at all", "a declared person", "已声明的人员"),
                (one, "escalate", {"reason": "x", "grade": "majr"}, "majr", 'a declared grade (did you mean "major"?)', "已声明的等级（是不是“major”？）"),
                (handled, "resume", {"answered": -1}, "-1", "a time: whole ms since 1970 UTC, to the year 9999", "时刻：自 1970 年 UTC 起的整毫秒数，不晚于 9999 年"),
                (handled, "reply", {"text": "x", "refund": 1.5}, "1.5", "an amount: a whole number of fen, 0 or more", "金额：不小于 0 的整数，单位为分"),
                (one, "merge", {"ticket": "1"}, "1", "a whole number", "整数"),
                (inspection, "score", {"score": "9"}, "9", "a number", "数字"),
                (case, "restore_numbers", {"numbers": {"a": 1}}, "{…}", "a list with something in it and without holes", "不含空项的非空列表"),
                (case, "restore_numbers", {"numbers": 5}, "5", "a list with something in it and without holes", "不含空项的非空列表"),
                (case, "restore_numbers", {"numbers": ["x"]}, "x", "a mobile, fixed or 400 number, digits only", "手机、固话或 400 号码，只含数字"),
                (case, "restore_numbers", {"numbers": ["13800138000", 5]}, "5", "a mobile, fixed or 400 number, digits only", "手机、固话或 400 号码，只含数字")):
            key = list(data)[-1]
            with self.subTest(action, **data):
                self.refused("ticket.act", {"id": ticket, "action": action, "data": data}, code="rejected", argument="data." + key, value=shown,
                    message='data.%s: "%s" is not %s / data.%s：“%s”不是%s' % (key, shown, says, key, shown, says_zh))
        self.c.call("ticket.act", id=handled, action="reply", data={"text": "x"})
        self.refused("ticket.act", {"id": handled, "action": "confirm", "data": {"satisfied": 1}}, code="rejected", argument="data.satisfied", value="1",
            message='data.satisfied: "1" is not true or false / data.satisfied：“1”不是 true 或 false')
        self.assertEqual("scored", self.c.call("ticket.act", id=inspection, action="score", data={"score": 9.5})["stage"])

    def test_occurred_to_come(self):
        """A slip of the pen: the complaint counts in the minute it came in, and its clocks do not wait for the year 9999."""
        args = {"city": "guangzhou", "category": "network.slow"}
        self.create(occurred="9999-12-31T00:00", channel="regulator_12300", form="appeal", **args)
        plain = self.create(channel="regulator_12300", form="appeal", **args)
        self.assertEqual(self.c.call("ticket.get", id=plain["id"])["due"], self.c.call("ticket.get", id=1)["due"])
        self.c.call("clock.advance", by="10m")
        self.create(**args)
        counts = self.c.call("warning.counts", key="guangzhou/network.slow", **{"from": START_MS, "to": START_MS + DAY_MS})["counts"]
        self.assertEqual(([2, 0, 1], 3), (counts[:3], sum(counts)))
        self.assertEqual([1], self.c.call("warning.counts", key="guangzhou/network.slow", **{"from": START_MS + 10 * 60000})["counts"])

    def test_metrics_stay_numbers(self):
        signal = {"at": START_MS, "source": "oss", "kind": "metric", "component": "sms_centre", "code": "load"}
        for value, said in ((1e308, "1e+308"), (-1e308, "-1e+308")):
            answer = self.c.call("signal.push", signals=[dict(signal, value=value)] * 2)
            self.assertEqual((0, {"index": 1, "field": "value", "message": "value is %s; expected a number from -1e18 to 1e18" % said,
                "message_zh": "value 是 %s；应为 -1e18 到 1e18 的数字" % said}),
                (answer["accepted"], answer["rejected"][1]))
        self.assertEqual(2, self.c.call("signal.push", signals=[dict(signal, value=1e18), dict(signal, value=1)])["accepted"])
        self.assertEqual(1e18 + 1, self.c.call("signal.counts")["counts"][0]["sum"])

    def test_more_rejected_than_an_answer_tells(self):
        answer = self.c.call("signal.push", signals=[{}] * 1500)
        self.assertEqual((0, 1000, 1500, True), (answer["accepted"], len(answer["rejected"]), answer["n_rejected"], answer["is_cut"]))
        self.assertEqual({"accepted", "rejected"}, set(self.c.call("signal.push", signals=[{}] * 1000)))

    def test_names_that_nothing_has(self):
        self.names("signal.counts", "kind", "txn_fail", kind="txn_fail")
        self.names("task.list", "kind", "smss", kind="smss")
        self.names("incident.suspects", "service", "smss", service="smss")
        case, one = self.create(kind="incident")["id"], self.create()["id"]
        self.refused("incident.children", {"id": case, "job": 77}, code="not_found", argument="job", value="77",
            message="job 77 is none of incident 1; incident.get lists them")
        self.refused("ticket.explain", {"id": one, "rule": "routing/nobody"}, code="not_found", argument="rule", value="routing/nobody",
            message='no rule "routing/nobody" was asked about ticket 2 in entry %d' % self.head()["seq"])

    def test_conditions(self):
        """What is of another type than the field would find nothing and look like an answer; times may be said as text."""
        time = 'expected a time: integer ms since 1970 UTC, or ISO 8601 text such as "2026-09-22T10:00"'
        one = self.create(number="13800138000")["id"]

        def bad(argument, says, value=None, **where):
            self.bad("ticket.find", argument, 'argument "%s" is %s' % (argument, says), value, where=where)

        bad("where.status", "integer 5; expected text", "5", status=5)
        bad("where.id.ge", 'text "x"; expected a finite number', "x", id={"ge": "x"})
        bad("where.id.in[1]", "array []; expected a finite number", "[]", id={"in": [1, []]})
        bad("where.created.le", 'text "yesterday"; ' + time, "yesterday", created={"le": "yesterday"})
        bad("where.due", "-1; expected 0 to 253402300799999", "-1", due=-1)
        bad("where.open", 'text "yes"; expected true or false', "yes", open="yes")
        bad("where.queue.under", "true/false true; expected text", "true", queue={"under": True})
        self.names("ticket.find", "where", None, where={"status": {"in": "closed"}})

        def found(**where):
            return [t["id"] for t in self.c.call("ticket.find", where=where)["tickets"]]

        self.assertEqual(([one], []), (found(created={"ge": "2026-09-22T10:00", "le": START_MS}), found(created={"gt": "2026-09-22T10:00"})))
        self.assertEqual(([one], []), (found(created={"in": ["2026-09-22T10:00"]}), found(closed={"lt": "2027-01-01T00:00"})))
        self.assertEqual(([one], [one]), (found(closed=None), found(**{"fields.x": None})))

    def test_subject(self):
        """A subject without an id is none: no two complaints are of the same nobody. One that contradicts the number is refused."""
        for subject in ({"type": "mobile", "id": ""}, {"type": "", "id": ""}):
            first, again = (self.create(subject=subject, category="network.slow") for _ in range(2))
            self.assertNotIn("duplicate_of", again)
            self.assertNotIn("subject", self.c.call("ticket.get", id=first["id"]))
        t = self.c.call("ticket.get", id=self.create(subject={"type": "mobile", "id": ""}, number="13800138000")["id"])
        self.assertEqual({"type": "mobile", "id": "13800138000"}, t["subject"])
        self.bad("ticket.create", "number", "number 139****9000 and subject.id 138****8000 are two; a subject of type mobile is the number",
            "139****9000", channel="app", text="x", number="13900139000", subject={"type": "mobile", "id": "13800138000"})
        t = self.create(number="+86 138 0013 8001", subject={"type": "mobile", "id": "13800138001"})
        self.assertEqual("13800138001", self.c.call("ticket.get", id=t["id"])["number"])

    def test_keys(self):
        self.bad("ticket.create", "fields", 'argument "fields" has a key of 32769 bytes; a text has at most 32768', None, channel="app", text="x",
            fields={BIG + "x": 1})
        self.names("warning.counts", "key", "network.slwo", key="foshan/network.slwo")

    def test_topics(self):
        self.bad("topic.subscribe", "topics", "topics names 257; expected 1 to 256", None, topics=["rules"] * 257)
        self.bad("topic.subscribe", "topics", "topics names 0; expected 1 to 256", None, topics=[])
        self.bad("topic.subscribe", "topics", "topics[1] must be text of 1 to 200 bytes", None, topics=["rules", "x" * 201])


if __name__ == "__main__":
    main()
