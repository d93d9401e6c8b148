pack { base = "default", name = "unknown_city" }
