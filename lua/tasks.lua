-- What other systems can be asked to do. A task is given to an adapter for the lease, again when it ends without an answer, and after the
-- attempts or when it expires the duty desk is told. Which tasks there are to do is said by rules.all "outbox" { … }, for instance:
--
--   rules.all "outbox" {
--     rule "tell the customer" { when = { action = "reply", callback = present },
--       task = task "sms" { to = "{callback}", text = "您的投诉 {no} 已有结果：{data.text}" } },
--   }
tasks {
  { "boss_emergency", zh = "BOSS应急系统", en = "BOSS emergency system", lease = "5m", attempts = 10, backoff = "30s", expires = "24h" },
  { "boss_green_channel", zh = "BOSS绿色通道", en = "BOSS green channel", lease = "5m", attempts = 10, backoff = "30s", expires = "24h" },
  { "ivr", zh = "语音系统", en = "voice system", lease = "60s", attempts = 10, backoff = "10s", expires = "2h" },
  { "sms", zh = "短信", en = "text message", lease = "60s", attempts = 5, backoff = "30s", expires = "12h" },
  { "mail", zh = "邮件", en = "e-mail", lease = "60s", attempts = 8, backoff = "1m", backoff_max = "1h", expires = "24h" },
  { "itsm", zh = "IT服务管理系统", en = "IT service management", lease = "60s", attempts = 20, backoff = "30s", expires = "24h" },
  { "webhook", zh = "系统回调", en = "web hook", lease = "60s", attempts = 10, backoff = "10s", backoff_max = "10m", expires = "24h" },
  { "group_message", zh = "群消息", en = "group message", lease = "60s", attempts = 5, backoff = "10s", expires = "2h" },
}
