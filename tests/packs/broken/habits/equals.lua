rules.before "routing" {
  rule "compared" { when = { star = 4, city == "foshan" }, to = queue "expert" },
}
