local head = { name = "lin.tao", roles = { supervisor = true } }
local function case(fields, more)
  local t = { kind = "incident", no = "I20260922-000007", city = "shenzhen", category = "recharge.not_credited", department = "duty", queue = "duty",
    fields = { key = "shenzhen/recharge.not_credited", cities = { "shenzhen", "foshan" } } }
  for key, x in pairs(fields or {}) do t.fields[key] = x end
  for key, x in pairs(more or {}) do t[key] = x end
  return ticket(t)
end
local draft = { version = 2, zh = "充值平台故障，预计12点恢复", en = "recharge is down until noon", prompt = "P-RECHARGE-01", by = "wu.qiang", at = 1 }

spec "a case is told to the desk of each of its cities" {
  given = ticket { kind = "incident", channel = "webhook", title = "充值", text = "x", category = "recharge.not_credited",
    fields = { cities = { "shenzhen", "foshan" } } },
  expect = { news = { "frontdesk.shenzhen", "frontdesk.foshan" }, tasks = {} },
}
spec "yellow: the desk and the groups, not the voice menu" {
  given = case { level = "yellow", script_draft = draft }, action = "approve_script", who = head,
  expect = { news = { "frontdesk.shenzhen", "frontdesk.foshan", "ivr" }, tasks = { "group_message" }, by = "the groups get the script" },
}
spec "orange: the voice menu too, and what it had of the version before is taken back" {
  given = case { level = "orange", script_draft = draft, script = { version = 1, zh = "x" } }, action = "approve_script", who = head,
  expect = { withdrawn = { "ivr", "group_message" },
    tasks = { "ivr", "group_message", ivr = { op = "play", version = 2, replaces = 1, prompt = "P-RECHARGE-01", never = { "age65", "vip" }, cap = 1,
      on_failure = "agent", agent_key = "0" },
      group_message = { text = "【{no} 第2版】充值平台故障，预计12点恢复 recharge is down until noon" } } },
}
spec "without a prompt there is nothing to play" {
  given = case { level = "red", script_draft = { version = 2, zh = "x", by = "wu.qiang" } }, action = "approve_script", who = head,
  expect = { tasks = { "group_message" } },
}
spec "the level rises: the script that was approved is played" {
  given = case { level = "yellow", script_version = 1, script_prompt = "P-RECHARGE-01" }, action = "level", data = { level = "orange" }, who = head,
  expect = { tasks = { "ivr" }, by = "the voice menu plays it from orange on" },
}
spec "proven: prompts stop, the desk and the groups hear of it" {
  given = case({ script_version = 1, script_prompt = "P-RECHARGE-01" }, { stage = "recovering" }), action = "prove", who = head,
  expect = { withdrawn = { "ivr", "group_message", "sms_script" }, tasks = { "ivr", "group_message", ivr = { op = "withdraw", version = 1 } },
    news = { "frontdesk.shenzhen", "frontdesk.foshan", "ivr" }, by = { "the desk hears of the recovery", "nobody is texted of the fault any more" } },
}
spec "the fault is back: the groups hear of it, and nobody is told any more that it works" {
  given = case({}, { stage = "watched" }), action = "relapse", data = { reason = "又坏了" }, who = head,
  expect = { withdrawn = { "group_message", "sms" }, tasks = { "group_message" }, news = { "frontdesk.shenzhen", "frontdesk.foshan" },
    by = { "the groups hear of a relapse", "nobody is told any more that it works" } },
}
spec "a false alarm: nobody is told that it works again" {
  given = case({ script_version = 1, script_prompt = "P-RECHARGE-01" }, { stage = "restoring" }), action = "cancel",
  data = { reason = "误报" }, who = head,
  expect = { withdrawn = { "ivr", "group_message", "sms_script" }, tasks = { "ivr", "group_message", ivr = { op = "withdraw", version = 1 } },
    news = { "frontdesk.shenzhen", "frontdesk.foshan", "ivr" },
    by = { "the desk hears that there was no fault", "the groups hear that there was no fault" } },
}
spec "merged into another case: its prompt is taken back, and the desk says what the other one says" {
  given = case({ script_version = 1, script_prompt = "P-RECHARGE-01" }, { stage = "restoring" }), action = "merge", data = { ticket = 7 }, who = head,
  expect = { withdrawn = { "ivr", "sms_script" }, tasks = { "ivr", ivr = { op = "withdraw", version = 1 } },
    news = { "frontdesk.shenzhen", "frontdesk.foshan", "ivr" }, by = "the desk hears that a case is part of another" },
}
spec "a head has those who are hit texted" {
  given = case { level = "red", script_version = 2, script_zh = "充值平台故障" }, action = "text", who = head,
  expect = { withdrawn = { "sms_script" }, jobs = { "numbers" }, tasks = {}, by = "who is hit is texted the script" },
}
spec "an agent does not" {
  given = case { script_version = 2 }, action = "text", who = { name = "wu.qiang", roles = { agent = true } }, expect = { refuse = true },
}
spec "without an approved script nobody is texted" {
  given = case { level = "red", script_draft = draft }, action = "text", who = head, expect = { refuse = true, by = "no script to text" },
}
spec "a new version while texts go out" {
  given = case { level = "none", script_draft = draft, texting = "on" }, action = "approve_script", who = head,
  expect = { withdrawn = { "sms_script" }, jobs = { "numbers" }, by = "the texts say what was approved last" },
}
spec "a new version when nobody asked for texts" {
  given = case { level = "none", script_draft = draft }, action = "approve_script", who = head, expect = { withdrawn = {}, jobs = {} },
}
spec "texts stop when a head says so" {
  given = case { level = "red", texting = "on" }, action = "stop_text", who = head,
  expect = { withdrawn = { "sms_script" }, jobs = {}, fields = { texting = "stopped" }, by = "nobody is texted of the fault any more" },
}
spec "what does not go out cannot stop" {
  given = case { level = "red" }, action = "stop_text", who = head, expect = { refuse = true, by = "nobody is being texted" },
}
spec "told: a text message to each who complained, each complaint answered" {
  given = case(nil, { stage = "proven" }), timer = { kind = "rule", rule = "act:tell" },
  expect = { stage = "told", jobs = { "children", "numbers" }, by = "everybody is told" },
}
spec "a relapse is told to the desk" {
  given = case(nil, { stage = "watched" }), action = "relapse", data = { reason = "x" }, who = head,
  expect = { news = { "frontdesk.shenzhen", "frontdesk.foshan" }, by = "the desk hears of a relapse" },
}
spec "the prompt plays" {
  given = case { level = "red" }, task = { id = 1, kind = "ivr", op = "play", state = "done" }, expect = { by = "the prompt plays" },
}
spec "nobody took it for 45 s" {
  given = case { level = "red" }, task = { id = 1, kind = "ivr", op = "play", state = "late" },
  expect = { say = "IVR not delivered", notice = { "duty" }, by = "the prompt is not delivered" },
}
spec "the prompt is not gone" {
  given = case { level = "red" }, task = { id = 1, kind = "ivr", op = "withdraw", state = "given_up" },
  expect = { say = "the IVR prompt is not withdrawn", notice = { "duty" }, by = "the prompt still plays" },
}
spec "the prompt is gone" {
  given = case { level = "red" }, task = { id = 1, kind = "ivr", op = "withdraw", state = "done" }, expect = { by = "the prompt is gone" },
}

