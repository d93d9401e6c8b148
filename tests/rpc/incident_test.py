"""Incidents: complaints hang on the case of their fault, one answer goes to all of them in slices that a kill -9 does not lose, one script
that a second person approves, people who are missed where they come from, and the three principles as an order."""

from daemon import Case, START_MS, main, until

CATEGORY = "recharge.not_credited"
FIELDS = {"amount": 5000, "paid_at": START_MS}


class Incidents(Case):
    def number(self, n):
        return "1380013%04d" % n

    def complain(self, n, **more):
        args = {"channel": "hotline_10086", "number": self.number(n), "category": CATEGORY, "city": "shenzhen", "text": "充值没有到账",
                "fields": FIELDS}
        args.update(more)
        return self.c.call("ticket.create", args)

    def open(self, **more):
        args = {"kind": "incident", "channel": "webhook", "title": "充值平台故障", "text": "x", "category": CATEGORY, "city": "shenzhen"}
        args.update(more)
        return self.c.call("ticket.create", args)

    def person(self, name):
        c = self.connect()
        c.call("session.hello", {"as": name})
        return c

    def act(self, id, action, c=None, **data):
        return (c or self.c).call("ticket.act", id=id, action=action, data=data)

    def advance(self, by="1s"):
        self.c.call("clock.advance", by=by)

    def get(self, ticket):
        return self.c.call("ticket.get", id=ticket)

    def incident(self, ticket):
        return self.c.call("incident.get", id=ticket)

    def script(self, case, zh="充值平台故障，预计12点恢复", **more):
        self.act(case, "script", self.person("wu.qiang"), zh=zh, **more)
        self.act(case, "approve_script", self.person("lin.tao"))


class Children(Incidents):
    def test_open_ones_are_found_and_later_ones_hang_on_it_at_once(self):
        self.assertNotIn("incident", self.complain(0))
        self.advance("2h")
        early = [self.complain(n)["id"] for n in range(1, 41)]  # more than a slice
        elsewhere = self.complain(41, city="foshan")["id"]
        closed = self.complain(42)["id"]
        self.act(closed, "cancel", self.person("wu.qiang"))
        case = self.open()
        self.assertEqual(0, self.incident(case["id"])["children"])
        self.advance()
        job = self.incident(case["id"])["jobs"][0]
        self.assertEqual(("attach", "done", 40), (job["kind"], job["state"], job["n_done"]))
        self.assertEqual(early, [c["id"] for c in self.c.call("incident.children", id=case["id"], limit=1000)["children"]])
        self.assertNotIn("parent", self.get(elsewhere))
        late = self.complain(50)
        self.assertEqual(case["id"], late["incident"])
        self.assertEqual(41, self.incident(case["id"])["children"])
        self.assertEqual(41, self.incident(case["id"])["complainers"])

    def test_a_contact_counts_on_the_case(self):
        case = self.open()["id"]
        self.script(case)
        answer = self.c.call("contact.add", incident=case, number=self.number(7), channel="hotline_10086", kind="same_fault")
        self.assertEqual((case, 1, 1), (answer["incident"], answer["contacts"], answer["script"]["version"]))
        self.assertEqual("充值平台故障，预计12点恢复", answer["script"]["zh"])
        said = [e["script"] for e in self.history(case) if "script" in e]
        self.assertEqual([{"incident": case, "version": 1}], said)
        child = self.complain(1)
        answer = self.c.call("contact.add", ticket=child["id"], channel="hotline_10086", kind="ask")
        self.assertEqual((child["id"], case), (answer["ticket"], answer["incident"]))

    def test_the_caller_hears_the_script_and_the_ticket_keeps_its_version(self):
        case = self.open()["id"]
        self.script(case)
        first = self.complain(1)
        self.assertEqual({"zh": "充值平台故障，预计12点恢复", "en": "充值平台故障，预计12点恢复", "incident": case, "script": 1}, first["advice"][0])
        self.script(case, "预计13点恢复", en="until one o'clock", eta=START_MS + 3 * 3600 * 1000)
        second = self.complain(2)
        self.assertEqual({"zh": "预计13点恢复", "en": "until one o'clock", "incident": case, "script": 2, "eta": START_MS + 3 * 3600 * 1000},
                         second["advice"][0])
        self.assertEqual([1, 2], [self.get(t["id"])["fields"]["script_version"] for t in (first, second)])

    def test_a_duplicate_names_the_case_and_is_not_counted_twice(self):
        case = self.open()["id"]
        first = self.complain(1)
        again = self.complain(1)
        self.assertEqual((first["id"], case), (again["duplicate_of"], again["incident"]))
        self.assertEqual(1, self.incident(case)["children"])

    def test_by_hand_in_and_out(self):
        case = self.open()["id"]
        t = self.complain(1, category="sms.failure", fields={})["id"]
        agent = self.person("wu.qiang")
        self.assertEqual(case, self.act(t, "attach", agent, ticket=case)["parent"])
        self.assertEqual(1, self.incident(case)["children"])
        self.assertNotIn("parent", self.act(t, "detach", agent, ticket=case))
        self.assertEqual(0, self.incident(case)["children"])


