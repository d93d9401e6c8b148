pack { base = "default", name = "misspelt_word" }
