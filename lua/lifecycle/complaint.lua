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

  action "accept" { zh = "受理", en = "accept", from = { "accepted" }, roles = desk, assign = "self", takes = true,
    data = { category = "category?", city = "city?", number = "text?", callback = "text?", fields = "map?" },
    copy = { category = "category", city = "city", number = "number", callback = "callback", fields = "fields" } },
  action "dispatch" { zh = "派单", en = "dispatch", from = { "accepted" }, to = "dispatched", roles = desk, assign = "duty", takes = true,
    data = { queue = "queue?", department = "department?", owner = "person?" },
    copy = { queue = "queue", department = "department", owner = "owner" } },
  action "transfer" { zh = "转派", en = "transfer", from = work, to = "dispatched", roles = desk, assign = "duty", count = "transfers",
    returns = "ping_pong", resume = true,
    data = { queue = "queue", reason = "text", department = "department?", owner = "person?" },
    copy = { queue = "queue", department = "department", owner = "owner" } },
  action "handle" { zh = "处理", en = "handle", from = work, to = "handling", roles = desk, assign = "self", takes = true, resume = true,
    data = { cause = "text?" }, copy = { cause = "cause" } },
  action "suspend" { zh = "挂起", en = "suspend", from = work, roles = desk, pause = true, status = "pending",
    data = { cause = "text", note = "text?" } },
  -- answered: when the customer's answer came; what was paused after it does not count as pause
  action "resume" { zh = "解挂", en = "resume", from = work, roles = desk, resume = true, void = "answered",
    data = { answered = "time?" } },
  -- The answer goes back to the first taker, who tells the customer (首问负责).
  action "reply" { zh = "回复", en = "reply", from = work, to = "replied", roles = desk, resume = true, assign = "first",
    data = { text = "text", resolution = "text?", cause = "text?", refund = "money?" },
    copy = { reply = "text", resolution = "resolution", cause = "cause" }, spends = { refund = "refund" } },
  -- the same for all that hang on an incident, whatever stage they are in; each keeps it as its own reply
  -- (offered = false: not named among what an agent may do next)
  action "answer" { zh = "群发答复", en = "broadcast answer", from = { "accepted", "dispatched", "handling" }, to = "replied", roles = heads,
    resume = true, data = { text = "text" }, copy = { reply = "text" }, offered = false },
  action "attach" { zh = "归入事件", en = "attach", from = open, roles = desk, data = { ticket = "ticket" }, link = "parent", offered = false },
  action "detach" { zh = "移出事件", en = "detach", from = open, roles = desk, data = { ticket = "ticket" }, unlink = "parent", offered = false },
  action "confirm" { zh = "客户确认", en = "confirm", from = { "replied" }, to = "confirmed", roles = desk,
    data = { satisfied = "boolean?", text = "text?" }, copy = { satisfied = "satisfied" } },
  action "close" { zh = "归档", en = "close", from = { "replied", "confirmed" }, to = "closed", roles = desk },
  action "reopen" { zh = "重开", en = "reopen", from = { "replied", "confirmed", "closed" }, to = "handling", roles = desk,
    count = "reopened", assign = "duty", data = { reason = "text" } },
  action "merge" { zh = "合并", en = "merge", from = open, to = "closed", roles = desk, data = { ticket = "ticket" }, link = "merged_into" },
  action "unmerge" { zh = "拆分", en = "unmerge", from = { "closed" }, to = "handling", roles = heads, assign = "duty",
    data = { ticket = "ticket" }, unlink = "merged_into" },
  action "escalate" { zh = "升级", en = "escalate", from = open, roles = desk, data = { reason = "text", queue = "queue?", grade = "grade?" },
    copy = { queue = "queue", grade = "grade" } },
  action "reject" { zh = "不予受理", en = "reject", from = { "accepted", "dispatched" }, to = "closed", status = "rejected", roles = heads,
    data = { reason = "text" }, copy = { resolution = "reason" }, releases = { "refund" } },
  action "cancel" { zh = "撤销", en = "cancel", from = open, to = "closed", status = "cancelled", roles = desk,
    data = { reason = "text?" }, copy = { resolution = "reason" }, releases = { "refund" } },
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
  rule "waiting" {
    when = { action = "reply", status = any_of("pending", "held") },
    say = { zh = "工单已挂起，请先解挂", en = "the ticket is suspended: resume it first" },
    because = "who waits for the customer has not heard the customer yet",
  },
  rule "arbitrated" {
    when = { action = "transfer", ping_pong = at_least(2), role = none_of("supervisor", "leader", "admin") },
    say = { zh = "已在部门间来回转派两次，须由班组长以上裁决归属", en = "it came back twice: a supervisor or leader decides whose it is" },
    because = "somebody must decide, or the customer waits for ever",
  },
  rule "not satisfied" {
    when = { action = "confirm", ["data.satisfied"] = none_of(true), unless { ["data.satisfied"] = absent } },
    say = { zh = "客户不满意，请重开并写明原因", en = "the customer is not satisfied: reopen it and say why" },
  },
  rule "merged is not reopened" {
    when = { action = "reopen", merged_into = present },
    say = { zh = "工单已并入另一工单，请在主单处理或先拆分", en = "it was merged into another ticket: work that one, or unmerge first" },
  },
  rule "was not merged" {
    when = { action = "unmerge", merged_into = absent },
    say = { zh = "工单没有合并过", en = "the ticket was not merged" },
  },
  rule "reopened by heads" {
    when = { action = "reopen", stage = any_of("confirmed", "closed"), role = none_of("supervisor", "leader", "admin") },
    say = { zh = "已确认或已归档的工单由班组长以上重开", en = "a confirmed or closed complaint is reopened by a supervisor or leader" },
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
  rule "the first taker hears of each transfer" {
    when = { action = "transfer", first_owner = present },
    notice = { "first_owner" },
    because = "the first taker stays answerable to the customer",
  },
  rule "ping-pong" {
    when = { action = "transfer", any_of_these({ transfers = at_least(3) }, { ping_pong = at_least(2) }) },
    notice = { "department_head" },
    because = "somebody must decide whose it is",
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
