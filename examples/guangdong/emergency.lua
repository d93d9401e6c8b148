-- Major complaints (重大投诉应急管理办法): grading, the emergency team's call-out, limits to respond and to report, a runbook whose steps are ticked
-- with time and name, status reports at a rhythm, what is said in public, a review after recovery. Beside the incident: link = its id.
-- How our levels map to the national classes of accidents is accidents.csv (secondary source: field notes; let counsel confirm).
local desk = { "agent", "supervisor", "leader" }
local heads = { "supervisor", "leader" }
local open = { "declared", "responding", "restored" }

inputs {
  { "users", zh = "受影响用户数", en = "users hit" },
  { "minutes", zh = "持续分钟", en = "minutes it lasts" },
  { "step", zh = "步骤", en = "step" },
  { "source", zh = "来源", en = "source" },
  { "to", zh = "报告对象", en = "reported to" },
}

kind "emergency" {
  zh = "重大投诉应急", en = "major-complaint emergency", prefix = "E", first = "declared",
  stage "declared" { zh = "已启动", en = "declared", status = "acknowledged" },
  stage "responding" { zh = "应急处置中", en = "responding", status = "inProgress" },
  stage "restored" { zh = "已恢复，待复盘", en = "restored, to be reviewed", status = "resolved" },
  stage "closed" { zh = "已复盘归档", en = "reviewed", status = "closed" },
  action "respond" { zh = "响应", en = "respond", from = { "declared" }, to = "responding", roles = desk, assign = "self", sign = "responded",
    after = { remind = "30m" } },
  action "call" { zh = "召集应急人员", en = "call out", from = open, roles = desk, data = { person = "person", text = "text?" },
    add = { called = "person" }, sign = "called" },
  action "size" { zh = "更新影响", en = "size", from = open, roles = desk, data = { users = "number", minutes = "number" },
    keep = { users = "users", minutes = "minutes" }, sign = "sized" },
  action "tick" { zh = "完成步骤", en = "tick a step", from = open, roles = desk, data = { step = "text", text = "text?" }, add = { ticked = "step" },
    sign = "ticked" },
  action "status" { zh = "进展通报", en = "status report", from = open, roles = desk, data = { text = "text" }, keep = { status_text = "text" },
    tally = "reports", sign = "status", after = { remind = "30m" } },
  action "remind" { zh = "通报到期", en = "status report is due", from = { "responding" }, tally = "reminded", offered = false,
    after = { remind = "30m" } },
  action "opinion" { zh = "舆情关联", en = "public opinion", from = { "declared", "responding", "restored", "closed" }, roles = desk,
    data = { source = "text", text = "text" }, add = { opinions = "source" }, sign = "opinion" },
  action "report_oral" { zh = "口头报告", en = "oral report", from = open, roles = heads, data = { to = "text", text = "text" }, sign = "oral" },
  action "report_written" { zh = "书面报告", en = "written report", from = open, roles = heads, data = { to = "text", text = "text" }, sign = "written" },
  action "restore" { zh = "恢复", en = "restore", from = { "declared", "responding" }, to = "restored", roles = heads, data = { text = "text" },
    copy = { resolution = "text" }, sign = "restored" },
  action "review" { zh = "复盘归档", en = "review", from = { "restored" }, to = "closed", roles = { "leader" },
    data = { cause = "text", text = "text" }, copy = { cause = "cause" }, keep = { review = "text" }, sign = "reviewed" },
}

clocks {
  { "respond", zh = "应急响应时限", en = "time to respond", stops = { "responding", "restored", "closed" }, pausable = false },
  { "report_oral", zh = "口头报告时限", en = "oral report", stops = { "restored", "closed" }, pausable = false },
  { "report_written", zh = "书面报告时限", en = "written report", stops = { "closed" }, pausable = false },
  { "review", zh = "复盘时限", en = "review", stops = { "closed" } },
}

rules.before "grade" {
  kinds = { "emergency" },
  rule "an emergency is major" { grade = "major", priority = 1 },
  otherwise { grade = "major" },
}
rules.before "clocks" {
  kinds = { "emergency" },
  rule "respond in a quarter of an hour" { when = { stage = "declared" }, clock = "respond", goal = "15m" },
  rule "review in five working days" { when = { action = "restore" }, clock = "review", goal = 5, unit = "working_days", calendar = "office" },
}
decide.before "clocks" { csv = "accidents.csv", kinds = { "emergency" } }

rules.before "follow" {
  kinds = { "emergency" },
  rule "who is called hears of it" { when = { action = "call" }, notice = { "owner", "duty" } },
  rule "public opinion is told to the head" { when = { action = "opinion" }, notice = { "department_head" } },
  rule "a status report is due" { when = { action = "remind" }, notice = { "owner", "duty" }, because = "every 30 minutes until it works again" },
}
