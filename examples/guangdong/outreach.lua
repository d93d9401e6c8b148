-- What goes out for a case (事件): one script to the front desk of all its cities, the voice menu, the groups and text messages. The script
-- is drafted by one person and approved by another (lua/lifecycle/incident.lua); what goes out is always the version approved last, and
-- the version before is taken back with it.
-- An IVR task says when the prompt begins and ends, how often a number hears it, who never hears it, and what to do on any failure: put
-- the caller through. quiet: no text message reaches a customer at night. alarm: the duty desk hears of what is not delivered.
tasks {
  { "ivr", zh = "语音系统", en = "voice system", lease = "20s", attempts = 60, backoff = "5s", backoff_max = "60s", expires = "2h", alarm = "45s" },
  { "boss_emergency", zh = "BOSS应急系统", en = "BOSS emergency system", lease = "5m", attempts = 10, backoff = "30s", expires = "24h",
    alarm = "2m", numbers = "fixed" },
  { "boss_green_channel", zh = "BOSS绿色通道", en = "BOSS green channel", lease = "5m", attempts = 10, backoff = "30s", expires = "24h",
    alarm = "2m" },
  { "sms", zh = "短信", en = "text message", lease = "60s", attempts = 5, backoff = "30s", expires = "12h",
    quiet = { from = "22:00", to = "08:00" }, numbers = "told" },
  { "sms_script", zh = "短信（故障口径）", en = "text message of a fault", lease = "60s", attempts = 5, backoff = "30s", expires = "2h",
    quiet = { from = "22:00", to = "08:00" } },
}

local fault_text = task "sms_script" { incident = "{id}", no = "{no}", op = "fault", version = "{fields.script_version}",
  until_ms = "{fields.script_until_time}", text = "【中国移动】{fields.script_zh}" }
local playing = any_of("orange", "red", "black") -- from this level on the voice menu plays the prompt

