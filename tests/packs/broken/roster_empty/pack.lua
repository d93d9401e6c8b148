pack { base = "default", name = "roster_empty" }
