pack { base = "default", name = "duplicate_rule" }
