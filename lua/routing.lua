-- Where a new complaint goes: the first rule that holds.
rules "routing" {
  rule "not a complaint" {
    when = { kind = none_of("complaint") },
    to = queue "duty",
    because = "incidents, problems and the like are placed by who is on duty",
  },
  rule "bypass" {
    when = { bypass = true },
    to = queue "province_support", priority = 1,
    because = "bypass complaints are handled at province level",
  },
  rule "major" {
    when = { grade = "major" },
    to = queue "expert", priority = 1,
    because = "major complaints go to the expert group at once",
  },
  rule "company customer" {
    when = { category = under "group", group = present },
    to = queue "province_support", department = "group_business",
    because = "company customers have their own team",
  },
  rule "IoT card" {
    when = { category = under "iot" },
    to = queue "province_support",
  },
  rule "leased line without a customer" {
    when = { category = under "group" },
    to = queue "second_line",
    because = "find out whose line it is first",
  },
  rule "network in a known city" {
    when = { category = any_of("network.no_service", "network.slow", "network.5g", "broadband.fault", "broadband.install"), city = present },
    to = queue "city_support.CITY",
    because = "faults are worked where the equipment stands",
  },
  rule "roaming" {
    when = { category = under "roaming" },
    to = queue "province_support",
  },
  rule "recharge" {
    when = { category = under "recharge" },
    to = queue "second_line", priority = 2,
    because = "the second line sees the recharge orders",
  },
  rule "money" {
    when = { category = any_of("billing", "billing.overcharge", "billing.cdr", "billing.huge_bill", "tariff.dispute",
      "tariff.contract_penalty", "vas.unordered") },
    to = queue "second_line",
    because = "the second line may look at bills and refund",
  },
  rule "stopped for fraud" {
    when = { category = "account.fraud_stop" },
    to = queue "province_other",
    because = "only the province may lift a fraud stop",
  },
  rule "attitude" {
    when = { category = under "service", city = present },
    to = queue "city_other.CITY",
  },
  rule "incomplete" {
    when = { complete = false },
    to = queue "frontdesk",
    because = "the front desk asks for what is missing",
  },
  otherwise { to = queue "second_line" },
}
