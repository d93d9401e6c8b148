-- Whose hours notices wait for: the person's calendar, else the department's, else the office's.
calendar "evenings" { zh = "晚间", en = "evenings", like = "china", hours = { "18:00-22:00" }, days = { 1, 2, 3, 4, 5, 6, 7 } }
calendar "weekends" { zh = "周末", en = "weekends", hours = { "09:00-12:00" }, days = { 6, 7 } }
person "owl" { zh = "夜", en = "Owl", roles = { "agent" }, department = "evening_shop", calendar = "evenings" }
person "lark" { zh = "晨", en = "Lark", roles = { "agent" }, department = "evening_shop" }
department "evening_shop" { zh = "周末店", en = "weekend shop", head = "lark", above = "duty", outside = "above", calendar = "weekends" }

local function late(owner, at)
  return { given = ticket { stage = "handling", queue = "second_line", department = "evening_shop", owner = owner }, at = at,
    timer = { kind = "clock", clock = "handle", percent = 75 } }
end
local function expects(s, expect)
  s.expect = expect
  return s
end
spec "an evening person in the evening" (expects(late("owl", "2026-09-22T19:00"), { notice = { "owner" }, timers = {} }))
spec "and in the morning" (expects(late("owl", "2026-09-22T10:00"), { notice = {}, timers = { "8h" } }))
spec "the department's calendar" (expects(late("lark", "2026-09-22T10:00"), { notice = {}, timers = { "3d23h" } }))
spec "at its time" (expects(late("lark", "2026-09-26T10:00"), { notice = { "owner" }, timers = {} }))
spec "late: who is there is told now, the head on the weekend" {
  given = ticket { stage = "handling", queue = "second_line", department = "evening_shop", owner = "owl" }, at = "2026-09-22T19:00",
  timer = { kind = "clock", clock = "handle", percent = 100 },
  expect = { notice = { "owner" }, timers = { "3d14h", "4h" } },
}
spec "then the head alone, and no further round" {
  given = ticket { stage = "handling", queue = "second_line", department = "evening_shop", owner = "owl" }, at = "2026-09-26T09:00",
  timer = { kind = "rule", name = "escalation/late handle 100 to team_head", rule = "escalation/late", clock = "handle", percent = 100, round = 0 },
  expect = { by = "late", notice = { "team_head" }, timers = {} },
}
spec "goals of hours may be said in days, pauses as a list" {
  given = ticket { stage = "handling", queue = "second_line", department = "second_line", owner = "owl" }, action = "suspend",
  data = { cause = "x" }, roles = { "agent" }, expect = { pauses = { "*" } },
}
spec "two days are 48 hours" {
  given = ticket { channel = "app", number = "13800138000", category = "billing.cdr", city = "foshan", text = "x" },
  expect = { clocks = { handle = "2d" } },
}
