rules "routing" {
  rule "a" { when = { city = any_off("foshan") }, to = queue "duty" },
  rule "b" { when = { age = more_than("30 min") }, to = queue "duty" },
  rule "c" { when = { age = at_lest("3d") }, to = queue "duty" },
  otherwise { to = queue "second_line" },
}
