spec "nothing" { given = ticket { channel = "app", text = "x" }, expect = {} }
spec "no rule" { given = ticket { channel = "app", text = "x" }, expect = { by = "incomplet", not_by = "no such rule" } }
spec "no rule" { given = ticket { channel = "app", text = "x" }, expect = { queue = "frontdesk" } }
