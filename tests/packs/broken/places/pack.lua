pack { base = "default", name = "places" }
