critical = any_of("foshan", "shenzhen")
rules "routing" {
  rule "a" { when = { city = critical }, to = queue "duty" },
  otherwise { to = queue "second_line" },
}
