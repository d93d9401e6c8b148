rules.all "follow" { rule "no kind has it" { when = { urges = 1 }, act = "nothing" } }
