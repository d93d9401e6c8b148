pack { base = "default", name = "syntax" }
