rules.before "routing" {
  rule "two cities" { when = { city = "foshan", star = 4, city = "shenzhen" }, to = queue "expert" },
  rule "two conditions" {
    when = { city = "foshan" },
    to = queue "expert",
    when = { star = 4 },
  },
  rule "quoted" { when = { ["city"] = "foshan", city = "shenzhen" }, to = queue "expert", to = queue "duty" },
  rule "once each" { when = { any_of_these({ city = "foshan" }, { city = "shenzhen" }), star = 4 }, to = queue "expert" },
}