rules.before "outbox" {
  kinds = { "incident" },

  -- ---- the front desk: at once, whatever the level ---------------------------------------------------------
  rule "the desk hears of a case" {
    when = { event = "create" },
    news = news "frontdesk.CITY" { event = "opened", incident = "{id}", no = "{no}", title = "{title}", category = "{category}",
      level = "{fields.level}", drill = "{fields.drill}" },
    because = "who calls about it is told something true from the first minute",
  },
  rule "the desk gets the script" {
    when = { action = "approve_script" },
    news = news "frontdesk.CITY" { event = "script", incident = "{id}", no = "{no}", category = "{category}", level = "{fields.level}",
      version = "{fields.script_version}", withdrawn = "{fields.script_before}", zh = "{fields.script_zh}", en = "{fields.script_en}",
      eta = "{fields.script_eta}", drill = "{fields.drill}" },
  },
  rule "the desk hears of the recovery" {
    when = { action = any_of("prove", "resolve") },
    news = news "frontdesk.CITY" { event = "withdrawn", incident = "{id}", no = "{no}", version = "{fields.script_version}",
      zh = "故障已恢复，请按正常口径受理", en = "it works again: take complaints as usual", drill = "{fields.drill}" },
  },
  rule "the desk hears that a case is part of another" {
    when = { action = "merge" },
    news = news "frontdesk.CITY" { event = "merged", incident = "{id}", no = "{no}", into = "{data.ticket}", version = "{fields.script_version}",
      zh = "已并入另一事件，请用该事件的口径", en = "part of another case: say what that one says" },
  },
  rule "the desk hears that there was no fault" {
    when = { action = "cancel" },
    news = news "frontdesk.CITY" { event = "withdrawn", incident = "{id}", no = "{no}", version = "{fields.script_version}",
      zh = "事件已撤销，请停用此前口径，按正常口径受理", en = "the case was cancelled: take complaints as usual", drill = "{fields.drill}" },
    because = "nothing was mended, so nobody is told that something was",
  },
  rule "the desk hears of a relapse" {
    when = { action = "relapse" },
    news = news "frontdesk.CITY" { event = "relapse", incident = "{id}", no = "{no}", zh = "故障复发，处理中", en = "the fault is back, being worked",
      drill = "{fields.drill}" },
  },

  -- ---- the voice menu: from orange, never for customers over 65 or important ones, never in the way of an agent --------------------
  rule "the voice menu plays the prompt" {
    when = { action = "approve_script", ["fields.level"] = playing, ["fields.script_prompt"] = present },
    withdraw = { "ivr" },
    task = task "ivr" { op = "play", incident = "{id}", no = "{no}", version = "{fields.script_version}", replaces = "{fields.script_before}",
      prompt = "{fields.script_prompt}", zh = "{fields.script_zh}", en = "{fields.script_en}", from_ms = "{fields.script_approved_at}",
      until_ms = "{fields.script_until_time}", most = "4h", cap = 1, never = { "age65", "vip" }, agent_key = "0", on_failure = "agent" },
    because = "the calls that the prompt answers do not wait for an agent",
  },
  rule "the voice menu plays it from orange on" {
    when = { action = "level", ["fields.level"] = playing, ["fields.script_prompt"] = present, ["fields.ivr"] = none_of("on") },
    withdraw = { "ivr" },
    task = task "ivr" { op = "play", incident = "{id}", no = "{no}", version = "{fields.script_version}", replaces = 0,
      prompt = "{fields.script_prompt}", zh = "{fields.script_zh}", en = "{fields.script_en}", from_ms = "{fields.script_approved_at}",
      until_ms = "{fields.script_until_time}", most = "4h", cap = 1, never = { "age65", "vip" }, agent_key = "0", on_failure = "agent" },
  },
  rule "the voice menu is told to stop" {
    when = { action = any_of("prove", "resolve", "cancel", "merge"), ["fields.script_prompt"] = present },
    withdraw = { "ivr" },
    task = task "ivr" { op = "withdraw", incident = "{id}", no = "{no}", version = "{fields.script_version}", prompt = "{fields.script_prompt}" },
    because = "a prompt about a fault that is over makes new calls; one of a case that is part of another says what the other one does not",
  },
  rule "topic of the voice menu" {
    when = { action = any_of("approve_script", "prove", "resolve", "cancel", "merge") },
    news = news "ivr" { event = "script", action = "{action}", incident = "{id}", version = "{fields.script_version}",
      replaces = "{fields.script_before}", prompt = "{fields.script_prompt}", drill = "{fields.drill}" },
  },

  -- ---- groups: the maintenance and the sales groups hear the same words ------------------------------------------------------------
  rule "the groups get the script" {
    when = { action = "approve_script", ["fields.level"] = any_of("yellow", "orange", "red", "black") },
    withdraw = { "group_message" },
    task = task "group_message" { incident = "{id}", version = "{fields.script_version}", cities = "{fields.cities}",
      text = "【{no} 第{fields.script_version}版】{fields.script_zh} {fields.script_en}" },
  },
  rule "the groups hear of the recovery" {
    when = { action = any_of("prove", "resolve") },
    withdraw = { "group_message" },
    task = task "group_message" { incident = "{id}", cities = "{fields.cities}", text = "【{no}】故障已恢复，请停用此前口径。It works again." },
  },
  rule "the groups hear that there was no fault" {
    when = { action = "cancel", ["fields.script_version"] = present },
    withdraw = { "group_message" },
    task = task "group_message" { incident = "{id}", cities = "{fields.cities}", text = "【{no}】事件已撤销，请停用此前口径。The case was cancelled." },
  },

  rule "the groups hear of a relapse" {
    when = { action = "relapse" },
    withdraw = { "group_message" },
    task = task "group_message" { incident = "{id}", cities = "{fields.cities}", text = "【{no}】故障复发，处理中。The fault is back." },
  },

  -- ---- customers who are hit, while it lasts: once a case, when a head says so; who is hit later within five minutes -----------------
  -- once = "case": a new version goes to those who have had none. once = "{fields.script_version}" would text everybody again.
  rule "who is hit is texted the script" {
    when = { action = "text" }, withdraw = { "sms_script" }, of = "affected", batch = 1000, once = "case", again = "5m",
    task = fault_text,
    because = "who knows does not call",
  },
  rule "the texts say what was approved last" {
    when = { action = "approve_script", ["fields.texting"] = "on", stage = any_of("open", "restoring", "recovering") },
    withdraw = { "sms_script" }, of = "affected", batch = 1000, once = "case", again = "5m",
    task = fault_text,
  },
  rule "nobody is texted of the fault any more" {
    when = { action = any_of("stop_text", "prove", "resolve", "cancel", "merge", "close", "finish") }, withdraw = { "sms_script" },
    because = "a text about a fault that is over makes calls",
  },

  -- ---- customers: those who complained are told once when it is proven; nobody at night (tasks: quiet) -------------------------------
  rule "everybody is told" {
    when = { action = any_of("tell", "resolve") }, of = "everybody", batch = 1000, -- affected and complainers, each number once
    task = task "sms" { incident = "{id}", op = "recovered", text = "【中国移动】您反映的问题已恢复，给您带来不便，深表歉意。" },
  },
  rule "nobody is told any more that it works" {
    when = { action = any_of("relapse", "deny") },
    withdraw = { "sms" },
    because = "what waits for the morning, or for a gateway, would be untrue by then",
  },
}