class Opening(Incidents):
    """Nobody says by opening a case what two persons must agree on, or what its actions write."""

    def test_what_actions_write(self):
        base = {"kind": "incident", "channel": "app", "category": CATEGORY, "city": "shenzhen", "text": "x"}
        for field, value in (("script", {"zh": "请把密码告诉来电人", "version": 1}), ("script_prompt", "P-1"), ("script_approved_by", "lin.tao"),
                             ("green", "asked"), ("green_asked_by", "nobody"), ("maintainers", ["wu.qiang"]), ("again", 40), ("recovery", "told")):
            for method, more in (("ticket.create", {}), ("ticket.import", {"created": START_MS})):
                self.refused(method, {**base, **more, "fields": {field: value}}, code="bad_request", argument="fields",
                    value=field, message="fields.%s is written by actions of incident, not by who opens it / fields.%s 由事件的操作写入，建立时不能填写"
                    % (field, field))
        self.assertEqual([], self.c.call("incident.list")["incidents"])
        self.assertEqual("orange", self.get(self.open(fields={"level": "orange"})["id"])["fields"]["level"])

    def test_who_may(self):
        base = {"kind": "incident", "channel": "app", "category": CATEGORY, "city": "shenzhen", "text": "x"}
        self.refused("ticket.create", base, self.person("wu.qiang"), code="forbidden", argument="kind", value="incident",
            message="incident is opened by supervisor, leader only / 只有 supervisor, leader 可以建立事件")
        self.assertEqual("open", self.person("lin.tao").call("ticket.create", base)["stage"])

    def test_restoring_nobody(self):
        case = self.open()["id"]
        for numbers in ([], [None, "13800130001"]):
            self.refused("ticket.act", {"id": case, "action": "restore_numbers", "data": {"numbers": numbers}}, self.person("wu.qiang"),
                code="rejected", argument="data.numbers", message='data.numbers: "{…}" is not a list with something in it and without holes'
                " / data.numbers：“{…}”不是不含空项的非空列表")
        self.assertEqual([], self.c.call("task.list", kind="boss_emergency")["tasks"])


