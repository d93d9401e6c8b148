pack { base = "default", name = "misspelt_field" }
