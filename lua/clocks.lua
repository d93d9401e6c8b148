-- Time limits. For each clock the first rule that holds counts. Statutory clocks cannot be paused.
-- goal: "48h" (hours, elapsed, or office hours with calendar = "office"), or a number of days with unit.
clocks {
  { "completion", zh = "补全信息", en = "completion", stops = { "replied", "confirmed", "closed" } },
  { "dispatch", zh = "派单时限", en = "time to dispatch", stops = { "dispatched", "handling", "replied", "closed" } },
  { "handle", zh = "处理时限", en = "time to handle", stops = { "replied", "confirmed", "closed" } },
  { "confirm", zh = "回访时限", en = "time to confirm", stops = { "confirmed", "closed" } },
  { "repair", zh = "故障修复（法定）", en = "repair (statutory)", pausable = false, stops = { "replied", "confirmed", "closed" } },
  { "answer", zh = "答复时限（法定）", en = "answer (statutory)", pausable = false, stops = { "replied", "confirmed", "closed" } },
}

rules.all "clocks" {
  kinds = { "complaint" },
  rule "complete it in a day" {
    when = { complete = false, stage = "accepted" },
    clock = "completion", goal = "24h",
  },

  -- our own promises, by grade
  rule "dispatch, major" { when = { stage = "accepted", grade = "major" }, clock = "dispatch", goal = "15m" },
  rule "dispatch" { when = { stage = "accepted" }, clock = "dispatch", goal = "2h" },
  rule "handle, major" { when = { grade = "major" }, clock = "handle", goal = "12h" },
  rule "handle, bypass" { when = { bypass = true }, clock = "handle", goal = "24h" },
  rule "handle, important" { when = { grade = "important" }, clock = "handle", goal = "24h" },
  rule "handle" { clock = "handle", goal = "48h" },
  rule "handle again" { when = { action = any_of("reopen", "unmerge") }, clock = "handle", goal = "24h",
    because = "a second answer must be quicker" },
  rule "confirm" { when = { stage = "replied" }, clock = "confirm", goal = 2, unit = "working_days", calendar = "office" },

  -- the law: region, class, effective date
  rule "repair, rural" {
    when = { category = any_of("network.no_service", "network.slow", "network.5g", "broadband.fault"), ["fields.rural"] = true },
    clock = "repair", goal = "72h", statutory = true,
    source = "Telecommunications Regulations art. 32",
  },
  rule "repair, urban" {
    when = { category = any_of("network.no_service", "network.slow", "network.5g", "broadband.fault") },
    clock = "repair", goal = "48h", statutory = true,
    source = "Telecommunications Regulations art. 32",
  },
  rule "answer, Henan" {
    when = { ["fields.province"] = "henan" }, valid = { from = "2020-06-04" },
    clock = "answer", goal = 5, unit = "working_days", calendar = "china", statutory = true,
    source = "Henan Telecommunications Regulations (2020-06-04)",
  },
  rule "answer, Chongqing" {
    when = { ["fields.province"] = "chongqing" }, valid = { from = "2018-07-26" },
    clock = "answer", goal = 15, unit = "working_days", calendar = "china", statutory = true,
    source = "Chongqing Telecommunications Regulations (2018-07-26)",
  },
  rule "answer, national" {
    valid = { from = "2016-07-30" },
    clock = "answer", goal = 15, unit = "natural_days", calendar = "china", statutory = true,
    source = "MIIT Order 35, in force 2016-07-30",
    because = "the operator answers within 15 days of receipt",
  },
  rule "answer, before 2016-07-30" {
    valid = { to = "2016-07-29" },
    clock = "answer", goal = 15, unit = "working_days", calendar = "china", statutory = true,
    source = "MII Order 7 (secondary source: Shanghai's implementation)",
  },
}
