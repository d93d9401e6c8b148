-- Which orders are told to which group. {no} and {id} are the order's; other names are its fields.
rules.all "outbox" {
  rule "network trouble to the network group" {
    when = { event = "create", category = under "network", city = present },
    task = task "group_message" { group = "network.{city}", text = "【{no}】{city} {category}：{text}" },
    because = "the people at the equipment see it first in their group",
  },
  rule "money to the billing group" {
    when = { event = "create", category = any_of("recharge.not_credited", "billing.overcharge", "billing.huge_bill") },
    task = task "group_message" { group = "billing", text = "【{no}】{category}：{text}" },
  },
  rule "the answer to the group that heard of it" {
    when = { action = "reply", category = under "network", city = present },
    task = task "group_message" { group = "network.{city}", text = "【{no}】已回复客户：{data.text}" },
  },
}
