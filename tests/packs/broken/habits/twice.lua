rules.before "routing" {
  rule "two cities" { when = { city = "foshan", star = 4, city = "shenzhen" }, to = queue "expert" },
  rule "two conditions" {
    when = { city = "foshan" },
    to = queue "expert",
    when = { star = 4 },
  },
  rule "quoted" { when = { ["city"] = "foshan", city = "shenzhen" }, to = queue "expert", to = queue "duty" },
  rule "once each" { when = { any_of_these({ city = "foshan" }, { city = "shenzhen" }), star = 4 }, to = queue "expert" },
  rule "assigned twice" {
    when = function(t)
      local n = 0
      if t.star == 5 then n = 1 end
      n = n + 1; n = n * 2
      return n > 3 and #({ star = 1, star = 2 }) == 0
    end,
    to = queue "expert",
  },
}
