pack { base = "default", name = "unreachable" }
