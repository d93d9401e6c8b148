pack { base = "default", name = "compared" }
