local agent = { name = "wu.qiang", roles = { agent = true } }
local head = { name = "lin.tao", roles = { supervisor = true } }
local leader = { name = "zhou.gang", roles = { leader = true } }
local case = { id = 7, no = "I20260922-000007", kind = "incident", key = "shenzhen/recharge.not_credited", category = "recharge.not_credited",
  city = "shenzhen", stage = "open", script = { version = 2, zh = "充值平台故障，预计12点恢复", en = "the recharge platform is down until noon" } }

local function complaint(more)
  local t = { channel = "hotline_10086", number = "13800138000", category = "recharge.not_credited", city = "shenzhen", text = "x",
    fields = { amount = 5000, paid_at = 1 } }
  for key, x in pairs(more or {}) do t[key] = x end
  return ticket(t)
end

spec "an incident opens as its own kind, without complaint limits" {
  given = ticket { kind = "incident", channel = "webhook", title = "充值平台故障", city = "shenzhen", category = "recharge.not_credited" },
  expect = { stage = "open", status = "acknowledged", clocks = { answer = false, handle = false }, complete = true, queue = "duty",
    grade = "important", priority = 2, jobs = { "attach" },
    fields = { key = "shenzhen/recharge.not_credited", cities = { "shenzhen" } } },
}
spec "a complaint hangs on the case of its category and city, and the caller hears its script" {
  given = complaint(), cases = { case },
  expect = { incident = 7, fields = { script_version = 2 }, say = "充值平台故障，预计12点恢复" },
}
spec "another city does not" { given = complaint { city = "foshan" }, cases = { case }, expect = { incident = false } }
spec "another category does not" { given = complaint { category = "sms.failure" }, cases = { case }, expect = { incident = false } }
spec "of two cases the one that says more" {
  given = complaint(), cases = { case, { id = 8, no = "I8", category = "recharge" } }, expect = { incident = 7 },
}
spec "a case of all cities and a whole subtree" {
  given = complaint { city = "foshan" }, cases = { { id = 8, no = "I8", category = "recharge" } }, expect = { incident = 8 },
}
spec "a bypass complaint is answered by itself" {
  given = complaint { channel = "regulator_12300", form = "transfer", source_ref = "1" }, cases = { case },
  expect = { incident = false, not_by = "attach/otherwise", by = "bypass complaints are answered one by one" },
}
spec "a draft of the script has a version and an author" {
  given = ticket { kind = "incident", fields = { script_versions = 1, script = { version = 1 } } }, action = "script",
  data = { zh = "预计13点恢复" }, who = agent,
  expect = { fields = { script_versions = 2, script_draft = { version = 2, zh = "预计13点恢复", by = "wu.qiang", at = 1790042400000 } } },
}
spec "who wrote it cannot approve it" {
  given = ticket { kind = "incident", fields = { script_draft = { version = 1, zh = "x", by = "lin.tao" } } }, action = "approve_script", who = head,
  expect = { refuse = "lin.tao wrote version 1 of script: somebody else approves it" },
}
spec "nothing to approve" {
  given = ticket { kind = "incident" }, action = "approve_script", who = head, expect = { refuse = "there is no draft of script to approve" },
}
spec "a second person approves it" {
  given = ticket { kind = "incident", fields = { script_draft = { version = 1, zh = "x", by = "wu.qiang" } } }, action = "approve_script", who = head,
  expect = { fields = { script = { version = 1, zh = "x", by = "wu.qiang", approved_by = "lin.tao", approved_at = 1790042400000 },
    script_before = 0, script_draft = false, script_version = 1, script_zh = "x", script_by = "wu.qiang", script_approved_by = "lin.tao",
    script_approved_at = 1790042400000 } },
}
spec "an agent approves no script" {
  given = ticket { kind = "incident", fields = { script_draft = { version = 1, by = "he.yong" } } }, action = "approve_script", who = agent,
  expect = { refuse = "approve_script is for supervisor, leader only" },
}
spec "who comes from another case is missed there" {
  given = ticket { kind = "incident", id = 9 }, action = "assign", data = { person = "he.yong" }, who = head,
  cases = { { id = 7, no = "I7", key = "foshan/sms.failure", maintainers = { "he.yong", "luo.bin" } } },
  expect = { fields = { maintainers = { "he.yong" } }, acts = { "7 unassign" }, say = "He Yong comes from I7 (foshan/sms.failure), which keeps 1" },
}
spec "recovery is claimed, not believed" {
  given = ticket { kind = "incident", stage = "restoring" }, action = "claim", who = agent,
  expect = { stage = "recovering", status = "inProgress", jobs = {} },
}
spec "proven: telling follows by itself" {
  given = ticket { kind = "incident", stage = "recovering" }, action = "prove", who = head, expect = { stage = "proven", timers = { "0s" } },
}
spec "the timer tells, and each complaint is answered" {
  given = ticket { kind = "incident", stage = "proven" }, timer = { kind = "rule", rule = "act:tell" },
  expect = { stage = "told", status = "resolved", jobs = { "children" }, timers = { "0s" } },
}
spec "watched for two hours" {
  given = ticket { kind = "incident", stage = "told" }, timer = { kind = "rule", rule = "act:watch" },
  expect = { stage = "watched", timers = { "2h" } },
}
spec "the watch is over" {
  given = ticket { kind = "incident", stage = "watched" }, timer = { kind = "rule", rule = "act:finish" }, expect = { stage = "closed" },
}
spec "a relapse cancels what would follow" {
  given = ticket { kind = "incident", stage = "watched", department = "duty", queue = "duty" }, action = "relapse",
  data = { reason = "又有客户投诉" }, who = agent,
  expect = { stage = "restoring", status = "inProgress", reopened = 1, jobs = { "children" }, notice = { "duty", "team_head", "leader" } },
}
spec "after it the timer finds nothing to do" {
  given = ticket { kind = "incident", stage = "restoring" }, timer = { kind = "rule", rule = "act:finish" }, expect = { stage = "restoring" },
}
spec "resolved by hand" {
  given = ticket { kind = "incident", stage = "open" }, action = "resolve", data = { text = "切换到备用平台" }, who = head,
  expect = { stage = "told", status = "resolved", resolution = "切换到备用平台", jobs = { "children" } },
}
spec "the green channel is approved by somebody else" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "asked", green_asked_by = "zhou.gang" } }, action = "approve_green",
  who = leader, expect = { refuse = "who asks for the green channel cannot approve it" },
}
spec "a leader approves" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "asked", green_asked_by = "lin.tao" } }, action = "approve_green",
  who = leader, expect = { fields = { green = "approved", green_approved_by = "zhou.gang", green_approved_at = 1790042400000 } },
}
spec "asked for: a leader hears of it" {
  given = ticket { kind = "incident", stage = "restoring", department = "duty", queue = "duty" }, action = "ask_green", who = head,
  data = { service = "recharge", until_time = 1790049600000, reason = "平台短时间内不能恢复" },
  expect = { notice = { "leader" } },
}
spec "not asked for" {
  given = ticket { kind = "incident", stage = "restoring" }, action = "approve_green", who = leader,
  expect = { refuse = "no green channel is asked for" },
}
spec "not taken over yet" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "approved" } }, action = "hand_back", who = head,
  expect = { refuse = "the green channel has not taken the service over" },
}
spec "not handed back yet" {
  given = ticket { kind = "incident", stage = "told", fields = { green = "live" } }, action = "check_green", data = { ok = true }, who = head,
  expect = { refuse = "the service has not been handed back" },
}
spec "asked for twice" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "live" } }, action = "ask_green", who = head,
  data = { service = "recharge", until_time = 1790049600000, reason = "x" },
  expect = { refuse = "the green channel is asked for or has the service already" },
}
spec "until a time that is over" {
  given = ticket { kind = "incident", stage = "restoring" }, action = "ask_green", who = head,
  data = { service = "recharge", until_time = 1790042400000, reason = "x" },
  expect = { refuse = 'data.until_time: "1790042400000" is not a time to come: whole ms since 1970 UTC' },
}
spec "nor cancelled while it has the service" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "live" } }, action = "cancel", data = { reason = "x" }, who = head,
  expect = { refuse = "the service is still with the green channel: hand it back and check it first" },
}
spec "no end while the hand-back is not in order" {
  given = ticket { kind = "incident", stage = "watched", fields = { green = "checked", green_check_ok = false } }, action = "close", who = head,
  expect = { refuse = "the check of the hand-back found it wanting: mend it and check again" },
}
spec "checked again" {
  given = ticket { kind = "incident", stage = "watched", fields = { green = "checked", green_check_ok = false } }, action = "check_green",
  data = { ok = true }, who = head,
  expect = { fields = { green = "checked", green_check_ok = true, green_checked_by = "lin.tao", green_checked_at = 1790042400000 } },
}
local lapsed = { green = "approved", green_service = "recharge", green_until = 1790042400000, green_approved_by = "zhou.gang" }
spec "its time has passed, and nobody took the service over" {
  given = ticket { kind = "incident", stage = "restoring", department = "duty", queue = "duty", fields = lapsed },
  timer = { kind = "rule", name = "at:green_lapse", rule = "act:green_lapse" },
  expect = { fields = { green = "lapsed", green_lapsed_by = "spec", green_lapsed_at = 1790042400000 }, notice = { "duty", "leader" },
    tasks = { "boss_green_channel", boss_green_channel = { op = "hand_back", service = "recharge" } },
    by = { "green channel lapsed", "the green channel is not to take over any more" } },
}
spec "what was taken over does not lapse" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "live" } }, action = "green_lapse", who = head,
  expect = { refuse = "the green channel has answered" },
}
spec "a drill ends whatever it asked for" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "approved", drill = true } }, action = "cancel",
  data = { reason = "x" }, who = head, expect = { stage = "closed" },
}
spec "no end while the green channel has the service" {
  given = ticket { kind = "incident", stage = "watched", fields = { green = "live" } }, action = "close", who = head,
  expect = { refuse = "the service is still with the green channel: hand it back and check it first" },
}

