pack { base = "default", name = "unknown_queue" }
