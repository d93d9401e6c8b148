rules "routing" {
  rule "a" { when = { city = "foshan" }, to = queue "duty" },
  rule "a" { when = { city = "shenzhen" }, to = queue "expert" },
  otherwise { to = queue "second_line" },
}
