-- The life of an incident (事件): restore first. It holds the complaints of one fault, has no waiting state, and its recovery is a state of
-- its own: claimed → proven → told → watched → closed. What it carries stands in `fields`:
--   key, cities, level          what it is about (CITY/CATEGORY, * for all), and the warning level it has: that of the worst of its keys
--   began                       when the outbreak began: with the first bin of its warnings that had more than usual
--   keys                        the warnings that are evidence of it, its own the first
--   script, script_draft        what everybody says to customers: {version, zh, en, prompt, eta, by, approved_by}
--   maintainers                 the persons who work on it
--   follows                     the case that was closed or cancelled before, though its warning stood
--   merged                      the cases that were merged into it; apart: it was merged and unmerged, so nothing merges it by itself again
--   texting                     on, stopped: text messages with the script go out; over with the recovery, and asked for again after it
--   recovery                    claimed, proven, told, watched
--   green…                      the key service that the BOSS green channel has taken over
local desk = { "agent", "supervisor", "leader" }
local heads = { "supervisor", "leader" }
local live = { "open", "restoring", "recovering", "proven", "told", "watched" }
local broken = { "open", "restoring", "recovering" }
local ever = { "open", "restoring", "recovering", "proven", "told", "watched", "closed" }

kind "incident" {
  zh = "事件", en = "incident", prefix = "I", first = "open", roles = heads, given = { "level", "cities" },
  stage "open" { zh = "已建立", en = "open", status = "acknowledged" },
  stage "restoring" { zh = "恢复中", en = "restoring", status = "inProgress" },
  stage "recovering" { zh = "已称恢复，待证实", en = "recovery claimed", status = "inProgress" },
  stage "proven" { zh = "恢复已证实", en = "recovery proven", status = "resolved" },
  stage "told" { zh = "已告知客户", en = "customers told", status = "resolved" },
  stage "watched" { zh = "效果跟踪", en = "watched", status = "resolved" },
  stage "closed" { zh = "已关闭", en = "closed", status = "closed" },

  -- who works on it: resources go where it grows
  action "take" { zh = "接手", en = "take", from = { "open" }, to = "restoring", roles = desk, assign = "self", sign = "taken" },
  action "assign" { zh = "增派人员", en = "assign", from = live, roles = heads, data = { person = "person", reason = "text?" },
    add = { maintainers = "person" } },
  action "unassign" { zh = "撤回人员", en = "unassign", from = live, roles = heads, data = { person = "person", reason = "text?" },
    remove = { maintainers = "person" } },
  action "call" { zh = "应急召集", en = "call out", from = live, roles = desk, data = { person = "person", text = "text?" }, sign = "called",
    add = { called = "person" } },
  action "note" { zh = "记录", en = "note", from = ever, roles = desk, data = { text = "text" } },
  action "level" { zh = "调整预警等级", en = "level", from = live, roles = heads, data = { level = "level" }, keep = { level = "level" },
    peak = { highest = "level" }, sign = "level" },
  action "evidence" { zh = "并入预警", en = "take in a warning", from = live, roles = heads, data = { key = "text", began = "time?" },
    add = { keys = "key" }, keep = { began = "began" }, offered = false, gather = true },
  action "widen" { zh = "纳入更多地市", en = "take in more cities", from = live, roles = heads, data = { cities = "cities" },
    keep = { cities = "cities" }, gather = true },
  -- one fault, several cases: the other one takes in what it is about, its keys, its people, its lists and its complaints, and it is over
  action "merge" { zh = "并入另一事件", en = "merge", from = { "open", "restoring" }, to = "closed", roles = heads,
    data = { ticket = "ticket", reason = "text?" }, copy = { resolution = "reason" }, link = "merged_into", merging = "into",
    mark = { texting = false },
    children = { action = "attach", data = { ticket = "ticket" } } },
  -- not once customers were told that it works: those of the other one would not be
  action "take_in" { zh = "并入事件", en = "take in a case", from = broken, roles = heads, offered = false, merging = "takes",
    data = { ticket = "ticket", keys = "list?", maintainers = "list?", cities = "cities?", began = "time?", level = "level?" },
    add = { merged = "ticket" }, peak = { highest = "level" } },
  action "unmerge" { zh = "拆出事件", en = "unmerge", from = { "closed" }, to = "restoring", roles = heads, data = { reason = "text?" },
    unlink = "merged_into", mark = { apart = true }, merging = "out" },
  action "let_out" { zh = "拆出事件", en = "let out a case", offered = false, merging = "loses", from = ever, roles = heads,
    data = { ticket = "ticket", keys = "list?" }, remove = { merged = "ticket" } },
  action "suspect" { zh = "定位瓶颈", en = "suspect", from = live, roles = desk, data = { component = "text", evidence = "text?" },
    keep = { suspect = "component", suspect_evidence = "evidence" }, sign = "suspect" },

  -- one script a case: a draft, and a second person who approves it
  action "script" { zh = "起草口径", en = "script", from = live, roles = desk,
    data = { zh = "text", en = "text?", prompt = "text?", eta = "future?", until_time = "future?" }, draft = "script" },
  action "approve_script" { zh = "批准口径", en = "approve script", from = live, roles = heads, approve = "script" },

  -- what became of the voice prompt (by the answers of its tasks)
  action "ivr_on" { zh = "语音提示已播放", en = "IVR plays", from = live, roles = heads, mark = { ivr = "on" }, sign = "ivr_on" },
  action "ivr_down" { zh = "IVR未送达", en = "IVR not delivered", from = live, roles = heads, mark = { ivr = "not_delivered" }, sign = "ivr_down" },
  action "ivr_off" { zh = "语音提示已撤下", en = "IVR withdrawn", from = { "open", "restoring", "recovering", "proven", "told", "watched", "closed" },
    roles = heads, mark = { ivr = "off" }, sign = "ivr_off" },

  -- a text message with the approved script to those who are hit, as long as the fault lasts (rules "outbox" of the pack)
  action "text" { zh = "短信告知", en = "text customers", from = broken, roles = heads, mark = { texting = "on" }, sign = "texting" },
  action "stop_text" { zh = "停止短信告知", en = "stop text messages", from = broken, roles = heads, mark = { texting = "stopped" },
    data = { reason = "text?" } },

  -- restore the complainers: one batch task of the BOSS emergency system, a result a number; without numbers all complainers
  action "restore_numbers" { zh = "应急恢复指定号码", en = "restore numbers", from = broken, roles = desk,
    data = { numbers = "numbers", operation = "text?" } },
  action "restore_complainers" { zh = "应急恢复投诉客户", en = "restore complainers", from = broken, roles = desk,
    data = { operation = "text?" } },

  -- a key service taken over by the BOSS green channel: asked, approved by a named person, live, handed back and checked
  action "ask_green" { zh = "申请绿色通道", en = "ask green channel", from = broken, roles = desk,
    data = { service = "text", until_time = "future", reason = "text" }, mark = { green = "asked" }, sign = "green_asked",
    keep = { green_service = "service", green_until = "until_time", green_reason = "reason" }, at = { green_lapse = "green_until" } },
  action "approve_green" { zh = "批准绿色通道", en = "approve green channel", from = broken, roles = { "leader" }, mark = { green = "approved" },
    sign = "green_approved" },
  action "refuse_green" { zh = "不批准绿色通道", en = "refuse green channel", from = broken, roles = { "leader" }, data = { reason = "text" },
    mark = { green = "refused" }, sign = "green_refused" },
  -- nobody approved it, or nobody took the service over, and its time has passed
  action "green_lapse" { zh = "绿色通道逾期未接管", en = "green channel lapsed", from = live, roles = heads, mark = { green = "lapsed" },
    sign = "green_lapsed", offered = false },
  action "green_live" { zh = "绿色通道已接管", en = "green channel live", from = live, roles = { "supervisor", "adapter" },
    mark = { green = "live" }, sign = "green_live", at = { hand_back = "green_until" } },
  action "green_failed" { zh = "绿色通道未能接管", en = "green channel failed", from = live, roles = { "supervisor", "adapter" },
    mark = { green = "failed" }, sign = "green_failed" },
  action "hand_back" { zh = "交还业务", en = "hand back", from = live, roles = heads, mark = { green = "handing_back" }, sign = "green_handed_back" },
  action "green_back" { zh = "业务已交还", en = "handed back", from = live, roles = { "supervisor", "adapter" }, mark = { green = "handed_back" },
    sign = "green_back" },
  action "check_green" { zh = "核对交还", en = "check hand-back", from = live, roles = heads, data = { ok = "boolean", text = "text?" },
    keep = { green_check_ok = "ok" }, mark = { green = "checked" }, sign = "green_checked" },

  -- recovery: said, proven, told, watched
  action "claim" { zh = "称已恢复", en = "claim recovery", from = { "open", "restoring" }, to = "recovering", roles = { "agent", "supervisor", "leader",
    "adapter" }, data = { text = "text?" }, mark = { recovery = "claimed", probe_ok = false }, sign = "claimed" },
  action "deny" { zh = "并未恢复", en = "not recovered", from = { "recovering", "proven" }, to = "restoring", roles = desk,
    data = { reason = "text" }, mark = { recovery = false, probe_ok = false } },
  action "probe" { zh = "拨测结果", en = "probe", from = { "open", "restoring", "recovering" }, roles = { "agent", "supervisor", "leader", "adapter" },
    data = { ok = "boolean", text = "text?" }, keep = { probe_ok = "ok" }, sign = "probed" },
  action "prove" { zh = "证实恢复", en = "prove recovery", from = { "recovering" }, to = "proven", roles = heads, data = { text = "text?" },
    copy = { resolution = "text" }, mark = { recovery = "proven", texting = false }, sign = "proven", after = { tell = "0s" } },
  action "resolve" { zh = "解决并答复", en = "resolve", from = { "open", "restoring", "recovering", "proven" }, to = "told", roles = heads,
    data = { text = "text", cause = "text?" }, copy = { resolution = "text", cause = "cause" }, mark = { recovery = "told", texting = false },
    sign = "told",
    children = { action = "answer", data = { text = "text" } }, after = { watch = "0s" } },
  action "tell" { zh = "告知客户", en = "tell", from = { "proven" }, to = "told", roles = heads, data = { text = "text?" },
    mark = { recovery = "told" }, sign = "told", after = { watch = "0s" },
    children = { action = "answer", data = { text = "text" },
      otherwise = { text = "您反映的问题已经恢复，给您带来不便，深表歉意。The service you complained about works again; we apologize." } } },
  action "watch" { zh = "开始跟踪", en = "watch", from = { "told" }, to = "watched", roles = heads, mark = { recovery = "watched" }, sign = "watched",
    after = { finish = "2h" } },
  action "finish" { zh = "跟踪期满", en = "watch over", from = { "watched" }, to = "closed", roles = heads,
    mark = { recovery = false }, sign = "finished" },
  action "close" { zh = "关闭", en = "close", from = { "told", "watched" }, to = "closed", roles = heads, data = { text = "text?" },
    mark = { recovery = false } },
  action "relapse" { zh = "复发", en = "relapse", from = { "recovering", "proven", "told", "watched", "closed" }, to = "restoring", roles = desk,
    count = "reopened", data = { reason = "text" }, mark = { recovery = false, probe_ok = false, relapse = true, again = 0 }, sign = "relapse",
    raise = "orange", children = { action = "reopen", data = { reason = "reason" }, stages = { "replied", "confirmed" },
      otherwise = { reason = "告知恢复后又有客户投诉 complaints again after the recovery was told" } } },
  -- a customer who was told complains again; rules "follow" say how many are a relapse; again_ever: also before a relapse
  action "again" { zh = "告知后再次投诉", en = "complained again", from = { "told", "watched" }, tally = { "again", "again_ever" },
    offered = false },
  action "cancel" { zh = "撤销", en = "cancel", from = broken, to = "closed", status = "cancelled", roles = heads,
    data = { reason = "text" }, copy = { resolution = "reason" }, mark = { texting = false } },
}

