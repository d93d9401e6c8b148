-- Rules that say nothing, or what goes with nothing.
rules.before "routing" {
  rule "nothing" { when = { city = "foshan" }, because = "it was forgotten" },
  rule "outside" { city = "zhuhai", to = queue "expert" },
  rule "inside" { when = { city = "zhuhai", to = queue "expert" } },
  rule "no name" { when = { city = "jieyang" }, "expert" },
  rule "no sign" { when { city = "jieyang" }, to = queue "expert" },
  rule "no tags" { when = { city = "yunfu" }, to = queue "expert", tags = {} },
  rule "a list" { when = { city = "yunfu" }, to = { "expert", "duty" } },
  rule "a comma", { when = { city = "yunfu" }, to = queue "expert" },
}
rules.before "advice" {
  kinds = { "complaint" },
  rule "blank" { when = { city = "foshan" }, say = { zh = "", en = " " } },
}
rules.before "clocks" {
  kinds = { "complaint" },
  rule "hours of days" { when = { city = "foshan" }, clock = "answer", goal = "48h", unit = "natural_days" },
  rule "half a day" { when = { city = "foshan" }, clock = "answer", goal = 2.5, unit = "working_days" },
  rule "a figure" { when = { city = "foshan" }, clock = "answer", goal = "15", unit = "natural_days" },
  rule "no goal" { when = { city = "foshan" }, clock = "answer" },
  rule "shares" { when = { city = "foshan" }, clock = "answer", goal = "4h", percents = { 0.75, 1 } },
  rule "falling" { when = { city = "foshan" }, clock = "answer", goal = "4h", percents = { 100, 75 } },
}
rules.before "duplicate" {
  kinds = { "complaint" },
  rule "same what" { when = { city = "foshan" }, within = "24h" },
}
rules.before "escalation" {
  rule "too often" { when = { percent = 100 }, notice = { "duty" }, again = every "30s" },
  rule "misspelt" { when = { percent = 100 }, notice = { "duty" }, again = every("4h", { atmost = 3 }) },
  rule "never" { when = { percent = 100 }, notice = { "duty" }, again = every("4h", { at_most = 0 }) },
  rule "nobody" { when = { percent = 100 }, notice = {} },
}
rule "beside" { when = { city = "foshan" }, to = queue "expert" }
rules.before "grade" {}
rules.before "follow" { kinds = "complaint", rule "x" { when = { city = "foshan" }, to = queue "expert" } }
rules.before "contact" { kind = { "complaint" }, rule "x" { when = { city = "foshan" }, to = queue "expert" } }
