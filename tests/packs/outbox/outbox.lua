-- One task for every occasion, and what follows from its end.
rules.all "outbox" {
  rule "say it came in" {
    when = { event = "create", channel = "app", callback = present },
    task = task "sms" { to = "{callback}",
      text = "您的投诉 {no} 已受理（{category}）", star = "{star}", fixed = 3, nested = { id = "{id}", at = { "{city}" } } },
    because = "the customer waits for a word",
  },
  rule "tell the other side" {
    when = { event = "create", channel = "webhook" },
    task = task "webhook" { title = "{title}" },
  },
  rule "restore them all" {
    when = { event = "create", ["fields.numbers"] = present },
    task = task "boss_emergency" { operation = "restore", numbers = "{fields.numbers}" },
  },
  rule "the answer" {
    when = { action = "reply", callback = present },
    task = task "sms" { to = "{callback}", text = "{no}：{data.text}" },
  },
}
rules.all "answer" {
  rule "the customer cannot be reached" {
    when = { task = "sms", task_state = "given_up" },
    grade = "important", notice = { "owner" },
    because = "nobody told the customer",
  },
  rule "restored" { when = { task = "boss_emergency", task_state = "done" }, say = { zh = "已恢复", en = "restored" } },
}
