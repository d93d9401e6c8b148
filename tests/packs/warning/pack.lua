pack { base = "default", name = "warning" }
