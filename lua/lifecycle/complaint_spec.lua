local agent = { name = "wu.qiang", roles = { agent = true } }
local head = { name = "lin.tao", roles = { supervisor = true } }
local leader = { name = "zhou.gang", roles = { leader = true } }
local all = { handle = { state = "running" }, answer = { state = "running" }, dispatch = { state = "running" } }
local function at(stage, more)
  local t = ticket { stage = stage, channel = "hotline_10086", category = "billing.overcharge", number = "13800138000", text = "x", grade = "normal",
    queue = "second_line", department = "second_line", owner = "zheng.li" }
  for k, x in pairs(more or {}) do t[k] = x end
  return t
end

spec "dispatch to a queue finds department and person" {
  given = at("accepted"), action = "dispatch", data = { queue = "city_support.shenzhen" }, who = agent, clocks = all,
  expect = { stage = "dispatched", status = "inProgress", queue = "city_support.shenzhen", department = "city_support", owner = "he.yong",
    stops = { "dispatch" }, clocks = { handle = false } },
}
spec "dispatch where routing put it" {
  given = at("accepted"), action = "dispatch", who = agent,
  expect = { stage = "dispatched", queue = "second_line", department = "second_line" },
}
spec "accept completes, and the completion clock stops" {
  given = at("accepted", { complete = false, missing = { "fields.amount", "fields.month" } }), action = "accept",
  data = { fields = { amount = 1000, month = "2026-08" } }, who = agent, clocks = { completion = { state = "running" } },
  expect = { complete = true, missing = {}, stops = { "completion" } },
}
spec "accept with another category brings its limits" {
  given = at("accepted"), action = "accept", data = { category = "network.no_service", city = "foshan" }, who = agent, clocks = all,
  expect = { category = "network.no_service", clocks = { repair = "48 hours" } },
}
spec "accept fills in what the customer said" {
  given = at("accepted"), action = "accept", data = { city = "foshan" }, who = agent,
  expect = { city = "foshan", owner = "wu.qiang", refuse = false },
}
spec "dispatch to nowhere" {
  given = at("accepted"), action = "dispatch", data = { queue = "city_support.beijing" }, who = agent,
  expect = { refuse = 'data.queue: "city_support.beijing" is not a declared queue (did you mean "city_support.CITY"?)' },
}
spec "transfer needs a reason" {
  given = at("handling"), action = "transfer", data = { queue = "expert" }, who = agent,
  expect = { refuse = "transfer needs data.reason" },
}
spec "transfer counts" {
  given = at("handling", { transfers = 1 }), action = "transfer", data = { queue = "expert", reason = "needs an expert" }, who = agent,
  expect = { transfers = 2, stage = "dispatched", queue = "expert", department = "expert", owner = "ye.feng", notice = {} },
}
spec "the third transfer is arbitrated" {
  given = at("handling", { transfers = 3 }), action = "transfer", data = { queue = "expert", reason = "not ours" }, who = agent,
  expect = { by = "ping-pong", notice = { "department_head" } },
}
spec "who takes it first stays answerable" {
  given = at("accepted"), action = "accept", who = agent, expect = { first_owner = "wu.qiang" },
}
spec "and is told of each transfer" {
  given = at("handling", { first_owner = "chen.jing" }), action = "transfer", data = { queue = "expert", reason = "not ours" }, who = agent,
  expect = { first_owner = "chen.jing", notice = { "first_owner" }, been = { "second_line" } },
}
spec "and gets the answer back to tell it" {
  given = at("handling", { first_owner = "chen.jing" }), action = "reply", data = { text = "x" }, who = agent,
  expect = { owner = "chen.jing", stage = "replied" },
}
spec "coming back is counted" {
  given = at("handling", { been = { "expert" }, transfers = 1, ping_pong = 0 }), action = "transfer",
  data = { queue = "expert", reason = "yours after all" }, who = agent,
  expect = { ping_pong = 1, been = { "expert", "second_line" }, notice = {} },
}
spec "after coming back twice a head decides" {
  given = at("handling", { been = { "expert" }, ping_pong = 2 }), action = "transfer", data = { queue = "expert", reason = "x" }, who = agent,
  expect = { refuse = "it came back twice: a supervisor or leader decides whose it is" },
}
spec "the head does" {
  given = at("handling", { been = { "expert" }, ping_pong = 2 }), action = "transfer", data = { queue = "expert", reason = "x" }, who = head,
  expect = { ping_pong = 3, queue = "expert", notice = { "department_head" } },
}
spec "handle makes me the owner" {
  given = at("dispatched"), action = "handle", who = agent,
  expect = { stage = "handling", owner = "wu.qiang", status = "inProgress" },
}
spec "suspend pauses" {
  given = at("handling"), action = "suspend", data = { cause = "waiting for customer" }, who = agent,
  expect = { status = "pending", pauses = true, stage = "handling" },
}
spec "suspend needs a cause" {
  given = at("handling"), action = "suspend", who = agent, expect = { refuse = "suspend needs data.cause" },
}
spec "not twice" {
  given = at("handling", { status = "pending" }), action = "suspend", data = { cause = "again" }, who = agent,
  expect = { refuse = "the ticket is suspended already" },
}
spec "resume" {
  given = at("handling", { status = "pending" }), action = "resume", who = agent, expect = { status = "inProgress", resumes = true },
}
spec "resume what runs" {
  given = at("handling"), action = "resume", who = agent, expect = { refuse = "工单没有挂起" },
}
spec "reply needs its text" {
  given = at("handling"), action = "reply", who = agent, expect = { refuse = "reply needs data.text" },
}
spec "reply stops the limits and starts the call back" {
  given = at("handling"), action = "reply", data = { text = "已退费", resolution = "refunded" }, who = agent, clocks = all,
  expect = { stage = "replied", status = "resolved", reply = "已退费", resolution = "refunded", stops = { "answer", "handle" },
    clocks = { confirm = "2 working_days" } },
}
spec "an agent closes after the customer confirmed" {
  given = at("confirmed"), action = "close", who = agent, expect = { stage = "closed", status = "closed" },
}
spec "an agent does not close before" {
  given = at("replied"), action = "close", who = agent, expect = { refuse = "let the customer confirm first, or have a supervisor close it" },
}
spec "a supervisor may" {
  given = at("replied"), action = "close", who = head, expect = { stage = "closed", status = "closed" },
}
spec "confirm" {
  given = at("replied"), action = "confirm", data = { satisfied = true }, who = agent, expect = { stage = "confirmed", status = "resolved" },
}
spec "a major complaint is not closed by an agent" {
  given = at("confirmed", { grade = "major" }), action = "close", who = agent,
  expect = { refuse = "a major complaint is closed by a supervisor or leader" },
}
spec "a bypass complaint is closed by a leader only" {
  given = at("confirmed", { channel = "regulator_12300" }), action = "close", who = head,
  expect = { refuse = "越级投诉只能由领导结案" },
}
spec "by a leader it is" {
  given = at("confirmed", { channel = "regulator_12300" }), action = "close", who = leader, expect = { stage = "closed" },
}
spec "reopen gives a shorter limit" {
  given = at("closed", { reopened = 0 }), action = "reopen", data = { reason = "not solved" }, who = head,
  clocks = { handle = { state = "stopped" }, answer = { state = "stopped" } },
  expect = { stage = "handling", reopened = 1, clocks = { handle = "24 hours", answer = false }, notice = { "owner", "team_head" } },
}
spec "what is closed is reopened by heads" {
  given = at("closed"), action = "reopen", data = { reason = "x" }, who = agent,
  expect = { refuse = "a confirmed or closed complaint is reopened by a supervisor or leader" },
}
spec "an answer the customer does not take is reopened by an agent" {
  given = at("replied"), action = "reopen", data = { reason = "not paid back" }, who = agent, expect = { stage = "handling", reopened = 1 },
}
spec "an unsatisfied customer is no confirmation" {
  given = at("replied"), action = "confirm", data = { satisfied = false }, who = agent,
  expect = { refuse = "the customer is not satisfied: reopen it and say why" },
}
spec "while suspended there is no reply" {
  given = at("handling", { status = "pending" }), action = "reply", data = { text = "x" }, who = agent,
  expect = { refuse = "the ticket is suspended: resume it first" },
}
spec "a merged ticket is not reopened" {
  given = at("closed", { merged_into = 9 }), action = "reopen", data = { reason = "x" }, who = head,
  expect = { refuse = "it was merged into another ticket: work that one, or unmerge first" },
}
spec "only what was merged is unmerged" {
  given = at("closed"), action = "unmerge", data = { ticket = 9 }, who = head, expect = { refuse = "the ticket was not merged" },
}
spec "escalate tells the heads" {
  given = at("handling"), action = "escalate", data = { reason = "press on the line", grade = "major" }, who = agent,
  expect = { grade = "major", by = "escalated by hand", notice = { "team_head", "department_head" } },
}
spec "merge" {
  given = at("handling"), action = "merge", data = { ticket = 9 }, who = agent, expect = { stage = "closed" },
}
spec "unmerge" {
  given = at("closed", { merged_into = 9 }), action = "unmerge", data = { ticket = 9 }, who = head, clocks = { handle = { state = "stopped" } },
  expect = { stage = "handling", status = "inProgress", clocks = { handle = "24 hours" } },
}
spec "reject says why" {
  given = at("accepted"), action = "reject", data = { reason = "not our customer" }, who = head,
  expect = { stage = "closed", status = "rejected", resolution = "not our customer" },
}
spec "cancel" {
  given = at("handling"), action = "cancel", who = agent, expect = { stage = "closed", status = "cancelled" },
}
spec "what is closed is not handled" {
  given = at("closed"), action = "handle", who = agent, expect = { refuse = "handle is not possible while the ticket is closed" },
}
spec "no such action" {
  given = at("closed"), action = "dance", who = agent, expect = { refuse = '"dance" is not an action of complaint' },
}