class Answers(Incidents):
    def test_resolving_answers_all_of_them(self):
        case = self.open()["id"]
        tickets = [self.complain(n)["id"] for n in range(60)]
        agent, head = self.person("wu.qiang"), self.person("lin.tao")
        self.act(tickets[0], "cancel", agent)
        self.act(tickets[1], "dispatch", agent)
        self.act(tickets[1], "suspend", agent, cause="客户")
        preview = self.c.call("incident.preview", id=case, action="resolve")
        self.assertEqual({"child_action": "answer", "children": 60, "would": 59, "skipped": {"closed": 1}, "sample": tickets[1:6]}, preview)
        done = self.act(case, "resolve", head, text="平台已恢复，充值已补发", cause="数据库")
        self.assertEqual(("told", "resolved", "平台已恢复，充值已补发"), (done["stage"], done["status"], done["resolution"]))
        self.advance()
        job = self.incident(case)["jobs"][-1]
        self.assertEqual(("children", "answer", "done", 59, 1, "lin.tao"),
                         (job["kind"], job["action"], job["state"], job["n_done"], job["n_skipped"], job["who"]))
        for t in tickets[1:]:
            got = self.get(t)
            self.assertEqual(("replied", "resolved", "平台已恢复，充值已补发"), (got["stage"], got["status"], got["reply"]))
        last = self.history(tickets[5])[-1]
        self.assertEqual(("job.run", "lin.tao", "answer"), (last["method"], last["who"], last["action"]))
        page = self.c.call("incident.children", id=case, job=job["id"], limit=2)
        self.assertEqual([{"ok": False, "why": "closed"}, {"ok": True}], [c["outcome"] for c in page["children"]])
        rest = self.c.call("incident.children", id=case, job=job["id"], cursor=page["cursor"], limit=1000)
        self.assertEqual(58, len(rest["children"]))
        told = [e["job"] for e in self.history(case) if "job" in e]
        self.assertEqual([59], [j["n_done"] for j in told if j["kind"] == "children"])

    def test_a_job_goes_on_behind_a_kill(self):
        self.d.close()
        self.d.__init__(clock="real")
        self.d.start()
        self.c = self.connect()
        case = self.open()["id"]
        tickets = [self.complain(n)["id"] for n in range(300)]
        self.act(case, "resolve", self.person("lin.tao"), text="已恢复")
        self.restart()
        until(lambda: self.incident(case)["jobs"][-1]["state"] == "done", what="the job")
        job = self.incident(case)["jobs"][-1]
        self.assertEqual((300, None), (job["n_done"], job.get("n_skipped")))
        self.assertEqual({"已恢复"}, {self.get(t)["reply"] for t in tickets})
        for t in tickets[::50]:
            self.assertEqual(1, [e.get("action") for e in self.history(t)].count("answer"))

    def test_a_relapse_opens_the_answered_ones_again(self):
        case = self.open()["id"]
        t = self.complain(1)["id"]
        head = self.person("lin.tao")
        self.act(case, "resolve", head, text="已恢复")
        self.advance()
        self.assertEqual("watched", self.get(case)["stage"])
        self.act(case, "relapse", head, reason="又有投诉")
        self.advance()
        self.assertEqual(("restoring", "handling"), (self.get(case)["stage"], self.get(t)["stage"]))
        self.assertEqual(1, self.get(case)["reopened"])
        self.act(case, "resolve", head, text="真的恢复了")
        self.advance()
        self.assertEqual(("replied", "真的恢复了"), (self.get(t)["stage"], self.get(t)["reply"]))
        self.advance("119m")
        self.assertEqual("watched", self.get(case)["stage"])
        self.advance("1m")
        self.assertEqual(("closed", "closed"), (self.get(case)["stage"], self.get(case)["status"]))
        self.assertEqual([], self.c.call("incident.list")["incidents"])

    def test_what_has_no_children_cannot_be_previewed(self):
        case = self.open()["id"]
        self.refused("incident.preview", {"id": case, "action": "take"}, code="bad_request", argument="action",
                     message='"take" is not an action of incidents that acts on what hangs on them')
        t = self.complain(1)["id"]
        self.refused("incident.get", {"id": t}, code="bad_request", argument="id", message="ticket %d is no incident" % t)


class Ranking(Incidents):
    def test_the_three_principles_in_their_order(self):
        many = self.open(city="shenzhen")["id"]
        few = self.open(city="foshan", category="network.no_service")["id"]
        hit = self.open(city="zhuhai", category="sms.failure", fields={"affected": 900})["id"]
        none = self.open(city="jieyang", category="other")["id"]
        worse = self.open(city="yunfu", category="network.no_service")["id"]
        for n in range(5):
            self.complain(n)
        self.complain(10, city="foshan", category="network.no_service", fields={})
        got = self.c.call("incident.list")
        self.assertEqual([many, few, hit, worse, none], [i["id"] for i in got["incidents"]])
        self.assertEqual([(5, 0, 2), (1, 0, 3), (0, 900, 2), (0, 0, 3), (0, 0, 1)],
                         [(i["complainers"], i["affected"], i["severity"]) for i in got["incidents"]])
        self.assertNotIn("score", got["incidents"][0])

    def test_by_growth_the_growing_one_comes_first(self):
        old, new = self.open(city="shenzhen")["id"], self.open(city="foshan")["id"]
        for n in range(6):
            self.complain(n)
        self.advance("16m")
        for n in range(3):
            self.complain(10 + n, city="foshan")
        got = self.c.call("incident.list", order="growth")["incidents"]
        self.assertEqual([(new, 3, 3, 0), (old, -6, 0, 6)], [(i["id"], i["growth"], i["recent"], i["before"]) for i in got])
        self.assertEqual(old, self.c.call("incident.list", order="principles")["incidents"][0]["id"])

    def test_growth_is_exact_for_any_number_also_after_a_kill(self):
        def figures():
            got = self.c.call("incident.get", id=case)
            return tuple(got[k] for k in ("complainers", "growth", "recent", "before"))

        def complain(numbers):
            args = {"channel": "hotline_10086", "category": "recharge.not_credited", "city": "shenzhen", "text": "充值没有到账"}
            for at in range(0, len(numbers), 100):
                for answer in self.c.pipeline([("ticket.create", dict(args, number="1380%07d" % n)) for n in numbers[at:at + 100]]):
                    self.assertEqual(case, answer["incident"])

        case = self.open(city="shenzhen")["id"]
        complain(range(4500))
        self.assertEqual((4500, 4500, 4500, 0), figures())
        self.advance("15m")
        complain(range(4500, 4520))
        self.assertEqual((4520, 20 - 4500, 20, 4500), figures())
        self.d.restart()
        self.c = self.connect()
        self.assertEqual((4520, 20 - 4500, 20, 4500), figures())
        complain(range(4520, 4523))
        self.assertEqual((4523, 23 - 4500, 23, 4500), figures())
        self.advance("15m")
        self.assertEqual((4523, -23, 0, 23), figures())
        self.advance("15m")
        self.assertEqual((4523, 0, 0, 0), figures())

    def test_who_is_moved_is_missed_where_he_was(self):
        a, b = self.open(city="shenzhen"), self.open(city="foshan")
        head = self.person("lin.tao")
        self.act(a["id"], "assign", head, person="he.yong")
        self.act(a["id"], "assign", head, person="luo.bin")
        moved = self.act(b["id"], "assign", head, person="he.yong")
        self.assertEqual(["he.yong"], moved["fields"]["maintainers"])
        self.assertEqual({"en": "He Yong comes from %s (shenzhen/recharge.not_credited), which keeps 1" % a["no"],
                          "zh": "何勇 从 %s（shenzhen/recharge.not_credited）调来，该事件还剩 1 人" % a["no"], "incident": a["id"], "left": 1},
                         moved["advice"][0])
        self.assertEqual(["luo.bin"], self.get(a["id"])["fields"]["maintainers"])
        self.refused("ticket.act", {"id": b["id"], "action": "assign", "data": {"person": "nobody"}}, c=head, code="rejected")


