pack { base = "default", name = "meant" }
