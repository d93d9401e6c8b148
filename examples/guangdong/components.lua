-- BOSS of Guangdong as the configuration database knows it: what each part needs, and which team looks after it. The names are an example.
-- rhythm: the part always speaks, by day and night; a longer silence is a dead feed, not a quiet day.
component "recharge_portal" { zh = "充值门户", en = "recharge portal", service = "recharge", depends_on = { "recharge_gateway" }, team = "channel_team" }
component "recharge_gateway" { zh = "充值网关", en = "recharge gateway", service = "recharge",
  depends_on = { "card_platform", "bank_gateway", "billing" }, team = "recharge_team", rhythm = "10m" }
component "card_platform" { zh = "充值卡平台", en = "voucher platform", service = "recharge", team = "recharge_team" }
component "bank_gateway" { zh = "银行代扣接口", en = "bank gateway", service = "payment", team = "recharge_team" }
component "billing" { zh = "计费账务", en = "billing", service = "billing", depends_on = { "account_database" }, team = "billing_team", rhythm = "10m" }
component "account_database" { zh = "账务数据库", en = "account database", service = "database", team = "database_team" }
component "crm" { zh = "客户关系管理", en = "CRM", service = "crm", depends_on = { "crm_database" }, team = "crm_team" }
component "crm_database" { zh = "客户数据库", en = "customer database", service = "database", team = "database_team" }
component "suspend_resume" { zh = "停开机", en = "suspend and resume", service = "suspend_resume", depends_on = { "billing", "network_access" },
  team = "billing_team" }
component "network_access" { zh = "网元开通", en = "network provisioning", service = "network", depends_on = { "crm" }, team = "network_team" }
component "sms_centre" { zh = "短信中心", en = "SMS centre", service = "sms", team = "network_team" }

-- Which signals and complaints are one fault. not_codes: the customer's own mistakes are no fault of ours.
fault "recharge" {
  zh = "充值未到账", en = "recharge not credited",
  service = "recharge", not_codes = { "WRONG_CARD", "CARD_USED" }, categories = { "recharge.not_credited" },
  window = "60m", expires = "24h",
  publish = { "incident", "frontdesk.CITY", "ivr" },
  closes_at = "fixed",
}
fault "suspend_resume" {
  zh = "缴费后未复机", en = "not resumed after payment",
  service = "suspend_resume", categories = { "account.suspend_resume" },
  window = "60m", expires = "12h",
  publish = { "incident", "frontdesk.CITY", "ivr" },
  closes_at = "fixed",
}
fault "sms" {
  zh = "短信收发失败", en = "text messages fail",
  service = "sms", categories = { "sms.failure" }, window = "30m", expires = "6h", publish = { "incident", "frontdesk.CITY" },
}
