-- What other systems can be asked to do. A task is given to an adapter for the lease, again when it ends without an answer, and after the
-- attempts or when it expires the duty desk is told. Which tasks there are to do is said by rules.all "outbox" { … }, for instance:
--
--   rules.all "outbox" {
--     rule "tell the customer" { when = { action = "reply", callback = present },
--       task = task "sms" { to = "{callback}", text = "您的投诉 {no} 已有结果：{data.text}" } },
--   }
tasks {
  { "boss_emergency", zh = "BOSS应急系统", en = "BOSS emergency system", lease = "5m", attempts = 10, backoff = "30s", expires = "24h",
    numbers = "fixed" }, -- its result for each number: what is ok is fixed in the lists of the case
  { "boss_green_channel", zh = "BOSS绿色通道", en = "BOSS green channel", lease = "5m", attempts = 10, backoff = "30s", expires = "24h" },
  { "ivr", zh = "语音系统", en = "voice system", lease = "60s", attempts = 10, backoff = "10s", expires = "2h" },
  { "sms", zh = "短信", en = "text message", lease = "60s", attempts = 5, backoff = "30s", expires = "12h" },
  { "mail", zh = "邮件", en = "e-mail", lease = "60s", attempts = 8, backoff = "1m", backoff_max = "1h", expires = "24h" },
  { "itsm", zh = "IT服务管理系统", en = "IT service management", lease = "60s", attempts = 20, backoff = "30s", expires = "24h" },
  { "webhook", zh = "系统回调", en = "web hook", lease = "60s", attempts = 10, backoff = "10s", backoff_max = "10m", expires = "24h" },
  { "group_message", zh = "群消息", en = "group message", lease = "60s", attempts = 5, backoff = "10s", expires = "2h" },
}

-- What the BOSS is asked to do: the emergency system restores numbers (a result for each), the green channel takes a service over.
rules.all "outbox" {
  kinds = { "incident" },
  rule "restore these numbers" {
    when = { action = "restore_numbers" },
    task = task "boss_emergency" { op = "restore", operation = "{data.operation}", category = "{category}", numbers = "{data.numbers}" },
  },
  rule "restore the complainers" {
    when = { action = "restore_complainers" }, of = "complainers", batch = 1000,
    task = task "boss_emergency" { op = "restore", operation = "{data.operation}", category = "{category}" },
    because = "the first of the three principles",
  },
  rule "the green channel takes over" {
    when = { action = "approve_green" },
    task = task "boss_green_channel" { op = "take_over", service = "{fields.green_service}", until_ms = "{fields.green_until}",
      approved_by = "{fields.green_approved_by}", reason = "{fields.green_reason}" },
  },
  rule "the green channel is not to take over any more" {
    when = { action = "green_lapse", ["fields.green_approved_by"] = present },
    withdraw = { "boss_green_channel" },
    task = task "boss_green_channel" { op = "hand_back", service = "{fields.green_service}" },
    because = "its time is over; what it took over without telling comes back",
  },
  rule "the green channel gives back" {
    when = { action = "hand_back" },
    task = task "boss_green_channel" { op = "hand_back", service = "{fields.green_service}" },
  },
}

rules.all "answer" {
  kinds = { "incident" },
  rule "taken over" { when = { task = "boss_green_channel", task_op = "take_over", task_state = "done" }, act = "green_live",
    notice = { "duty" } },
  rule "not taken over" { when = { task = "boss_green_channel", task_op = "take_over", task_state = "given_up" }, act = "green_failed",
    notice = { "duty", "leader" } },
  rule "given back" { when = { task = "boss_green_channel", task_op = "hand_back", task_state = "done" }, act = "green_back",
    notice = { "duty" } },
  rule "not given back" { when = { task = "boss_green_channel", task_op = "hand_back", task_state = "given_up" }, notice = { "duty", "leader" },
    because = "the key service is still with the green channel" },
}
