local agent = { name = "wu.qiang", roles = { agent = true } }
local leader = { name = "zhou.gang", roles = { leader = true } }
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
