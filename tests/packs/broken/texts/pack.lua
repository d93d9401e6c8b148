pack { base = "default", name = "texts" }
