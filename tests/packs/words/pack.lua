-- Every word of the rules once, holding and not holding.
pack { base = "default", name = "words" }
