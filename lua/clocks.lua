-- Time limits. For each clock the first rule that holds counts. Statutory clocks cannot be paused.
-- goal: "48h" (hours, elapsed, or office hours with calendar = "office"), or a number of days with unit.
clocks {
  { "completion", zh = "补全信息", en = "completion", stops = { "replied", "confirmed", "closed" } },
  { "dispatch", zh = "派单时限", en = "time to dispatch", stops = { "dispatched", "handling", "replied", "closed" } },
  { "handle", zh = "处理时限", en = "time to handle", stops = { "replied", "confirmed", "closed" } },
  { "confirm", zh = "回访时限", en = "time to confirm", stops = { "confirmed", "closed" } },
  { "repair", zh = "故障修复（法定）", en = "repair (statutory)", pausable = false, stops = { "replied", "confirmed", "closed" } },
  { "restore", zh = "复机时限（法定）", en = "service restored (statutory)", pausable = false, stops = { "replied", "confirmed", "closed" } },
  { "feedback", zh = "来函反馈", en = "feedback to who forwarded it", stops = { "closed" } },
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
  rule "dispatch, important" { when = { stage = "accepted", grade = "important" }, clock = "dispatch", goal = "1h" },
  rule "dispatch" { when = { stage = "accepted" }, clock = "dispatch", goal = "2h" },
  rule "handle again" { when = { action = any_of("reopen", "unmerge") }, clock = "handle", goal = "24h",
    because = "a second answer must be quicker" },
  rule "handle, major" { when = { grade = "major" }, clock = "handle", goal = "12h" },
  rule "handle, bypass" { when = { bypass = true }, clock = "handle", goal = "24h" },
  rule "handle, important" { when = { grade = "important" }, clock = "handle", goal = "24h" },
  rule "handle" { clock = "handle", goal = "48h" },
  rule "confirm" { when = { stage = "replied" }, clock = "confirm", goal = 2, unit = "working_days", calendar = "office" },
}

-- The law's limits are a table: region, class, effective date. A complaint names another region in fields.region; rural = true in
-- fields is the country. They count from the report, cannot be paused, and do not wait for office hours.
decide.before "clocks" { csv = "statutory.csv", kinds = { "complaint" } }
