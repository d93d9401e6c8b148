spec "misspelt part" { givn = ticket {}, expect = { queue = "duty" } }
spec "expects nothing" { given = ticket {} }
spec "expects what is not" { given = ticket {}, expect = { colour = "red" } }
spec "expects another queue" { given = ticket {}, expect = { queue = "moon.ID" } }
spec "gives what is not" {
  given = ticket { channel = "ap", category = "billing.cdrr", city = "foshn", starr = 5, vip = "yes", text = 7, stage = "handlng" }, at = "2026-02-30T10:00",
  expect = { queue = "second_line" },
}
spec "gives a customer flat" { given = { star = 5, customer = { brnd = "x" } }, expect = { queue = "second_line" } }
spec "does what is not" { given = ticket { kind = "incident" }, action = "cancl", roles = { "leeder" }, expect = { refuse = true } }
spec "says what is not" { given = ticket {}, contact = { kind = "urg", channel = "ap" }, expect = { urges = 1 } }
spec "stands where is not" {
  warning = { key = "k", from = "none", to = "yellow", city = "foshn" }, cases = { { id = 7, category = "rechage" } },
  history = { tickets = { { kind = "complant" } } }, expect = { incident = 7 },
}
