local head = { name = "lin.tao", roles = { supervisor = true } }
local leader = { name = "zhou.gang", roles = { leader = true } }
local function emergency(more)
  local t = { kind = "emergency", channel = "webhook", text = "全省充值中断", department = "duty", queue = "duty", owner = "lu.min" }
  for key, x in pairs(more or {}) do t[key] = x end
  return ticket(t)
end
spec "declared: a quarter of an hour to respond" {
  given = emergency(),
  expect = { stage = "declared", grade = "major", news = { "duty" }, clocks = { respond = "0.25 hours", report_oral = false },
    by = "otherwise" },
}
spec "600 000 users for 70 minutes: oral at once, written in four hours" {
  given = emergency { fields = { users = 600000, minutes = 70 } },
  expect = { clocks = { report_oral = "0.25 hours", report_written = "4 hours" },
    by = { "oral report: at once", "written report: in four hours" } },
}
spec "200 000 users: oral in four hours, written in a day" {
  given = emergency { fields = { users = 200000, minutes = 20 } },
  expect = { clocks = { report_oral = "4 hours", report_written = "24 hours" },
    by = { "oral report: in four hours", "written report: in a day" } },
}
spec "responded: the first status report is due in half an hour" {
  given = emergency(), action = "respond", who = head,
  expect = { stage = "responding", owner = "lin.tao", timers = { "30m" } },
}
spec "due: owner and duty are told, and again" {
  given = emergency { stage = "responding" }, timer = { kind = "rule", rule = "act:remind" },
  expect = { notice = { "owner", "duty" }, timers = { "30m" }, by = "a status report is due" },
}
spec "who is called hears of it" {
  given = emergency(), action = "call", data = { person = "peng.yan" }, who = head,
  expect = { notice = { "owner", "duty" }, news = { "duty" },
    by = { "the desk hears who is called", "who is called out hears it" } },
}
spec "what is said in public" {
  given = emergency(), action = "opinion", data = { source = "微博", text = "充值不到账上热搜" }, who = head,
  expect = { notice = { "department_head" }, by = "public opinion is told to the head" },
}
spec "restored: reviewed in five working days" {
  given = emergency { stage = "responding" }, action = "restore", data = { text = "已切换" }, who = head,
  expect = { stage = "restored", clocks = { review = "5 working_days" } },
}
spec "only a leader closes the review" {
  given = emergency { stage = "restored" }, action = "review", data = { cause = "x", text = "y" }, who = head,
  expect = { refuse = "review is for leader only" },
}
spec "reviewed" {
  given = emergency { stage = "restored" }, action = "review", data = { cause = "数据库", text = "增加容量" }, who = leader,
  expect = { stage = "closed", cause = "数据库" },
}
spec "sized: the reports begin to be due" {
  given = emergency { stage = "responding" }, action = "size", data = { users = 120000, minutes = 10 }, who = head,
  expect = { clocks = { report_oral = "4 hours", report_written = "24 hours" },
    by = { "oral report: in four hours", "written report: in a day" } },
}
spec "sized anew: the reports are due sooner" {
  given = emergency { stage = "responding", fields = { users = 120000, minutes = 10 } }, action = "size", who = head,
  data = { users = 600000, minutes = 70 },
  clocks = { report_oral = { state = "running", goal = 14400000, unit = "hours" },
    report_written = { state = "running", goal = 86400000, unit = "hours" } },
  expect = { moves = { report_oral = "0.25 hours", report_written = "4 hours" },
    by = { "oral report: at once", "written report: in four hours" } },
}
spec "the oral report was made: its clock ends, and does not begin again when the class rises" {
  given = emergency { stage = "responding", fields = { users = 120000, minutes = 10 } }, action = "report_oral", who = head,
  data = { to = "省通信管理局", text = "已报" },
  clocks = { report_oral = { state = "running", goal = 14400000, unit = "hours" } },
  expect = { stops = { report_oral = true }, clocks = { report_oral = false } },
}
spec "a written report: what is known stands in it, what is not is named" {
  given = emergency { id = 7, no = "E20260922-000007", created = 1790042400000,
    fields = { users = 600000, minutes = 70, ticked = { { step = "切换主库", by = "lin.tao", at = 1790042400000 } } } },
  case = { title = "充值未到账", complainers = 412, city = "shenzhen" }, draft = "report_written",
  clocks = { report_written = { state = "running", goal = 14400000, unit = "hours", due = 1790056800000 } },
  expect = { class = "特别重大", state = "running", missing = { "what", "cause", "progress", "opinions" },
    says = "【草稿，未报送】网络运行事故书面报告\n报：广东省通信管理局（必要时同报工业和信息化部）\n编号：E20260922-000007　等级：特别重大　报告时限：2026-09-22 14:00" },
}
spec "the number of users is taken from the lists of the case" {
  given = emergency { id = 7, no = "E20260922-000007", category = "recharge.not_credited" }, case = { affected = 9870, complainers = 412 },
  draft = "report_oral", expect = { class = "一般", state = "none", missing = { "due", "start", "place", "minutes", "cause", "measures" },
    says = "9870 users affected" },
}
spec "the case's figures of now count before those it was declared with" {
  given = emergency { id = 7, no = "E7", fields = { users = 100000, minutes = 1 } }, case = { hit = { users = 620000, minutes = 75 } },
  draft = "report_oral", expect = { class = "特别重大", says = "受影响用户 620000 户，已持续 75 分钟" },
}
spec "a person's figures count before both" {
  given = emergency { id = 7, no = "E7", fields = { users = 90000, minutes = 20, sized_by = "lin.tao" } },
  case = { hit = { users = 620000, minutes = 75 } }, draft = "report_oral", expect = { class = "一般", says = "受影响用户 90000 户，已持续 20 分钟" },
}
spec "the case came to be of another class: its figures are not a person's" {
  given = emergency { stage = "responding", fields = { users = 90000, minutes = 20, sized_by = "lin.tao", sized_at = 1790042400000 } },
  action = "resize", data = { users = 620000, minutes = 75 }, who = head,
  expect = { fields = { users = 620000, minutes = 75, sized_by = false, sized_at = false } },
}
spec "200 000 users: class 2 or 3" {
  given = emergency { id = 7, no = "E7", fields = { users = 200000 } }, draft = "report_oral", expect = { class = "重大或较大" },
}
spec "an ordinary accident, in a drill" {
  given = emergency { id = 7, no = "E7", fields = { users = 900, drill = true } }, draft = "report_oral",
  expect = { class = "一般", says = "【演练】【草稿，未报送】" },
}
spec "a step is ticked with time and name" {
  given = emergency { stage = "responding" }, action = "tick", data = { step = "切换主库" }, who = head,
  expect = { fields = { ticked = { { step = "切换主库",
    by = "lin.tao", at = 1790042400000 } }, ticked_by = "lin.tao", ticked_at = 1790042400000 } },
}
spec "the report's limit comes near" {
  given = emergency { stage = "responding" }, timer = { kind = "clock", clock = "report_oral", percent = 75 },
  expect = { notice = { "owner", "duty" }, by = "a limit of the emergency comes near" },
}
spec "the report's limit has passed: again every quarter of an hour" {
  given = emergency { stage = "responding" }, timer = { kind = "clock", clock = "report_oral", percent = 100 },
  expect = { notice = { "owner", "duty", "leader" }, timers = { "15m" }, by = "a limit of the emergency has passed" },
}

