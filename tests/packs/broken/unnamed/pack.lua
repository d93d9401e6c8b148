pack { base = "default", name = "unnamed" }
