pack { base = "default", name = "full_width" }
