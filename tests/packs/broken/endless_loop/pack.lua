pack { base = "default", name = "endless_loop" }
