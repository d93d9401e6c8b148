-- Short spans, so that a test sees every turn of a task's life.
tasks {
  { "sms", zh = "短信", en = "text message", lease = "60s", attempts = 3, backoff = "10s", backoff_max = "15s", expires = "1h" },
  { "webhook", zh = "系统回调", en = "web hook", attempts = 2 },
  { "group_message", zh = "群消息", en = "group message" },
  { "boss_emergency", zh = "BOSS应急系统", en = "BOSS emergency system", lease = "5m", attempts = 2, backoff = "10s" },
}
