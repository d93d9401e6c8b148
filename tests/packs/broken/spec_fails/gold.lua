rules.before "routing" {
  rule "gold" { when = { star = at_least(4) }, to = queue "expert" },
}
spec "gold customers get the experts" { given = ticket { channel = "app", text = "x", number = "13800138000", star = 3 }, expect = { queue = "expert", by = "gold" } }
