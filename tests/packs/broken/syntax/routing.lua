rules "routing" {
  rule "a" { when = { city = "foshan" } to = queue "duty" },
  otherwise { to = queue "second_line" },
}
