-- The configuration database: parts of BOSS, what each depends on, and who looks after it. rhythm: a component that always speaks; a
-- longer silence is reported as late.
component "recharge_gateway" { zh = "充值网关", en = "recharge gateway", service = "recharge", depends_on = { "billing" }, team = "province_support" }
component "billing" { zh = "计费账务", en = "billing", service = "billing", team = "province_support" }
component "crm" { zh = "客户关系管理", en = "CRM", service = "account", depends_on = { "billing" }, team = "province_support" }
component "suspend_resume" { zh = "停开机", en = "suspend and resume", service = "suspend_resume", depends_on = { "crm", "network_access" },
  team = "province_support" }
component "sms_centre" { zh = "短信中心", en = "SMS centre", service = "sms", team = "province_other" }
component "network_access" { zh = "网元开通", en = "network provisioning", service = "network", team = "province_other" }

-- Which signals and complaints are one fault: whose numbers are affected, who complained, who will.
fault "recharge" {
  zh = "充值未到账", en = "recharge not credited",
  service = "recharge", categories = { "recharge.not_credited" },
  window = "60m",   -- without a case a number is forgotten after so long
  expires = "24h",  -- in a case: silent for so long, it leaves the list
  publish = { "incident", "frontdesk.CITY", "ivr" },
  closes_at = "fixed",  -- a case closes when every affected number is at least that: fixed, or told
}
