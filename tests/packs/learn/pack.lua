-- Weeks by Farrington, days and five minutes by a baseline: all of it learned from what was counted.
pack { base = "default", name = "learn" }
levels "weeks" {
  { "yellow", enter = { W1 = tail(0.01, { at_least = 3 }), W4 = at_least(5) }, leave = { W1 = calm(0.05) }, closes = 1 },
  { "orange", enter = { W1 = tail(1e-6, { at_least = 8 }), W4 = at_least(5) }, leave = { W1 = calm(0.01) }, closes = 1 },
}
watch "weeks" {
  zh = "每周", en = "weeks", categories = { "billing" }, by = { "city", "category" },
  bin = "1w", sums = { W1 = 1, W4 = 4 }, levels = "weeks", expected = farrington {},
}
levels "days" {
  { "yellow", enter = { day = tail(1e-6, { at_least = 10 }) }, leave = { day = calm(0.05) }, closes = 1 },
}
watch "days" {
  zh = "每天", en = "days", categories = { "network" }, by = { "city" },
  bin = "1d", sums = { day = 1 }, levels = "days", expected = baseline { slot = "24h", least_days = 7, weekly = false, calibrated = false },
}
levels "minutes" {
  { "yellow", enter = { S15 = tail(1e-4, { at_least = 5 }) }, leave = { S15 = calm(0.05) }, closes = 3, stay = 2 },
}
watch "minutes" {
  zh = "充值", en = "recharge", categories = { "recharge" }, by = { "city", "category" },
  bin = "5m", sums = { S15 = 3 }, levels = "minutes", expected = baseline { slot = "1h", least_days = 7, weekly = false, calibrated = false },
}
