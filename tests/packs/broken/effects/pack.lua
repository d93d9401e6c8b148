pack { base = "default", name = "effects" }
