-- The other kinds of ticket: their stages and moves. What rules add to them grows with their own files.
local desk = { "agent", "supervisor", "leader" }
local heads = { "supervisor", "leader" }

-- Why it happened: incidents of one symptom, a cause, a known error, a cure.
kind "problem" {
  zh = "问题", en = "problem", prefix = "P", first = "open",
  stage "open" { zh = "已登记", en = "open", status = "acknowledged" },
  stage "analysis" { zh = "分析中", en = "analysis", status = "inProgress" },
  stage "known_error" { zh = "已知错误", en = "known error", status = "held" },
  stage "solved" { zh = "已解决", en = "solved", status = "resolved" },
  stage "closed" { zh = "已关闭", en = "closed", status = "closed" },
  action "analyse" { zh = "分析", en = "analyse", from = { "open", "known_error" }, to = "analysis", roles = desk, assign = "self" },
  action "publish" { zh = "发布已知错误", en = "publish", from = { "analysis" }, to = "known_error", roles = desk,
    data = { cause = "text", workaround = "text" }, copy = { cause = "cause", resolution = "workaround" } },
  action "solve" { zh = "解决", en = "solve", from = { "analysis", "known_error" }, to = "solved", roles = desk,
    data = { text = "text" }, copy = { resolution = "text" } },
  action "group" { zh = "归组", en = "group", from = { "open", "analysis", "known_error" }, roles = desk, data = { ticket = "ticket" },
    link = "parent_of" },
  action "ungroup" { zh = "移出", en = "ungroup", from = { "open", "analysis", "known_error", "solved" }, roles = desk,
    data = { ticket = "ticket" }, unlink = "parent_of" },
  action "recur" { zh = "再次发生", en = "recur", from = { "solved", "closed" }, to = "analysis", roles = desk, count = "reopened",
    data = { reason = "text" } },
  action "close" { zh = "关闭", en = "close", from = { "solved" }, to = "closed", roles = heads },
}

-- Supervision (督办): a long-standing matter under a named leader, closed only by the leader's verdict.
kind "supervision" {
  zh = "督办", en = "supervision", prefix = "S", first = "issued",
  stage "issued" { zh = "已下达", en = "issued", status = "acknowledged" },
  stage "working" { zh = "整改中", en = "working", status = "inProgress" },
  stage "reported" { zh = "已报告", en = "reported", status = "resolved" },
  stage "closed" { zh = "已销号", en = "closed", status = "closed" },
  action "answer" { zh = "反馈措施", en = "answer", from = { "issued" }, to = "working", roles = desk, data = { text = "text" } },
  action "report" { zh = "报告进展", en = "report", from = { "issued", "working" }, to = "reported", roles = desk, data = { text = "text" },
    copy = { resolution = "text" } },
  action "criticise" { zh = "通报批评", en = "criticise", from = { "issued", "working", "reported" }, roles = { "leader" },
    data = { reason = "text" } },
  action "return" { zh = "退回整改", en = "return", from = { "reported" }, to = "working", roles = { "leader" }, count = "reopened",
    data = { reason = "text" } },
  action "close" { zh = "销号", en = "close", from = { "reported" }, to = "closed", roles = { "leader" }, data = { verdict = "text" },
    copy = { resolution = "verdict" } },
}

-- Tackle project (攻关): applied for, approved, measured against a baseline that is frozen at approval.
kind "project" {
  zh = "攻关", en = "tackle project", prefix = "J", first = "proposed",
  stage "proposed" { zh = "已申请", en = "proposed", status = "acknowledged" },
  stage "running" { zh = "攻关中", en = "running", status = "inProgress" },
  stage "review" { zh = "评估中", en = "review", status = "resolved" },
  stage "closed" { zh = "已结题", en = "closed", status = "closed" },
  action "approve" { zh = "批准", en = "approve", from = { "proposed" }, to = "running", roles = { "leader" }, data = { owner = "person" },
    copy = { owner = "owner" } },
  action "decline" { zh = "不批准", en = "decline", from = { "proposed" }, to = "closed", status = "rejected", roles = { "leader" },
    data = { reason = "text" }, copy = { resolution = "reason" } },
  action "milestone" { zh = "里程碑", en = "milestone", from = { "running" }, roles = desk, data = { text = "text" } },
  action "finish" { zh = "提交评估", en = "finish", from = { "running" }, to = "review", roles = desk, data = { text = "text" } },
  action "close" { zh = "结题", en = "close", from = { "review" }, to = "closed", roles = { "leader" }, data = { verdict = "text" },
    copy = { resolution = "verdict" } },
}

-- Inspection (质检): sampled, scored, open to the handler's appeal.
kind "inspection" {
  zh = "质检", en = "inspection", prefix = "Q", first = "drawn",
  stage "drawn" { zh = "已抽取", en = "drawn", status = "acknowledged" },
  stage "scored" { zh = "已评分", en = "scored", status = "inProgress" },
  stage "appealed" { zh = "申诉中", en = "appealed", status = "pending" },
  stage "closed" { zh = "已归档", en = "closed", status = "closed" },
  action "score" { zh = "评分", en = "score", from = { "drawn", "appealed" }, to = "scored", roles = heads,
    data = { score = "number", text = "text?" } },
  action "appeal" { zh = "申诉", en = "appeal", from = { "scored" }, to = "appealed", roles = desk, data = { reason = "text" } },
  action "close" { zh = "归档", en = "close", from = { "scored" }, to = "closed", roles = heads },
}

kind "meeting" {
  zh = "联席会议", en = "joint meeting", prefix = "M", first = "planned",
  stage "planned" { zh = "已计划", en = "planned", status = "acknowledged" },
  stage "held" { zh = "已召开", en = "held", status = "inProgress" },
  stage "closed" { zh = "已归档", en = "closed", status = "closed" },
  action "hold" { zh = "召开", en = "hold", from = { "planned" }, to = "held", roles = heads, data = { text = "text?" } },
  action "close" { zh = "归档", en = "close", from = { "held" }, to = "closed", roles = heads, data = { text = "text" },
    copy = { resolution = "text" } },
  action "cancel" { zh = "取消", en = "cancel", from = { "planned" }, to = "closed", status = "cancelled", roles = heads,
    data = { reason = "text" }, copy = { resolution = "reason" } },
}

kind "action" {
  zh = "整改措施", en = "action item", prefix = "A", first = "assigned",
  stage "assigned" { zh = "已指派", en = "assigned", status = "acknowledged" },
  stage "doing" { zh = "进行中", en = "doing", status = "inProgress" },
  stage "done" { zh = "已完成", en = "done", status = "resolved" },
  stage "closed" { zh = "已验收", en = "closed", status = "closed" },
  action "start" { zh = "开始", en = "start", from = { "assigned" }, to = "doing", roles = desk, assign = "self" },
  action "finish" { zh = "完成", en = "finish", from = { "assigned", "doing" }, to = "done", roles = desk, data = { text = "text" },
    copy = { resolution = "text" } },
  action "return" { zh = "退回", en = "return", from = { "done" }, to = "doing", roles = heads, count = "reopened", data = { reason = "text" } },
  action "close" { zh = "验收", en = "close", from = { "done" }, to = "closed", roles = heads },
}
