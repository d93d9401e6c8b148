-- S16 and S19: the same fault in 15 cities within 20 minutes is one case of the province; a source that falls silent is a warning.
pack { base = "default", name = "province" }
levels "recharge" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) }, closes = 3, stay = 3 },
  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(10000) }),
    leave = { S15 = less_than(75) }, closes = 3, stay = 6 },
  { "black", enter = any_of_these({ S60 = at_least(800) }, { affected = at_least(500000) }),
    leave = { S60 = less_than(400), affected = less_than(250000) }, closes = 3, stay = 6 },
}
watch "recharge not credited" {
  zh = "充值未到账", en = "recharge not credited", categories = { "recharge.not_credited" }, by = { "city", "category" },
  bin = "5m", sums = { S15 = 3, S60 = 12 }, expected = 2.0, levels = "recharge",
}
rollup "recharge" {
  zh = "充值未到账（全省）", en = "recharge not credited, province", categories = { "recharge.not_credited" },
  level = "yellow", cities = 15, within = "20m",
}
silence { level = "yellow" }
channels {
  { "app", zh = "掌上营业厅", en = "mobile app", rhythm = { every = "15m", from = "08:00", to = "23:00" } },
  { "hotline_10086", zh = "10086热线", en = "hotline 10086" },
  { "hall", zh = "营业厅", en = "service hall", rhythm = { every = "30m", from = "11:30", to = "18:00" } },
}
