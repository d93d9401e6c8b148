rules.before "routing" {
  rule "gold" { when = { star = at_least(4) }, to = queue "expert" },
}
spec "gold customers get the experts" { given = ticket { channel = "app", text = "x", number = "13800138000", star = 3 }, expect = { queue = "expert", by = "gold" } }
rules.before "grade" {
  kinds = { "complaint" },
  rule "huge" { when = function(t) return t["fields.amount_in_fen"] == 7 end, grade = "major" },
}
spec "a function says what it reads" { given = ticket { text = "x", fields = { amount_in_fen = 7 } }, expect = { grade = "major" } }
spec "who reads that" { given = ticket { text = "x", fields = { amount_in_fem = 6 } }, expect = { grade = "normal" } }
spec "what a script keeps" {
  given = ticket { kind = "incident", fields = { gren_service = "x" } }, action = "take",
  who = { name = "wu.qiang", roles = { agent = true } },
  expect = { stage = "restoring" },
}
