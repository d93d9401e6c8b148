pack { base = "default" }
suspects { window = "1h", minimum = { failed = "many" } }
