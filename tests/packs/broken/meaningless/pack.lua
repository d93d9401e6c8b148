pack { base = "default", name = "meaningless" }
