pack { base = "default", name = "order" }
