pack { base = "default" }
signals {
  late = "soon", streams = -1, lat = "1h",
  "txn_failed",
  { "a.b", zh = "甲", en = "a", number = "afected" },
  { },
}
component "gateway" { zh = "网关", en = "gateway", service = 7, depends_on = "billing", rhythm = "often" }
component "billing" { zh = "计费", en = "billing", service = "billing", depends_on = { "databse" } }
component "database" { zh = "数据库", en = "database", depends_on = { "storage" } }
component "storage" { zh = "存储", en = "storage", depends_on = { "database" } }
fault "recharge" {
  zh = "充值", en = "recharge", service = "recharg", categories = { "recharge.not_credit" }, closes_at = "silent",
  potential = { prefixes = { "139x" } },
}
fault "nothing" { zh = "无", en = "nothing", potential = "1390" }
suspects { order = { { by = "shares" }, "state" } }
tasks { { "call", zh = "外呼", en = "call", numbers = "called" } }