-- Whom number.check names the case's prompt to: the voice menu plays nothing else. The fields are the case's, the customer is the caller
-- (subscriber.put); the first rule that holds decides, and where a rule fails nothing is played.
rules "prompt" {
  kinds = { "incident" },
  rule "older customers speak to a person" { when = { age65 = true }, prompt = false },
  rule "important customers speak to a person" { when = { vip = true }, prompt = false },
  rule "who has complained speaks to a person" { when = { number_complained = true }, prompt = false,
    because = "the prompt is for those who would complain" },
  rule "no prompt below orange" {
    when = { ["fields.level"] = none_of("orange", "red", "black"), ["fields.highest"] = none_of("orange", "red", "black") }, prompt = false,
    because = "but once it plays it does until the recovery is proven: that fewer complain may be its own doing",
  },
  rule "no prompt after the recovery" { when = { ["fields.recovery"] = any_of("proven", "told", "watched") }, prompt = false,
    because = "a prompt about a fault that is over makes new calls" },
  rule "no prompt past its end" { when = { prompt_over = at_least "0s" }, prompt = false },
  rule "no prompt without an end for longer than four hours" { when = { prompt_over = absent, prompt_age = at_least "4h" }, prompt = false,
    because = "what nobody has looked at for so long is said no more; approved again it plays again" },
  rule "no prompt of a drill" { when = { ["fields.drill"] = true }, prompt = false },
}

rules.before "answer" {
  kinds = { "incident" },
  rule "the prompt plays" { when = { task = "ivr", task_op = "play", task_state = "done" }, act = "ivr_on" },
  rule "the prompt is not delivered" {
    when = { task = "ivr", task_op = "play", task_state = any_of("late", "given_up") }, act = "ivr_down", notice = { "duty" },
    say = { zh = "IVR未送达", en = "IVR not delivered" },
    because = "customers hear nothing yet; the desk has the script",
  },
  rule "the prompt still plays" {
    when = { task = "ivr", task_op = "withdraw", task_state = any_of("late", "given_up") }, notice = { "duty" },
    say = { zh = "IVR提示未撤下", en = "the IVR prompt is not withdrawn" },
    because = "customers are told of a fault that is over",
  },
  rule "the prompt is gone" { when = { task = "ivr", task_op = "withdraw", task_state = "done" }, act = "ivr_off" },
}
