rules "routing" {
  rule "a" { when = { city = "foshan" }, to = queue "secnd_line" },
  rule "b" { when = { category = "network.slow" }, to = queue "city_support.CITY" },
  otherwise { to = queue "second_line" },
}