rules.before "refuse" {
  kinds = { "incident" },
  rule "merged into another case" {
    when = { action = none_of("unmerge", "let_out", "note"), merged_into = present },
    say = { zh = "该事件已并入另一事件，请在那里处理或先拆出", en = "the case is part of another one: work that one, or unmerge it first" },
  },
  rule "not merged" {
    when = { action = "unmerge", merged_into = absent },
    say = { zh = "该事件没有并入其他事件", en = "the case was not merged into another one" },
  },
  rule "a drill is no case" {
    when = { action = any_of("merge", "take_in"), ["fields.drill"] = true },
    say = { zh = "演练与真实事件不能合并", en = "a drill and a case stay apart" },
  },
  rule "no script to text" {
    when = { action = "text", ["fields.script_version"] = absent },
    say = { zh = "还没有批准的口径，不能短信告知", en = "no script is approved yet: there is nothing to text" },
    because = "customers read what two persons have read",
  },
  rule "nobody is being texted" {
    when = { action = "stop_text", ["fields.texting"] = none_of("on") },
    say = { zh = "没有正在进行的短信告知", en = "no text messages go out" },
  },
  rule "green channel asked already" {
    when = { action = "ask_green", ["fields.green"] = any_of("asked", "approved", "live", "handing_back", "handed_back") },
    say = { zh = "绿色通道已在申请或接管之中", en = "the green channel is asked for or has the service already" },
  },
  rule "green channel not asked" {
    when = { action = any_of("approve_green", "refuse_green"), ["fields.green"] = none_of("asked") },
    say = { zh = "没有待批准的绿色通道申请", en = "no green channel is asked for" },
  },
  rule "green channel asked by oneself" {
    when = function(t) return t.action == "approve_green" and t["fields.green_asked_by"] == t.who end,
    say = { zh = "申请人不能自己批准绿色通道", en = "who asks for the green channel cannot approve it" },
    because = "a key service is handed over by two persons",
  },
  rule "green channel not waited for" {
    when = { action = "green_lapse", ["fields.green"] = none_of("asked", "approved") },
    say = { zh = "绿色通道已有结果", en = "the green channel has answered" },
  },
  rule "green channel not taken over" {
    when = { action = "hand_back", ["fields.green"] = none_of("live", "failed") },
    say = { zh = "绿色通道没有接管业务", en = "the green channel has not taken the service over" },
  },
  rule "green channel not handed back" {
    when = { action = "check_green", ["fields.green"] = none_of("handed_back", "checked") },
    say = { zh = "业务尚未交还", en = "the service has not been handed back" },
  },
  -- a drill asks nobody, so nobody has it
  rule "the service is still with the green channel" {
    when = { ["fields.drill"] = absent, action = any_of("close", "finish", "cancel", "merge"),
      ["fields.green"] = any_of("approved", "live", "handing_back", "handed_back") },
    say = { zh = "业务还在绿色通道，请先交还并核对", en = "the service is still with the green channel: hand it back and check it first" },
  },
  rule "the hand-back was not in order" {
    when = { action = any_of("close", "finish", "cancel", "merge"), ["fields.green"] = "checked", ["fields.green_check_ok"] = false },
    say = { zh = "交还核对未通过，请处理后再核对", en = "the check of the hand-back found it wanting: mend it and check again" },
  },
}

