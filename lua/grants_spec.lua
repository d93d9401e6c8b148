local function reply(who, fen, more)
  local s = { given = ticket { stage = "handling", department = "second_line", queue = "second_line", owner = who },
    action = "reply", data = { text = "x", refund = fen }, who = { name = who, roles = { agent = true } } }
  for k, x in pairs(more or {}) do s[k] = x end
  return s
end
local function expects(s, expect)
  s.expect = expect
  return s
end

spec "thirty yuan are within fifty a ticket" (expects(reply("wu.qiang", yuan "30.00"),
  { stage = "replied", reserves = { refund = yuan "30.00" } }))
spec "fifty are, too" (expects(reply("wu.qiang", yuan "50.00"), { stage = "replied", reserves = { refund = yuan "50.00" } }))
spec "sixty go to authority 3 of the department, and nothing is answered yet" (expects(reply("wu.qiang", yuan "60.00"),
  { by = "grants/refund", owner = "lin.tao", stage = "handling", notice = { "approval" }, reserves = {},
    say = "refund 60.00 is above your grant of 50.00 a ticket; authority 3 may (up to 500.00): lin.tao" }))
spec "what the ticket has had counts" (expects(reply("wu.qiang", yuan "30.00", { spent = { refund = { ticket = yuan "30.00" } } }),
  { owner = "lin.tao", say = "退费 30.00 元（已用 30.00 元），超过您每单 50.00 元的额度；权限等级3可以（每单 500.00 元以内）：林涛" }))
spec "and what was given today" (expects(reply("wu.qiang", yuan "30.00", { spent = { refund = { day = yuan "280.00" } } }),
  { owner = "lin.tao", say = "refund 30.00 is above the 20.00 left of your 300.00 a day; authority 3 may (up to 500.00): lin.tao" }))
spec "more than any authority goes to a leader" (expects(reply("lin.tao", yuan "600.00"),
  { owner = "zhou.gang", say = "refund 600.00 is above your grant of 500.00 a ticket; leader may (up to 2000.00): zhou.gang" }))
spec "more than anybody may give is refused" (expects(reply("lin.tao", yuan "2000.01"),
  { refuse = "refund 2000.01 is above your grant of 500.00 a ticket; nobody's grant is so high" }))
spec "who is nobody may give nothing" (expects(reply("nobody", yuan "1.00", { who = { name = "nobody", roles = { admin = true } } }),
  { owner = "wu.qiang", say = "refund 1.00: nothing is granted to you; authority 2 may (up to 50.00): wu.qiang" }))
spec "no money, no grant" (expects(reply("wu.qiang", 0), { stage = "replied", reserves = {} }))
spec "an amount is whole fen" (expects(reply("wu.qiang", -1), { refuse = true }))
spec "a cancelled complaint gives back" {
  given = ticket { stage = "handling" }, action = "cancel", roles = { "agent" }, expect = { releases = { "refund" } },
}
