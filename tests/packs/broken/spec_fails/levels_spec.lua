levels "l" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 } }
watch "recharge" { categories = { "recharge" }, bin = "5m", sums = { S15 = 3 }, expected = 2, levels = "l" }
spec "a warning at sixteen" {
  series = { watch = "recharge", before = 2, bins = { 5, 5, 6, 2, 2, 2 } }, expect = { levels = { "10:10 yellow" } },
}
spec "after midnight" {
  at = "2026-09-22T23:50", series = { watch = "recharge", before = 2, bins = { 9, 2, 3, 2 } }, expect = { levels = { "2026-09-23T00:05 yellow" } },
}
