pack { base = "default", name = "no_method" }
