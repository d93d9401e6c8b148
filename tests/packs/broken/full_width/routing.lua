rules "routing" {
  rule “深圳” { when = { city = "shenzhen" }, to = queue "duty" },
  otherwise { to = queue "second_line" },
}