local function weighs(category, grade, by)
  spec(category .. " is " .. grade) {
    given = ticket { kind = "incident", channel = "webhook", category = category, city = "shenzhen" }, expect = { grade = grade, by = by },
  }
end
weighs("network.no_service", "major", "network gone")
weighs("network.slow", "important", "network slow")
weighs("other", "normal", "grade/otherwise")

-- A case by signals has no category: its service says it.
local function weighs_by_signals(service, by)
  spec("failing " .. service .. " is important") {
    given = ticket { kind = "incident", channel = "webhook", city = "shenzhen", fields = { service = service } },
    expect = { grade = "important", by = by },
  }
end
weighs_by_signals("recharge", "money and numbers, by signals")
weighs_by_signals("sms", "text messages, by signals")

local live = { green = "live", green_service = "recharge", green_until = 1790049600000, green_asked_by = "lin.tao" }
spec "the emergency system restores numbers" {
  given = ticket { kind = "incident", stage = "restoring", category = "recharge.not_credited" }, action = "restore_numbers", who = agent,
  data = { numbers = { "13800138000", "13800138001" }, operation = "recharge" },
  expect = { tasks = { "boss_emergency", boss_emergency = { op = "restore", operation = "recharge", numbers = { "13800138000", "13800138001" } } },
    by = "restore these numbers" },
}
spec "… or all complainers" {
  given = ticket { kind = "incident", stage = "restoring" }, action = "restore_complainers", who = agent,
  expect = { jobs = { "numbers" }, tasks = {}, by = "restore the complainers" },
}
spec "approved: the green channel is asked to take over" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "asked", green_service = "recharge", green_until = 1790049600000,
    green_asked_by = "lin.tao" } }, action = "approve_green", who = leader,
  expect = { tasks = { "boss_green_channel", boss_green_channel = { op = "take_over", service = "recharge", until_ms = 1790049600000,
    approved_by = "zhou.gang" } }, by = "the green channel takes over" },
}
spec "it has taken over: handed back when the time is over" {
  given = ticket { kind = "incident", stage = "restoring", department = "duty", queue = "duty", fields = live },
  task = { id = 1, kind = "boss_green_channel", op = "take_over", state = "done" },
  expect = { by = "taken over", notice = { "duty" }, fields = { green = "live", green_live_by = "spec", green_live_at = 1790042400000 } },
}
spec "the time is over" {
  given = ticket { kind = "incident", stage = "restoring", fields = live }, timer = { kind = "rule", rule = "act:hand_back" },
  expect = { tasks = { "boss_green_channel", boss_green_channel = { op = "hand_back", service = "recharge" } }, by = "the green channel gives back" },
}
spec "it was handed back before" {
  given = ticket { kind = "incident", stage = "restoring", fields = { green = "handed_back" } }, timer = { kind = "rule", rule = "act:hand_back" },
  expect = { tasks = {} },
}
local function answered(op, state, by, notice)
  spec("green channel " .. op .. " " .. state) {
    given = ticket { kind = "incident", stage = "restoring", department = "duty", queue = "duty", fields = live },
    task = { id = 1, kind = "boss_green_channel", op = op, state = state }, expect = { by = by, notice = notice },
  }
