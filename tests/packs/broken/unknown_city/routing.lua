rules "routing" {
  rule "a" { when = { city = "shenzen" }, to = queue "duty" },
  rule "b" { when = { category = under "netwrk" }, to = queue "city_support.beijing" },
  otherwise { to = queue "second_line" },
}
