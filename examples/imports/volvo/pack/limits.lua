-- The log knows no agreed limits: these goals are ours, so that waits pause a clock and late ones are escalated while it is played.
clocks { { "resolve", zh = "解决时限", en = "time to resolve", stops = { "resolved", "in_call", "closed", "cancelled" } } }

rules.before "clocks" {
  kinds = { "it_incident" },
  rule "resolve, major impact" { when = { grade = "major" }, clock = "resolve", goal = "2d" },
  rule "resolve, high impact" { when = { grade = "important" }, clock = "resolve", goal = "5d" },
  rule "resolve again" { when = { action = any_of("reopen", "requeue", "reassign") }, clock = "resolve", goal = "5d",
    because = "the first answer did not hold" },
  rule "resolve" { clock = "resolve", goal = "10d" },
}

rules.before "grade" {
  kinds = { "it_incident" },
  rule "major impact" { when = { ["fields.impact"] = "Major" }, grade = "major", priority = 1 },
  rule "high impact" { when = { ["fields.impact"] = "High" }, grade = "important", priority = 2 },
  rule "medium impact" { when = { ["fields.impact"] = "Medium" }, grade = "normal", priority = 3 },
  otherwise { grade = "normal", priority = 4 },
}

rules.before "routing" {
  kinds = { "it_incident" },
  otherwise { to = queue "first_support_line",
    because = "the first line takes it in; each action says whose it is from then on" },
}

rules.before "escalation" {
  kinds = { "it_incident" },
  rule "resolved late" { when = { clock = "resolve", percent = at_least(100) }, notice = { "duty" } },
}
