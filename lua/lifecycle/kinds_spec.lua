local agent = { name = "wu.qiang", roles = { agent = true } }
local leader = { name = "zhou.gang", roles = { leader = true } }
spec "an incident opens as its own kind, without complaint limits" {
  given = ticket { kind = "incident", channel = "webhook", title = "充值平台故障", city = "shenzhen" },
  expect = { stage = "open", status = "acknowledged", clocks = { answer = false, handle = false }, complete = true, queue = "duty" },
}
spec "an incident is restored" {
  given = ticket { kind = "incident", stage = "restoring" }, action = "restore", data = { text = "切换到备用平台" }, who = agent,
  expect = { stage = "restored", status = "resolved", resolution = "切换到备用平台" },
}
spec "a problem becomes a known error" {
  given = ticket { kind = "problem", stage = "analysis" }, action = "publish", data = { cause = "timer", workaround = "restart" }, who = agent,
  expect = { stage = "known_error", status = "held", cause = "timer" },
}
spec "the supervised do not close their own supervision" {
  given = ticket { kind = "supervision", stage = "reported" }, action = "close", data = { verdict = "ok" }, who = agent,
  expect = { refuse = "close is for leader only" },
}
spec "the leader does" {
  given = ticket { kind = "supervision", stage = "reported" }, action = "close", data = { verdict = "整改到位" }, who = leader,
  expect = { stage = "closed", resolution = "整改到位" },
}
spec "a project is approved with an owner" {
  given = ticket { kind = "project", stage = "proposed" }, action = "approve", data = { owner = "nobody" }, who = leader,
  expect = { refuse = 'data.owner: "nobody" is not a declared person' },
}
