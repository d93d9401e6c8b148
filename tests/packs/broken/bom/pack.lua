pack { base = "default", name = "bom" }
