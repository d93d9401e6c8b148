-- Every word of early warning once, for tests/unit/levels_test.c, baseline_test.c and detect_test.c.
levels "recharge" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) }, closes = 3, stay = 3 },
  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(10000) }),
    leave = { S15 = less_than(75) }, closes = 3, stay = 6 },
  { "black", enter = any_of_these({ S60 = at_least(800) }, { affected = at_least(500000) }),
    leave = { S60 = less_than(400), affected = less_than(250000) }, closes = 3, stay = 6 },
}
watch "S1" {
  categories = { "recharge.not_credited" }, by = { "city", "category" }, bin = "5m", sums = { S15 = 3, S60 = 12 },
  expected = 2.0, levels = "recharge",
}

levels "signed" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) }, closes = 3, stay = 3 },
  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(10000) }),
    leave = { S15 = less_than(75) }, closes = 3, stay = 6, sign = { "leader" } },
  { "black", enter = any_of_these({ S60 = at_least(800) }, { affected = at_least(500000) }),
    leave = { S60 = less_than(400), affected = less_than(250000) }, closes = 3, stay = 6, sign = { "leader" } },
}
watch "signed" {
  categories = { "recharge" }, by = { "city", "category" }, bin = "5m", sums = { S15 = "15m", S60 = "1h" }, expected = 2.0, levels = "signed",
}

-- S17: the same rule says 16 at 6 expected in 15 minutes and 6 at 0.9.
levels "by chance" {
  { "yellow", enter = { S15 = tail(6e-4, { at_least = 6, distribution = "poisson" }) }, leave = { S15 = below_entry(0.5) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = tail(3e-12, { at_least = 12 }) }, leave = { S15 = below_entry(0.5) }, closes = 3, stay = 3 },
  { "red", enter = { S15 = per_10000(at_least(0.3)) }, leave = { S15 = per_10000(less_than(0.1)) }, closes = 3, stay = 6 },
}
watch "S17" {
  zh = "充值未到账", en = "recharge not credited", by = { "city", "category" }, bin = "5m", sums = { S15 = 3 },
  expected = { shenzhen = 2.0, otherwise = 0.3 }, levels = "by chance",
}

cluster "payment" { zh = "支付", en = "payment", categories = { "recharge", "billing.overcharge" } }
levels "climb" {
  { "yellow", enter = { climb = at_least(9) }, leave = { climb = less_than(2) }, closes = 3, stay = 2 },
  { "orange", enter = { S60 = tail(budget { alarms = 1, every = "1d", streams = 100 }) }, leave = { S60 = calm(0.05) }, closes = 3, stay = 3 },
}
watch "payment" {
  cluster = "payment", by = { "cluster" }, bin = "5m", sums = { S60 = 12, climb = cusum { ratio = 1.5, cap = 20 } }, levels = "climb",
  expected = baseline { slot = "30m", least_days = 3 },
}
silence { level = "yellow" }
watch "failed transactions" {
  of = "signals", kinds = { "txn_failed" }, service = "recharge", component = "boss", by = { "city" }, bin = "5m",
  sums = { S15 = 3, S60 = 12, climb = cusum { ratio = 2, cap = 20 } }, expected = 0.5, dispersion = 1.5, levels = "climb", silent = "10m",
}

day_class "workday" { zh = "工作日", en = "working day", working = true }
day_class "restday" { zh = "休息日", en = "day of rest", working = false }
levels "weekly" {
  { "yellow", enter = { W1 = tail(0.001, { at_least = 3 }), W4 = at_least(5) }, leave = { W1 = calm(0.05) }, closes = 1, stay = 1 },
}
watch "weekly" { of = "series", bin = "1w", sums = { W1 = 1, W4 = 4 }, expected = farrington { years = 5 }, levels = "weekly" }
