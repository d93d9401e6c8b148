-- S19 for keys: signals of a city that has spoken are expected every ten minutes.
pack { base = "default", name = "silence" }
silence { level = "orange" }
levels "never" { { "yellow", enter = { S15 = at_least(100000) }, leave = { S15 = less_than(50000) } } }
watch "transactions" {
  zh = "交易", en = "transactions", of = "signals", kinds = { "txn_ok", "txn_failed" }, by = { "city" },
  bin = "5m", sums = { S15 = 3 }, levels = "never", silent = "10m",
}
