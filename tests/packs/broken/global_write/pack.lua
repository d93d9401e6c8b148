pack { base = "default", name = "global_write" }
