-- What a complaint must tell, what it weighs, when it repeats an earlier one, and what to say at the desk.
-- Nothing is ever refused for a missing field: the ticket is taken as incomplete and the completion clock runs.
-- What each category needs stands in catalog.csv; here is what depends on more than the category.
rules.all "complete" {
  kinds = { "complaint" },
  rule "who" { need = { "number" } },
  rule "what" { need = { "text" } },
  rule "category" { need = { "category" } },
  rule "evidence of a recharge" {
    when = { category = "recharge.not_credited", channel = none_of("ivr", "sms") },
    need = { "fields.amount", "fields.paid_at" },
    because = "the recharge order is found by amount and time",
  },
  rule "form of a bypass complaint" {
    when = { bypass = true },
    need = { "form", "source_ref" },
    because = "the limits of an appeal and of a forwarded complaint differ",
  },
}

-- decide: the same as rules, as a table. ">" columns are what a row says; an empty cell means "any".
decide "grade" { csv = "grade.csv", kinds = { "complaint" } }

rules "duplicate" {
  kinds = { "complaint" },
  rule "bypass complaints are never duplicates" { when = { bypass = true }, check = false,
    because = "they are linked to the earlier complaint, not swallowed by it" },
  otherwise { same = { "category" }, within = "24h" },
}

rules.all "advice" {
  kinds = { "complaint" },
  rule "incomplete" {
    when = { complete = false },
    say = { zh = "信息不完整，请补充", en = "information is missing, please ask" },
  },
  rule "repeated caller" {
    when = { contacts = at_least(3, within "7d") },
    say = { zh = "客户一周内多次来话，请先致歉并告知进展", en = "the customer called again and again this week: apologize and tell the state first" },
  },
  rule "resold number" {
    when = { number = starts_with(list "resold") },
    say = { zh = "虚拟运营商号段（转售），请核实归属并转其客服", en = "a number of a virtual operator: check whose customer it is, and name its hotline" },
  },
  rule "ported number" {
    when = { carrier = none_of("mobile"), unless { carrier = absent } },
    say = { zh = "号码已携出，由现运营商受理网络问题", en = "the number was ported out: network faults are its present operator's" },
  },
  rule "time to come" {
    when = { ["fields.occurred_said"] = present },
    say = { zh = "发生时间在将来，未采用，请核实", en = "the time it happened lies ahead and was not taken: ask when it was" },
  },
  rule "old category" {
    when = { ["fields.category_was"] = present },
    say = { zh = "分类代码已更新，请使用新代码", en = "the category code was outdated: use the new one" },
  },
  rule "older customer" {
    when = { age65 = true },
    say = { zh = "老年客户，请放慢语速", en = "an older customer: speak slowly" },
  },
  rule "huge bill" {
    when = { category = "billing.huge_bill" },
    say = { zh = "请说明已核查账单，争议期间不催缴", en = "say that the bill is being checked and is not collected meanwhile" },
  },
  rule "fault" {
    when = { category = under("network", "broadband") },
    say = { zh = "法定修复时限：城镇48小时、农村72小时", en = "repair by law: 48 hours in towns, 72 in the country" },
  },
}
