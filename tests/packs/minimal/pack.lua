pack { base = "default", name = "minimal" }
