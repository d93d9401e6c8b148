rules.before "routing" {
  rule "above" { when = { star > 4 }, to = queue "expert" },
  rule "below" { when = { star < 4 }, to = queue "expert" },
  rule "from" { when = { star >= 4 }, to = queue "expert" },
  rule "up to" { when = { fields.amount <= 4 }, to = queue "expert" },
  rule "text" { when = { star > "4" }, to = queue "expert" },
}
