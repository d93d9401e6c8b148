rules "routing" {
  rule "a" { when = { city = "foshan" }, to = queue "duty" },
}
