-- What is usual is learned from what was counted: a baseline instead of a number.
pack { base = "default", name = "usual" }
levels "usual" {
  { "yellow", enter = { S15 = tail(1e-4, { at_least = 5 }) }, leave = { S15 = calm(0.05) }, closes = 3, stay = 2 },
}
watch "recharge" {
  zh = "充值", en = "recharge", categories = { "recharge" }, by = { "city", "category" },
  bin = "5m", sums = { S15 = 3 }, levels = "usual",
  expected = baseline { slot = "1h", least_days = 7, weekly = false, calibrated = false },
}
