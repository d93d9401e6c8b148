pack { base = "default", name = "outbox" }