end
answered("take_over", "given_up", "not taken over", { "duty", "leader" })
answered("hand_back", "done", "given back", { "duty" })
answered("hand_back", "given_up", "not given back", { "duty", "leader" })
spec "forty who were told complain again: a relapse, and the warning is raised" {
  given = ticket { kind = "incident", stage = "watched", department = "duty", queue = "duty", fields = { again = 39 } }, action = "again",
  expect = { stage = "restoring", by = { "told, and complaining again", "relapse" }, jobs = { "children" },
    notice = { "duty", "team_head", "leader" } },
}
spec "thirty-nine are not" {
  given = ticket { kind = "incident", stage = "watched", fields = { again = 38 } }, action = "again",
  expect = { stage = "watched", fields = { again = 39, again_ever = 1 } },
}
spec "who was told is counted again on the case" {
  given = complaint(), cases = { { id = 7, no = "I7", category = "recharge.not_credited", city = "shenzhen", recovery = "watched" } },
  history = { tickets = { { category = "recharge.not_credited", status = "resolved", parent = 7, age = "3h" } } },
  expect = { incident = 7, acts = { "7 again" } },
}

-- ---- two cases that are one
local foshan = { kind = "incident", id = 8, no = "I8", stage = "restoring", city = "foshan", category = "recharge.not_credited",
  fields = { keys = { "foshan/recharge.not_credited" }, maintainers = { "chen.jing" }, cities = { "foshan" }, began = 5, highest = "red" } }
