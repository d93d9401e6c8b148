levels "l" { { enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } } }
levels { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } } }
levels "" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } } }
watch "no levels" { zh = "无", en = "none", categories = { "sms" }, by = { "city" }, bin = "5m", sums = { S15 = 3 } }
watch(nil) { zh = "无", en = "none", categories = { "sms" }, by = { "city" }, bin = "5m", sums = { S15 = 3 }, levels = "l" }
watch { zh = "无", en = "none", categories = { "sms" }, by = { "city" }, bin = "5m", sums = { S15 = 3 }, levels = "l" }
