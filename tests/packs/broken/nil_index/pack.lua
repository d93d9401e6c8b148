pack { base = "default", name = "nil_index" }
