-- Major complaints (重大投诉应急管理办法): grading, the emergency team's call-out, limits to respond and to report, a runbook whose steps are ticked
-- with time and name, status reports at a rhythm, what is said in public, a review after recovery. Beside the incident: incident = its id.
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
  action "size" { zh = "更新影响", en = "size", from = open, roles = desk, data = { users = "count", minutes = "minutes" },
    keep = { users = "users", minutes = "minutes" }, sign = "sized" },
  -- the case came to be of another class: its own figures, which count until a person says others
  action "resize" { zh = "系统更新影响", en = "size by the case", from = open, roles = heads, data = { users = "count", minutes = "minutes" },
    keep = { users = "users", minutes = "minutes" }, mark = { sized_by = false, sized_at = false }, offered = false },
  action "tick" { zh = "完成步骤", en = "tick a step", from = open, roles = desk, data = { step = "text", text = "text?" },
    log = { ticked = { "step", "text" } }, sign = "ticked" },
  action "status" { zh = "进展通报", en = "status report", from = open, roles = desk, data = { text = "text" }, keep = { status_text = "text" },
    log = { statuses = { "text" } }, tally = "reports", sign = "status", after = { remind = "30m" } },
  action "remind" { zh = "通报到期", en = "status report is due", from = { "responding" }, tally = "reminded", offered = false,
    after = { remind = "30m" } },
  action "opinion" { zh = "舆情关联", en = "public opinion", from = { "declared", "responding", "restored", "closed" }, roles = desk,
    data = { source = "text", text = "text", ticket = "ticket?" }, log = { opinions = { "source", "text", "ticket" } }, link = "opinion",
    sign = "opinion" },
  action "report_oral" { zh = "口头报告", en = "oral report", from = open, roles = heads, data = { to = "text", text = "text" }, sign = "oral",
    stop = { "report_oral" } },
  action "report_written" { zh = "书面报告", en = "written report", from = open, roles = heads, data = { to = "text", text = "text" },
    sign = "written", stop = { "report_written" } },
  action "restore" { zh = "恢复", en = "restore", from = { "declared", "responding" }, to = "restored", roles = heads, data = { text = "text" },
    copy = { resolution = "text" }, sign = "restored" },
  action "review" { zh = "复盘归档", en = "review", from = { "restored" }, to = "closed", roles = { "leader" },
    data = { cause = "text", text = "text" }, copy = { cause = "cause" }, keep = { review = "text" }, sign = "reviewed" },
}

clocks {
  { "respond", zh = "应急响应时限", en = "time to respond", stops = { "responding", "restored", "closed" }, pausable = false },
  -- moves: the class is known later, and changes: a report then begins to be due, or is due sooner. It ends when the report was made.
  { "report_oral", zh = "口头报告时限", en = "oral report", pausable = false, moves = true },
  { "report_written", zh = "书面报告时限", en = "written report", pausable = false, moves = true },
  { "review", zh = "复盘时限", en = "review", stops = { "closed" } },
}

rules.before "grade" {
  kinds = { "emergency" },
  otherwise { grade = "major", priority = 1 },
}
rules.before "clocks" {
  kinds = { "emergency" },
  rule "respond in a quarter of an hour" { when = { stage = "declared" }, clock = "respond", goal = "15m", from = "received" },
  rule "review in five working days" { when = { action = "restore" }, clock = "review", goal = 5, unit = "working_days", calendar = "office" },
}
decide.before "clocks" { csv = "accidents.csv", kinds = { "emergency" } }

-- An incident that hits so many becomes an emergency by itself, once; asked each minute. What it came to be later moves the reports' limits.
decide "declare" { csv = "declare.csv", kinds = { "incident" } }

