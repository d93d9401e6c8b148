pack { base = "default", name = "series" }
cities { { "shenzhen", zh = "深圳", en = "Shenzhen" }, { "foshan", zh = "佛山", en = "Foshan" } }
levels "l" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "red", enter = { affected = at_least(100) }, leave = { affected = less_than(50) } },
}
levels "plain" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } } }
watch "recharge" { categories = { "recharge" }, by = { "city" }, bin = "5m", sums = { S15 = 3 }, expected = 2, levels = "l" }
watch "plain" { bin = "5m", sums = { S15 = 3 }, expected = 2, levels = "plain" }
watch "weeks" { of = "series", bin = "1w", sums = { S15 = 3 }, expected = 2, levels = "plain" }
