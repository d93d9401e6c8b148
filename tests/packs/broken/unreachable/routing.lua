rules "routing" {
  rule "south" { when = { city = any_of("foshan", "shenzhen"), star = at_least(3) }, to = queue "duty" },
  rule "foshan" { when = { city = "foshan", star = at_least(4), vip = true }, to = queue "expert" },
  otherwise { to = queue "second_line" },
  rule "late" { when = { vip = true }, to = queue "expert" },
}
