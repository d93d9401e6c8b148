pack { base = "default", name = "levels" }