-- ---- an incident that becomes an emergency by itself
local function incident(fields)
  return ticket { kind = "incident", id = 7, title = "充值未到账", city = "shenzhen", category = "recharge.not_credited", fields = fields or {} }
end
spec "99 999 numbers are none" { given = incident(), hit = { affected = 99999, lasts = "5h" }, expect = { opens = {} } }
spec "100 000 numbers are an emergency at once" {
  given = incident(), hit = { affected = 100000, lasts = "5m" },
  expect = { opens = { "emergency" }, acts = {}, by = "class 2 or 3: 100 000 numbers or more" },
}
spec "once: it is told when its class changes" {
  given = incident { class = "class 2 or 3: 100 000 numbers or more" }, hit = { affected = 600000, lasts = "61m" },
  raised = { { id = 9, kind = "emergency", is_open = true } },
  expect = { opens = {}, acts = { "9 resize" }, by = "class 1: more than 500 000 numbers for more than an hour" },
}
spec "and not otherwise" {
  given = incident { class = "class 2 or 3: 100 000 numbers or more" }, hit = { affected = 600000, lasts = "60m" },
  raised = { { id = 9, kind = "emergency", is_open = true } }, expect = { opens = {}, acts = {} },
}
spec "one that was reviewed is not opened again" {
  given = incident { class = "class 2 or 3: 100 000 numbers or more" }, hit = { affected = 600000, lasts = "61m" },
  raised = { { id = 9, kind = "emergency", is_open = false } }, expect = { opens = {}, acts = {} },
}
spec "what recovers becomes none" {
  given = incident { recovery = "proven" }, hit = { affected = 600000, lasts = "61m" }, expect = { opens = {} },
}
