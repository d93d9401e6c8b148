local head = { name = "lin.tao", roles = { supervisor = true } }
local leader = { name = "zhou.gang", roles = { leader = true } }
local function emergency(more)
  local t = { kind = "emergency", channel = "webhook", text = "全省充值中断", department = "duty", queue = "duty", owner = "lu.min" }
  for key, x in pairs(more or {}) do t[key] = x end
  return ticket(t)
end
spec "declared: a quarter of an hour to respond" {
  given = emergency(),
  expect = { stage = "declared", grade = "major", clocks = { respond = "0.25 hours", report_oral = false }, by = "an emergency is major" },
}
spec "600 000 users for 70 minutes: oral at once, written in four hours" {
  given = emergency { fields = { users = 600000, minutes = 70 } },
  expect = { clocks = { report_oral = "0.25 hours", report_written = "4 hours" }, by = { "oral report: at once", "written report: in four hours" } },
}
spec "200 000 users: oral in four hours, written in a day" {
  given = emergency { fields = { users = 200000, minutes = 20 } },
  expect = { clocks = { report_oral = "4 hours", report_written = "24 hours" }, by = { "oral report: in four hours", "written report: in a day" } },
}
spec "responded: the first status report is due in half an hour" {
  given = emergency(), action = "respond", who = head,
  expect = { stage = "responding", owner = "lin.tao", timers = { "30m" } },
}
spec "due: owner and duty are told, and again" {
  given = emergency { stage = "responding" }, timer = { kind = "rule", rule = "act:remind" },
  expect = { notice = { "owner", "duty" }, timers = { "30m" }, by = "a status report is due" },
}
spec "who is called hears of it" {
  given = emergency(), action = "call", data = { person = "peng.yan" }, who = head,
  expect = { notice = { "owner", "duty" }, by = "who is called hears of it" },
}
spec "what is said in public" {
  given = emergency(), action = "opinion", data = { source = "微博", text = "充值不到账上热搜" }, who = head,
  expect = { notice = { "department_head" }, by = "public opinion is told to the head" },
}
spec "restored: reviewed in five working days" {
  given = emergency { stage = "responding" }, action = "restore", data = { text = "已切换" }, who = head,
  expect = { stage = "restored", clocks = { review = "5 working_days" } },
}
spec "only a leader closes the review" {
  given = emergency { stage = "restored" }, action = "review", data = { cause = "x", text = "y" }, who = head,
  expect = { refuse = "review is for leader only" },
}
spec "reviewed" {
  given = emergency { stage = "restored" }, action = "review", data = { cause = "数据库", text = "增加容量" }, who = leader,
  expect = { stage = "closed", cause = "数据库" },
}