-- ---- the reports themselves: what is known is filled in, what is not is named. Which class it is: classes.csv.
decide "class" { csv = "classes.csv", kinds = { "emergency" } }
draft_facts {
  { "start", zh = "发生时间", en = "start", from = { "case.fields.began", "occurred", "case.occurred", "case.created", "created" }, as = "time" },
  { "place", zh = "地点", en = "place", from = { "fields.cities", "case.fields.cities", "city", "case.city" }, as = "cities" },
  { "what", zh = "业务", en = "service", from = { "category", "case.category", "case.fields.service" }, as = "category" },
  { "event", zh = "事件", en = "what happened", from = { "case.fields.subject", "case.title", "title", "text" } },
  { "users", zh = "受影响用户数", en = "users affected", from = { "sized.users", "case.hit.users", "fields.users", "case.affected" }, as = "number" },
  { "minutes", zh = "持续分钟", en = "minutes it lasts", from = { "sized.minutes", "case.hit.minutes", "fields.minutes" }, as = "number" },
  { "complaints", zh = "投诉件数", en = "complaints", from = { "case.complainers" }, as = "number" },
  { "cause", zh = "原因", en = "cause", from = { "cause", "case.cause" } },
  { "measures", zh = "已采取措施", en = "measures", from = { "fields.ticked" }, as = "list" },
  { "progress", zh = "处置进展", en = "progress", from = { "resolution", "fields.status_text" } },
  { "opinions", zh = "舆情", en = "public opinion", from = { "fields.opinions" }, as = "list" },
  { "contact", zh = "联系人", en = "contact", from = { "owner" }, as = "person" },
}
local regulator = { zh = "广东省通信管理局（必要时同报工业和信息化部）", en = "Guangdong Communications Administration (and MIIT where it must be)" }
draft "report_oral" {
  zh = "网络运行事故口头报告要点", en = "oral report of a network accident", to = regulator, kinds = { "emergency" },
  text = {
    zh = "报：{to}\n{no}，{class}，应于 {due} 前报告。\n{start} 起，{place}发生{event}（{what}），受影响用户 {users} 户，已持续 {minutes} 分钟。\n"
      .. "原因：{cause}。措施：{measures}。\n联系人：{contact}。",
    en = "To: {to}\n{no}, {class}, due by {due}.\nSince {start} in {place}: {event} ({what}); {users} users affected, for {minutes} minutes so far.\n"
      .. "Cause: {cause}. Measures: {measures}.\nContact: {contact}.",
  },
}
draft "report_written" {
  zh = "网络运行事故书面报告", en = "written report of a network accident", to = regulator, kinds = { "emergency" },
  text = {
    zh = "报：{to}\n编号：{no}　等级：{class}　报告时限：{due}\n一、发生时间：{start}\n二、地点：{place}\n三、事件：{event}（{what}）\n"
      .. "四、影响：受影响用户 {users} 户，持续 {minutes} 分钟，投诉 {complaints} 件\n五、原因：{cause}\n六、已采取措施：{measures}\n"
      .. "七、处置进展：{progress}\n八、舆情：{opinions}\n九、联系人：{contact}\n（草稿生成于 {now}）",
    en = "To: {to}\nNumber: {no}   Class: {class}   Due: {due}\n1. Start: {start}\n2. Place: {place}\n3. What: {event} ({what})\n"
      .. "4. Extent: {users} users affected, {minutes} minutes, {complaints} complaints\n5. Cause: {cause}\n6. Measures: {measures}\n"
      .. "7. Progress: {progress}\n8. Public opinion: {opinions}\n9. Contact: {contact}\n(drafted {now})",
  },
}

rules.before "escalation" {
  kinds = { "emergency" },
  rule "a limit of the emergency comes near" {
    when = { percent = less_than(100), clock = any_of("respond", "report_oral", "report_written") }, notice = { "owner", "duty" }, statutory = true,
    because = "day and night",
  },
  rule "a limit of the emergency has passed" {
    when = { percent = at_least(100), clock = any_of("respond", "report_oral", "report_written") }, notice = { "owner", "duty", "leader" },
    again = every "15m", statutory = true, because = "until it is done",
  },
}
rules.before "outbox" {
  kinds = { "emergency" },
  rule "the duty desk hears that an emergency is declared" {
    when = { event = "create" },
    news = news "duty" { event = "declared", ticket = "{id}", no = "{no}", title = "{title}", to = "{owner}", incident = "{fields.incident}" },
  },
  rule "who is called out hears it" {
    when = { action = "call" },
    news = news "duty" { event = "called", ticket = "{id}", no = "{no}", to = "{data.person}", text = "{data.text}", by = "{who}" },
    because = "a person of the emergency team is wanted now",
  },
}

rules.before "follow" {
  kinds = { "emergency" },
  rule "the desk hears who is called" { when = { action = "call" }, notice = { "owner", "duty" } },
  rule "public opinion is told to the head" { when = { action = "opinion" }, notice = { "department_head" } },
  rule "a status report is due" { when = { action = "remind" }, notice = { "owner", "duty" }, because = "every 30 minutes until it works again" },
}

-- ---- drills: recorded outages that are played again against tonight's rules and roster (drill.start, `tocsin drill`).
-- Complaints, signals (what = signals) and numbers that are hit by then (what = affected), in bins that the watches' own are multiples of.
drill "recharge_province" { zh = "全省充值中断（信号先于投诉）", en = "recharges fail in the province, signals first", csv = "drills/recharge_province",
  bin = "1m" }
drill "recharge_outage" { zh = "深圳充值中断（录制）", en = "recharge outage in Shenzhen (recorded)", csv = "drills/recharge_outage", bin = "5m" }
