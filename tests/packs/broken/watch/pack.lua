pack { base = "default", name = "watch" }
