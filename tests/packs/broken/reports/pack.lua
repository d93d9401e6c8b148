pack { base = "default", name = "reports" }
