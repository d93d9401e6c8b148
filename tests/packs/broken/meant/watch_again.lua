watch "services" { of = "signals", by = { "service" }, service = "sms", bin = "1h", sums = { S15 = 3 }, levels = "l" }
