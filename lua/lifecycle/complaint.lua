-- The life of a complaint. `from` names the stages an action starts at, `to` the stage it leads to, `roles` who may,
-- `data` what must be said with it ("?" = may be left out), `copy` which of that becomes a field of the ticket.
local open = { "accepted", "dispatched", "handling", "replied" }
local work = { "dispatched", "handling" }
local desk = { "agent", "supervisor", "leader" }
local heads = { "supervisor", "leader" }

kind "complaint" {
  zh = "投诉", en = "complaint", prefix = "C", first = "accepted",

  stage "accepted" { zh = "已受理", en = "accepted", status = "acknowledged" },
  stage "dispatched" { zh = "已派单", en = "dispatched", status = "inProgress" },
  stage "handling" { zh = "处理中", en = "handling", status = "inProgress" },
  stage "replied" { zh = "已回复", en = "replied", status = "resolved" },
  stage "confirmed" { zh = "客户已确认", en = "confirmed", status = "resolved" },
  stage "closed" { zh = "已归档", en = "closed", status = "closed" },

  action "accept" { zh = "受理", en = "accept", from = { "accepted" }, roles = desk, assign = "self",
    data = { category = "category?", city = "city?", number = "text?" },
    copy = { category = "category", city = "city", number = "number" } },
  action "dispatch" { zh = "派单", en = "dispatch", from = { "accepted" }, to = "dispatched", roles = desk, assign = "duty",
    data = { queue = "queue?", department = "department?", owner = "person?" },
    copy = { queue = "queue", department = "department", owner = "owner" } },
  action "transfer" { zh = "转派", en = "transfer", from = work, to = "dispatched", roles = desk, assign = "duty", count = "transfers",
    resume = true,
    data = { queue = "queue", reason = "text", department = "department?", owner = "person?" },
    copy = { queue = "queue", department = "department", owner = "owner" } },
  action "handle" { zh = "处理", en = "handle", from = work, to = "handling", roles = desk, assign = "self", resume = true,
    data = { cause = "text?" }, copy = { cause = "cause" } },
  action "suspend" { zh = "挂起", en = "suspend", from = work, roles = desk, pause = true, status = "pending",
    data = { cause = "text", note = "text?" } },
  action "resume" { zh = "解挂", en = "resume", from = work, roles = desk, resume = true },
  action "reply" { zh = "回复", en = "reply", from = work, to = "replied", roles = desk, resume = true,
    data = { text = "text", resolution = "text?", cause = "text?" },
    copy = { reply = "text", resolution = "resolution", cause = "cause" } },
  action "confirm" { zh = "客户确认", en = "confirm", from = { "replied" }, to = "confirmed", roles = desk,
    data = { satisfied = "boolean?" } },
  action "close" { zh = "归档", en = "close", from = { "replied", "confirmed" }, to = "closed", roles = desk },
  action "reopen" { zh = "重开", en = "reopen", from = { "replied", "confirmed", "closed" }, to = "handling", roles = heads,
    count = "reopened", assign = "duty", data = { reason = "text" } },
  action "merge" { zh = "合并", en = "merge", from = open, to = "closed", roles = desk, data = { ticket = "ticket" }, link = "merged_into" },
  action "unmerge" { zh = "拆分", en = "unmerge", from = { "closed" }, to = "handling", roles = heads, assign = "duty",
    data = { ticket = "ticket" }, unlink = "merged_into" },
  action "escalate" { zh = "升级", en = "escalate", from = open, roles = desk, data = { reason = "text", queue = "queue?", grade = "grade?" },
    copy = { queue = "queue", grade = "grade" } },
  action "reject" { zh = "不予受理", en = "reject", from = { "accepted", "dispatched" }, to = "closed", status = "rejected", roles = heads,
    data = { reason = "text" }, copy = { resolution = "reason" } },
  action "cancel" { zh = "撤销", en = "cancel", from = open, to = "closed", status = "cancelled", roles = desk,
    data = { reason = "text?" }, copy = { resolution = "reason" } },
}

rules.first "refuse" {
  kinds = { "complaint" },
  rule "already suspended" {
    when = { action = "suspend", status = any_of("pending", "held") },
    say = { zh = "工单已经挂起", en = "the ticket is suspended already" },
  },
  rule "not suspended" {
    when = { action = "resume", status = none_of("pending", "held") },
    say = { zh = "工单没有挂起", en = "the ticket is not suspended" },
  },
  rule "bypass is closed by a leader" {
    when = { action = any_of("close", "cancel", "reject", "merge"), bypass = true, role = none_of("leader", "admin") },
    say = { zh = "越级投诉只能由领导结案", en = "a bypass complaint is closed by a leader only" },
    because = "bypass complaints are answered at province level and signed by a leader",
  },
  rule "major is closed by heads" {
    when = { action = "close", grade = "major", role = none_of("supervisor", "leader", "admin") },
    say = { zh = "重大投诉须由班组长以上结案", en = "a major complaint is closed by a supervisor or leader" },
  },
  rule "no answer yet" {
    when = { action = "close", stage = "replied", unless { role = any_of("supervisor", "leader", "admin") } },
    say = { zh = "请先由客户确认，或由班组长归档", en = "let the customer confirm first, or have a supervisor close it" },
    because = "a complaint ends with the customer's confirmation",
  },
}

rules.all "follow" {
  kinds = { "complaint" },
  rule "ping-pong" {
    when = { action = "transfer", transfers = at_least(3) },
    notice = { "department_head" },
    because = "after three transfers somebody must decide whose it is",
  },
  rule "escalated by hand" {
    when = { action = "escalate" },
    notice = { "team_head", "department_head" },
  },
  rule "reopened" {
    when = { action = "reopen" },
    notice = { "owner", "team_head" },
    because = "the customer was not satisfied with the first answer",
  },
}
