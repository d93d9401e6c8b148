-- Tables of levels that load only by mistake.
local out = { S15 = less_than(2) }
levels "directions" {
  { "yellow", enter = { S15 = less_than(16) }, leave = out },
  { "orange", enter = { S15 = at_least(30) }, leave = { S15 = at_least(40) } },
}
levels "limits" {
  { "yellow", enter = { S15 = at_least(0) }, leave = out },
  { "orange", enter = { S15 = at_least(16) }, leave = { S15 = less_than(0) }, closes = 0 },
  { "red", enter = { S15 = at_least(60) }, leave = { S60 = below_entry(0.5) } },
  { "black", enter = { S15 = at_least(90) }, leave = out, sign = {} },
}
levels "never left" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(0) } } }
levels "more and at most" {
  { "yellow", enter = { S15 = more_than(16) }, leave = { S15 = at_most(16) } },
  { "orange", enter = { S15 = more_than(15) }, leave = { S15 = at_most(3) } },
}
levels "rates" {
  { "yellow", enter = { S15 = per_10000(at_least(3)) }, leave = { S15 = per_10000(less_than(3)) } },
  { "orange", enter = { S15 = per_10000(at_least(2)) }, leave = { S15 = per_10000(less_than(1)) } },
}
levels "groups" {
  { "yellow", enter = { S15 = at_least(16), S60 = at_least(30) }, leave = { S15 = less_than(8) } },
  { "orange", enter = any_of_these({ affected = at_least(1000) }, { S15 = at_least(10), S60 = at_least(50) }), leave = { S15 = less_than(9) } },
  { "red", enter = any_of_these({ S60 = at_least(500) }, { S60 = at_least(90), affected = at_least(10) }), leave = { S60 = less_than(500) } },
}
levels "least" {
  { "yellow", enter = { S15 = tail(1e-6, { at_least = 20 }) }, leave = { S15 = calm(0.1) } },
  { "orange", enter = { S15 = at_least(10) }, leave = { S15 = less_than(5) } },
}
levels "calm" {
  { "yellow", enter = { S15 = tail(1e-3) }, leave = { S15 = calm(0.01) } },
  { "orange", enter = { S15 = tail(1e-6) }, leave = { S15 = calm(0.1) } },
}

-- What only the watch knows: bins, cities and what is usual in them.
cities { { "shenzhen", zh = "深圳", en = "Shenzhen", area_code = "0755", subscribers = 100000 } }
levels "chance and rate" {
  { "yellow", enter = { S15 = tail(6e-4, { at_least = 6 }) }, leave = { S15 = below_entry(0.5) } },
  { "orange", enter = { S15 = per_10000(at_least(1)) }, leave = { S15 = less_than(3) } },
}
watch "chance and rate" { by = { "city", "category" }, categories = { "recharge" }, bin = "5m", sums = { S15 = 3 },
  expected = { shenzhen = 2, otherwise = 0.3 }, levels = "chance and rate" }
levels "number and chance" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } },
  { "orange", enter = { S15 = tail(1e-6, { at_least = 3 }) }, leave = { S15 = less_than(20) } },
}
watch "number and chance" { by = { "city", "category" }, categories = { "network" }, bin = "5m", sums = { S15 = 3 },
  expected = baseline {}, levels = "number and chance" }
levels "number and calm" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = calm(1e-6) } } }
watch "number and calm" { by = { "city", "category" }, categories = { "billing" }, bin = "5m", sums = { S15 = 3 }, expected = 2,
  levels = "number and calm" }
levels "rate" { { "yellow", enter = { S15 = per_10000(at_least(1)) }, leave = { S15 = less_than(3) } } }
watch "rate" { by = { "city", "category" }, categories = { "sms" }, bin = "5m", sums = { S15 = 3 }, expected = 2, levels = "rate" }
levels "climb" { { "yellow", enter = { climb = at_least(24) }, leave = { climb = less_than(4) } } }
watch "climb" { by = { "category" }, bin = "5m", sums = { climb = cusum { ratio = 2, cap = 10 } }, expected = 2, levels = "climb" }