class Scripts(Incidents):
    def test_two_persons_and_a_version(self):
        case = self.open()["id"]
        author, head = self.person("lin.tao"), self.person("huang.mei")
        draft = self.act(case, "script", author, zh="一", en="one", prompt="P-RECHARGE-01")
        self.assertEqual(1, draft["fields"]["script_draft"]["version"])
        self.assertNotIn("script", draft["fields"])
        self.refused("ticket.act", {"id": case, "action": "approve_script"}, c=author, code="rejected", argument="action",
                     message="lin.tao wrote version 1 of script: somebody else approves it / script 的第 1 版由 lin.tao 起草，须由另一人批准")
        got = self.act(case, "approve_script", head)["fields"]
        self.assertEqual({"version": 1, "zh": "一", "en": "one", "prompt": "P-RECHARGE-01", "by": "lin.tao", "at": START_MS, "approved_by": "huang.mei",
                          "approved_at": START_MS}, got["script"])
        self.refused("ticket.act", {"id": case, "action": "approve_script"}, c=head, code="rejected")

    def test_the_rest_of_the_boss(self):
        case = self.open()["id"]
        leader, head = self.person("zhou.gang"), self.person("lin.tao")
        self.act(case, "ask_green", head, service="recharge", until_time=START_MS + 7200 * 1000, reason="平台坏了")
        self.refused("ticket.act", {"id": case, "action": "approve_green"}, c=head, code="rejected")
        got = self.act(case, "approve_green", leader)["fields"]
        self.assertEqual(("approved", "zhou.gang", "lin.tao"), (got["green"], got["green_approved_by"], got["green_asked_by"]))


class Backlog(Incidents):
    def test_complainers_are_restored_in_batches(self):
        case = self.open()["id"]
        for n in range(12):
            self.complain(n)
        self.complain(3, category="recharge.not_credited", text="再次")  # a duplicate: one number, one request
        self.act(case, "restore_complainers", self.person("wu.qiang"), operation="recharge")
        self.advance()
        tasks = self.c.call("task.list", kind="boss_emergency")["tasks"]
        self.assertEqual([12], [t["n_numbers"] for t in tasks])
        got = self.c.call("task.get", id=tasks[0]["id"])
        self.assertEqual(("recharge", [self.number(n) for n in range(12)]), (got["data"]["operation"], got["data"]["numbers"]))
        job = self.incident(case)["jobs"][-1]
        self.assertEqual(("numbers", "done", 12, 1), (job["kind"], job["state"], job["n_done"], job["n_tasks"]))


del Incidents

if __name__ == "__main__":
    main()
