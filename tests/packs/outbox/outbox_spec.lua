spec "a word to the customer" {
  given = ticket { channel = "app", callback = "13800138000", number = "13800138000", category = "billing.cdr", city = "foshan",
    text = "x", star = 4 },
  expect = { tasks = { "sms", sms = { to = "13800138000", text = "您的投诉 {no} 已受理（billing.cdr）", star = 4, fixed = 3,
    nested = { id = "{id}", at = { "foshan" } } } } },
}
spec "nobody to tell" { given = ticket { channel = "app", number = "13800138000", category = "billing.cdr", text = "x" }, expect = { tasks = {} } }
spec "given up" {
  given = ticket { channel = "app", category = "billing.cdr", queue = "second_line", stage = "handling" },
  task = { id = 1, kind = "sms", state = "given_up" },
  expect = { by = "the customer cannot be reached", grade = "important", notice = { "owner" } },
}
spec "restored" { given = ticket { channel = "app" }, task = { id = 1, kind = "boss_emergency", state = "done" }, expect = { say = "restored" } }
spec "web hook" { given = ticket { channel = "webhook", title = "t", category = "other", text = "x" },
  expect = { tasks = { "webhook", webhook = { title = "t" } } } }
spec "a batch" { given = ticket { channel = "hall", category = "other", text = "x", fields = { numbers = { "13800138000" } } },
  expect = { tasks = { "boss_emergency", boss_emergency = { operation = "restore", numbers = { "13800138000" } } } } }
spec "the answer" { given = ticket { channel = "hall", stage = "handling", callback = "13800138000" }, action = "reply", roles = { "agent" },
  data = { text = "refunded" }, expect = { stage = "replied", tasks = { "sms", sms = { text = "{no}：refunded" } } } }
