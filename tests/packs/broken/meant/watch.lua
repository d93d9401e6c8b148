-- Watches that load only by mistake.
levels "l" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } } }
levels "m" { { "yellow", enter = { S15 = at_least(6) }, leave = { S15 = less_than(3) } } }
local sums = { S15 = 3 }
watch "all" { bin = "5m", sums = sums, levels = "l" }
watch "all again" { bin = "5m", sums = sums, levels = "m" }
watch "cities" { by = { "city" }, categories = { "network" }, bin = "5m", sums = sums, levels = "l" }
watch "cities of another" { by = { "city" }, categories = { "broadband" }, bin = "5m", sums = sums, levels = "m" }
watch "branch" { by = { "city", "category" }, categories = { "recharge" }, bin = "5m", sums = sums, levels = "l" }
watch "leaf" { by = { "city", "category" }, categories = { "recharge.not_credited" }, bin = "5m", sums = sums, levels = "m" }
watch "kinds" { of = "signals", by = { "kind" }, bin = "5m", sums = sums, levels = "l" }
watch "one kind" { of = "signals", kinds = { "txn_failed" }, bin = "5m", sums = sums, levels = "m" }
watch "services" { of = "signals", by = { "service" }, service = "recharge", bin = "5m", sums = sums, levels = "l" } -- fine: other keys
watch "empty" { by = {}, kinds = { "txn_failed" }, service = "recharge", bin = "5m", sums = sums, levels = "l" }
watch "text" { by = "city", categories = "recharge", bin = "5m", sums = sums, levels = "l" }
watch "twice" { by = { "city", "city" }, categories = {}, bin = "5m", sums = sums, levels = "l" }
watch "others'" { by = { "service" }, bin = "5m", sums = sums, levels = "l" }
watch "no cluster" { by = { "cluster" }, bin = "5m", sums = sums, levels = "l" }
watch "misspelt" { of = "signals", kinds = { "txn_faild" }, by = { "city" }, bin = "5m", sums = sums, levels = "l" }
watch "number" (5)
levels "rate" { { "yellow", enter = { S15 = per_10000(at_least(1)) }, leave = { S15 = less_than(3) } } }
cluster "empty" { zh = "空", en = "empty", categories = {} }
day_class "workday" { zh = "工作日", en = "working day", working = true }
day_class "restday" { zh = "休息日", en = "day of rest", working = false }
day_class "billing_day" { zh = "出账日", en = "billing day", month_days = { 1 } }
rollup "too many" { zh = "多", en = "many", categories = { "recharge" }, level = "yellow", cities = 99, within = "20m" }
retire "*/recharge" {}
