levels "l" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } },
  { "orange", enter = { S60 = at_least(16) }, leave = { S15 = less_than(8) } },
}
levels "chance" { { "yellow", enter = { S15 = tail(1e-6) }, leave = { S15 = calm(0.1) } } }
watch "names" { of = "complaint", by = { "town" }, categories = { "recharge.not_credit" }, cluster = "payments", bin = "5m", sums = { S15 = 3 },
  dispersion = 0.5, silent = "soon", levels = "ll", colour = "red" }
watch "lengths" { bin = "7m", sums = { S15 = 0, S60 = cusum { ratio = 0.5 } }, expected = "two", levels = "chance" }
watch "cities" { bin = "5m", sums = { S15 = 3, S60 = 12 }, expected = { shenzen = 2, foshan = 0, otherwise = 1 }, levels = "l" }
watch "none" { bin = "5m", sums = { S15 = 3 }, levels = "chance", expected = 3 }
watch "none" { bin = "5m", levels = "chance" }
watch "sums" { bin = "5m", sums = { S16 = 3, climb = cusum { ratio = 2, cap = 9 } }, levels = "l" }
watch "no model" { bin = "5m", sums = { S15 = 3 }, levels = "chance" }
watch "slots" { bin = "5m", sums = { S15 = 3 }, expected = baseline { slot = "7m", least_days = "three" }, levels = "chance" }
watch "weeks" { bin = "1w", sums = { S15 = 3 }, expected = baseline {}, levels = "chance" }
watch "swallowed" { bin = "5m", sums = { S15 = 3, S60 = 12 }, levels = "l" }
cluster "payment" { zh = "支付", en = "payment", categories = { "recharg" } }
day_class "never" { zh = "从不", en = "never" }
day_class "never" { zh = "从不", en = "never", weekdays = { 8 }, like = "nevr", working = true, calendar = "chna" }
watch "years of hours" { bin = "1h", sums = { S15 = 3 }, expected = farrington {}, levels = "chance" }
levels "rate" { { "yellow", enter = { S15 = per_10000(at_least(1)) }, leave = { S15 = less_than(3) } } }
watch "rate" { by = { "city", "category" }, categories = { "sms" }, bin = "5m", sums = { S15 = 3 }, expected = 2, levels = "rate" }
watch "settings" { by = { "city" }, bin = "5m", sums = { S15 = 3 }, expected = baseline { memory_days = 0, until_learned = "2" }, levels = "chance", early = "20s" }
retire "an old one" { into = "namess", colour = "red" }
retire "names" {}
retire "old" (5)
