local agent = { name = "wu.qiang", roles = { agent = true } }
local to_c = { queue = "first_support_line", department = "org_line_c", fields = { group = "S42" } }

spec "an incident is opened at the first line" {
  given = ticket { kind = "it_incident", channel = "import", text = "PROD1", fields = { impact = "Medium" } },
  expect = { stage = "opened", status = "acknowledged", queue = "first_support_line", grade = "normal", priority = 3,
    clocks = { resolve = "240 hours", answer = false, handle = false }, complete = true },
}
spec "a major impact is a major incident" {
  given = ticket { kind = "it_incident", channel = "import", text = "PROD1", fields = { impact = "Major" } },
  expect = { grade = "major", priority = 1, clocks = { resolve = "48 hours" } },
}
spec "a high impact is an important one" {
  given = ticket { kind = "it_incident", channel = "import", text = "PROD1", fields = { impact = "High" } },
  expect = { grade = "important", priority = 2, clocks = { resolve = "120 hours" } },
}
spec "a low impact comes last" {
  given = ticket { kind = "it_incident", channel = "import", text = "PROD1", fields = { impact = "Low" } },
  expect = { grade = "normal", priority = 4 },
}
spec "work says whose it is" {
  given = ticket { kind = "it_incident", stage = "opened" }, action = "work", data = to_c, who = agent,
  expect = { stage = "in_progress", status = "inProgress", queue = "first_support_line", department = "org_line_c" },
}
spec "a wait pauses the clock" {
  given = ticket { kind = "it_incident", stage = "in_progress" }, action = "wait_user", data = to_c, who = agent,
  expect = { stage = "wait_user", status = "pending", pauses = true },
}
spec "what was closed is not worked but reopened" {
  given = ticket { kind = "it_incident", stage = "closed" }, action = "work", data = to_c, who = agent,
  expect = { refuse = "work is not possible while the ticket is closed" },
}
spec "reopened, it has a limit again" {
  given = ticket { kind = "it_incident", stage = "closed" }, action = "reopen", data = to_c, who = agent,
  expect = { stage = "in_progress", reopened = 1, clocks = { resolve = "120 hours" } },
}
spec "an action without a department is refused" {
  given = ticket { kind = "it_incident", stage = "opened" }, action = "work", data = { queue = "first_support_line" }, who = agent,
  expect = { refuse = "work needs data.department" },
}
spec "late ones are told to the duty desk" {
  given = ticket { kind = "it_incident", stage = "in_progress" }, timer = { clock = "resolve", percent = 100 },
  expect = { notice = { "duty" }, by = "resolved late" },
}
