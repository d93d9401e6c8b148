spec "an urge raises and counts" {
  given = ticket { stage = "handling", priority = 4, urges = 1, queue = "second_line", department = "second_line", owner = "wu.qiang" },
  contact = { kind = "urge", channel = "hotline_10086" },
  expect = { urges = 2, priority = 3, by = "urged", not_by = "urged again and again", notice = { "owner" } },
}
spec "the third urge goes to the team head" {
  given = ticket { stage = "handling", priority = 1, urges = 2, queue = "second_line", department = "second_line", owner = "wu.qiang" },
  contact = { kind = "urge" },
  expect = { urges = 3, priority = 1, grade = "important", notice = { "owner", "team_head" } },
}
spec "withdrawn" {
  given = ticket { stage = "handling", queue = "second_line", department = "second_line", owner = "wu.qiang" },
  contact = { kind = "withdraw" }, clocks = { answer = { state = "running" } },
  expect = { stage = "closed", status = "cancelled", stops = { "answer" } },
}
spec "information ends the wait for the customer" {
  given = ticket { stage = "handling", status = "pending", complete = true, department = "second_line", owner = "wu.qiang" },
  contact = { kind = "add_info", text = "身份证已补" },
  expect = { status = "inProgress", resumes = true, by = "the customer answered" },
}
spec "information that completes" {
  given = ticket { stage = "accepted", complete = false, category = "other", text = "x", department = "care" },
  contact = { kind = "add_info", number = "13800138000" }, clocks = { completion = { state = "running" } },
  expect = { complete = true, number = "13800138000", stops = { "completion" }, by = "news" },
}
spec "a question is answered from the ticket" {
  given = ticket { stage = "handling", department = "second_line" }, contact = { kind = "ask" },
  expect = { say = "being worked: tell the customer the stage and the limit" },
}
spec "a question after the answer" {
  given = ticket { stage = "replied", department = "second_line" }, contact = { kind = "ask" },
  expect = { by = "asked after the answer" },
}
spec "the same fault is only counted" {
  given = ticket { stage = "handling", department = "second_line" }, contact = { kind = "same_fault" },
  expect = { notice = {} },
}
