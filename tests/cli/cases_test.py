"""tocsin cases: open cases in the order in which they need people, with the three numbers, the growth, and who works on each."""

from tocsin_run import tocsin

from daemon import Case, main

from outage import outage


class Cases(Case):
    def daemon_new(self):
        d, self.c = outage(self)
        return d

    def setUp(self):
        super().setUp()
        self.say = lambda *args: tocsin("cases", *args, server=self.d.address)

    def test_the_three_numbers_and_the_people(self):
        self.assertEqual([
            " ID  LEVEL   STAGE  COMPLAINED  AFFECTED  SEVERITY  GROWTH  PEOPLE  SUSPECT  KEY",
            " 61  red     open          600         0         2      72  NOBODY  unknown  shenzhen/recharge.not_credited",
            "327  orange  open           45         0         2      -9  NOBODY  unknown  foshan/recharge.not_credited"],
            self.say("--lang", "en").out.splitlines())
        for person in ("luo.wen", "guo.hua"):
            self.c.call("ticket.act", id=327, action="assign", data={"person": person})
        zh = self.say("--lang", "zh").out.splitlines()
        self.assertEqual("编号", zh[0].split()[0])
        self.assertIn("橙色", zh[2])
        self.assertIn("罗文、郭华", zh[2])
        self.assertIn("无人", zh[1])

    def test_by_growth_and_nothing(self):
        self.assertEqual(["61", "327"], [line.split()[0] for line in self.say("--order", "growth").out.splitlines()[1:]])
        said = self.say("--order", "size")
        self.assertEqual((2, "tocsin: --order must be principles or growth, not \"size\""), (said.code, said.err.splitlines()[0]))
        for case in (61, 327):
            self.c.call("ticket.act", id=case, action="cancel", data={"reason": "x"})
        self.assertEqual("no open case\n", self.say().out)


if __name__ == "__main__":
    main()
