-- As tests/packs/s1, but nobody leaves red and black without a signature.
pack { base = "default", name = "signed" }
levels "recharge" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) }, closes = 3, stay = 3 },
  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(10000) }),
    leave = { S15 = less_than(75) }, closes = 3, stay = 6, sign = { "leader" } },
  { "black", enter = any_of_these({ S60 = at_least(800) }, { affected = at_least(500000) }),
    leave = { S60 = less_than(400), affected = less_than(250000) }, closes = 3, stay = 6, sign = { "leader" } },
}
watch "recharge not credited" {
  zh = "充值未到账", en = "recharge not credited", categories = { "recharge.not_credited" }, by = { "city", "category" },
  bin = "5m", sums = { S15 = 3, S60 = 12 }, expected = 2.0, levels = "recharge",
}