-- ---- whom the voice menu plays the prompt to
local function caller(name, who, fields, expect, more)
  spec(name) { given = case(fields), caller = who, number = more and more.number, at = more and more.at, expect = expect }
end
local playing = { level = "orange" }
caller("who is hit by the fault hears the prompt", { star = 3 }, playing, { prompt = true })
caller("an older customer speaks to a person", { age65 = true }, playing, { prompt = false, by = "older customers speak to a person" })
caller("an important customer, too", { vip = true }, playing, { prompt = false, by = "important customers speak to a person" })
caller("and who has complained", {}, playing, { prompt = false, by = "who has complained speaks to a person" }, { number = { complained = true } })
caller("yellow plays nothing", {}, { level = "yellow" }, { prompt = false, by = "no prompt below orange" })
caller("it plays on when fewer complain", {}, { level = "none", highest = "red" }, { prompt = true })
caller("what has recovered plays nothing", {}, { level = "red", recovery = "proven" }, { prompt = false, by = "no prompt after the recovery" })
caller("a drill plays nothing", {}, { level = "red", drill = true }, { prompt = false, by = "no prompt of a drill" })
local over = { level = "red", script_until_time = 1790042400000 } -- 2026-09-22T10:00
caller("a minute before its end it plays", {}, over, { prompt = true }, { at = "2026-09-22T09:59" })
caller("at its end no more", {}, over, { prompt = false, by = "no prompt past its end" }, { at = "2026-09-22T10:00" })
local endless = { level = "red", script_approved_at = 1790042400000 }
caller("without an end it plays for four hours", {}, endless, { prompt = true }, { at = "2026-09-22T13:59" })
caller("and not longer", {}, endless, { prompt = false, by = "no prompt without an end for longer than four hours" }, { at = "2026-09-22T14:00" })