local function merged(more)
  local t = {}
  for key, x in pairs(foshan) do t[key] = x end
  for key, x in pairs(more) do t[key] = x end
  return ticket(t)
end
spec "a case that is merged is over, and its complaints go along" {
  given = merged {}, action = "merge", data = { ticket = 7 }, who = head,
  expect = { stage = "closed", status = "closed", jobs = { "children" }, acts = { "7 take_in" } },
}
spec "the other one has what it had" {
  given = ticket { kind = "incident", stage = "open", city = "shenzhen", fields = { keys = { "shenzhen/recharge" }, cities = { "shenzhen" },
    began = 9, highest = "orange", maintainers = { "deng.jun" } } },
  action = "take_in", who = head, data = { ticket = 8, keys = { "foshan/recharge.not_credited" }, maintainers = { "chen.jing", "deng.jun" },
    cities = { "foshan" }, began = 5, level = "red" },
  expect = { fields = { merged = { 8 }, keys = { "shenzhen/recharge", "foshan/recharge.not_credited" }, maintainers = { "deng.jun", "chen.jing" },
    cities = { "shenzhen", "foshan" }, began = 5, highest = "red" } },
}
spec "a case of the whole province stays one" {
  given = ticket { kind = "incident", stage = "open", fields = { merged = { 6 } } }, action = "take_in", who = head,
  data = { ticket = 8, cities = { "foshan" } }, expect = { fields = { merged = { 6, 8 } } },
}
spec "it is taken out again with its keys and its complaints" {
  given = merged { stage = "closed", merged_into = 7 }, action = "unmerge", data = {}, who = head,
  expect = { stage = "restoring", status = "inProgress", jobs = { "attach" }, acts = { "7 let_out" }, fields = { apart = true } },
}
spec "what is merged is worked in the other one" {
  given = merged { stage = "closed", merged_into = 7 }, action = "relapse", data = { reason = "x" }, who = head,
  expect = { refuse = "the case is part of another one: work that one, or unmerge it first" },
}
spec "only what was merged is unmerged" {
  given = merged { stage = "closed" }, action = "unmerge", data = {}, who = head,
  expect = { refuse = "the case was not merged into another one" },
}
spec "a drill is merged into nothing" {
  given = ticket { kind = "incident", stage = "open", fields = { drill = true } }, action = "merge", data = { ticket = 7 }, who = head,
  expect = { refuse = "a drill and a case stay apart", by = "a drill is no case" },
}

-- ---- text messages while the fault lasts
spec "without an approved script there is nothing to text" {
  given = ticket { kind = "incident", stage = "open", fields = { script_draft = { version = 1, zh = "x", by = "wu.qiang" } } }, action = "text",
  who = head, expect = { refuse = "no script is approved yet: there is nothing to text", by = "no script to text" },
}
spec "what is not going out cannot be stopped" {
  given = ticket { kind = "incident", stage = "open", fields = { texting = "stopped" } }, action = "stop_text", who = head,
  expect = { refuse = "no text messages go out", by = "nobody is being texted" },
}
