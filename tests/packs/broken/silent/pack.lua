pack { base = "default", name = "silent" }
