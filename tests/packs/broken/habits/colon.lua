rules.before "routing" {
  rule "colon" { when = { city: "foshan" }, to = queue "expert" },
}