-- How severe a case is: the third of the three principles. A lost network weighs more than lost money, that more than slowness.
rules "grade" {
  kinds = { "incident" },
  rule "network gone" { when = { category = any_of("network.no_service", "group.leased_line") }, grade = "major", priority = 1 },
  rule "money and numbers" { when = { category = under("recharge", "billing", "account") }, grade = "important", priority = 2 },
  rule "money and numbers, by signals" { when = { ["fields.service"] = any_of("recharge", "payment", "billing", "suspend_resume") },
    grade = "important", priority = 2 },
  rule "text messages, by signals" { when = { ["fields.service"] = "sms" }, grade = "important", priority = 3 },
  rule "network slow" { when = { category = under("network", "broadband", "sms", "roaming") }, grade = "important", priority = 3 },
  otherwise { grade = "normal", priority = 5 },
}

-- A complaint hangs on the open case of its category and city, also when it came up to an hour before the case.
rules "attach" {
  kinds = { "complaint" },
  rule "bypass complaints are answered one by one" { when = { bypass = true }, attach = false,
    because = "a regulator's letter is not answered by a broadcast" },
  otherwise { same = { "category", "city" }, before = "1h" },
}

rules.before "follow" {
  kinds = { "incident" },
  rule "told, and complaining again" {
    when = { action = "again", ["fields.again"] = at_least(40) }, act = "relapse",
    because = "forty customers were told that it works, and say it does not",
  },
  rule "relapse" { when = { action = "relapse" }, notice = { "duty", "team_head", "leader" },
    because = "customers were told it works, and it does not" },
  rule "green channel asked" { when = { action = "ask_green" }, notice = { "leader" }, because = "a leader approves it" },
  rule "green channel lapsed" { when = { action = "green_lapse" }, notice = { "duty", "leader" },
    because = "its time has passed, and nobody has taken the service over" },
}
