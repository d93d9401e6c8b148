pack { base = "default", name = "gap" }
