spec "misspelt part" { givn = ticket {}, expect = { queue = "duty" } }
spec "expects nothing" { given = ticket {} }
spec "expects what is not" { given = ticket {}, expect = { colour = "red" } }
spec "expects another queue" { given = ticket {}, expect = { queue = "moon.ID" } }
