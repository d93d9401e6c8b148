rules "routing" {
  rule "ÉîÛÚ" { when = { city = "shenzhen" }, to = queue "duty" },
  otherwise { to = queue "second_line" },
}
