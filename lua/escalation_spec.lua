local open = ticket { stage = "handling", queue = "second_line", department = "second_line", owner = "wu.qiang", grade = "normal" }
spec "three quarters: the handler" {
  given = open, timer = { kind = "clock", clock = "handle", percent = 75 },
  expect = { by = "near", notice = { "owner" }, timers = {} },
}
spec "late: team head too, again in four hours" {
  given = open, timer = { kind = "clock", clock = "handle", percent = 100 },
  expect = { by = "late", notice = { "owner", "team_head" }, timers = { "4h" } },
}
spec "late at night waits for the morning" {
  given = open, at = "2026-09-22T23:30", timer = { kind = "clock", clock = "handle", percent = 100 },
  expect = { notice = {}, timers = { "9h" } },
}
spec "late before a long holiday waits for its end" {
  given = open, at = "2026-09-30T17:30", timer = { kind = "clock", clock = "handle", percent = 100 },
  expect = { notice = {}, timers = { "7d15h" } },
}
spec "a make-up Saturday is a working day" {
  given = open, at = "2026-10-10T09:00", timer = { kind = "clock", clock = "handle", percent = 100 },
  expect = { notice = { "owner", "team_head" } },
}
spec "the law does not wait for office hours" {
  given = open, at = "2026-10-03T23:30", timer = { kind = "clock", clock = "answer", percent = 100 },
  expect = { by = "statutory late", notice = { "team_head", "department_head" }, timers = { "1d" }, priority = 1 },
}
spec "the law comes near" {
  given = open, at = "2026-10-03T23:30", timer = { kind = "clock", clock = "repair", percent = 75 },
  expect = { by = "statutory near", notice = { "owner", "team_head" } },
}
spec "a major complaint is late at night" {
  given = ticket { stage = "handling", queue = "expert", department = "expert", owner = "ye.feng", grade = "major" },
  at = "2026-09-22T23:30", timer = { kind = "clock", clock = "handle", percent = 100 },
  expect = { by = "late, major", not_by = "late", notice = { "team_head", "department_head", "leader" }, timers = { "1h" } },
}
spec "repeated by its rule" {
  given = open, timer = { kind = "rule", rule = "escalation/late", clock = "handle", percent = 100, round = 2 },
  expect = { by = "late", notice = { "owner", "team_head" }, timers = { "4h" } },
}
spec "a rule that is gone tells the duty desk" {
  given = open, timer = { kind = "rule", rule = "escalation/no longer here", clock = "handle", percent = 100 },
  expect = { notice = { "duty" } },
}
spec "a stopped clock is silent" {
  given = open, timer = { kind = "clock", clock = "handle", percent = 100 }, clocks = { handle = { state = "stopped" } },
  expect = { notice = {}, timers = {} },
}
spec "still incomplete" {
  given = open, timer = { kind = "clock", clock = "completion", percent = 100 },
  expect = { by = "never completed", say = "still incomplete: call the customer" },
}
spec "in the morning it is the team head's turn alone" {
  given = open, at = "2026-09-23T08:30",
  timer = { kind = "rule", name = "escalation/late handle 100 to team_head", rule = "escalation/late", clock = "handle", percent = 100, round = 0 },
  expect = { by = "late", notice = { "team_head" }, timers = {} },
}
spec "still not there: again later, alone" {
  given = open, at = "2026-09-23T12:30",
  timer = { kind = "rule", name = "escalation/late handle 100 to team_head", rule = "escalation/late", clock = "handle", percent = 100, round = 0 },
  expect = { notice = {}, timers = { "1h30m" } },
}
