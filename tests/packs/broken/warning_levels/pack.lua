pack { base = "default", name = "warning_levels" }
warning_levels {}
