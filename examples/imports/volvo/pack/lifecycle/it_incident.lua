-- Stages are the log's sub-statuses, each with one action that leads to it; a ticket may be moved within its stage (handed over).
-- `opened` lasts no time: every row of the log is one action, the first too. What was done is opened again by actions of its own.
local desk = { "agent", "supervisor", "leader" }
local open = { "opened", "queued", "in_progress", "assigned", "wait", "wait_user", "wait_customer", "wait_implementation", "wait_vendor",
  "unmatched" }
local done = { "resolved", "in_call", "closed", "cancelled" }
local open_or_done = { "opened", "queued", "in_progress", "assigned", "wait", "wait_user", "wait_customer", "wait_implementation", "wait_vendor",
  "unmatched", "resolved", "in_call", "closed" }

-- Whose it is after the action: the support line, the organisation's line, group and person (in fields).
local whose = { queue = "queue", department = "department", fields = "map?" }
local kept = { queue = "queue", department = "department", fields = "fields" }

kind "it_incident" {
  zh = "IT事件", en = "IT incident", prefix = "V", first = "opened",

  stage "opened" { zh = "已登记", en = "opened", status = "acknowledged" },
  stage "queued" { zh = "待分派", en = "Awaiting Assignment", status = "acknowledged" },
  stage "in_progress" { zh = "处理中", en = "In Progress", status = "inProgress" },
  stage "assigned" { zh = "已分派", en = "Assigned", status = "inProgress" },
  stage "wait" { zh = "等待", en = "Wait", status = "pending" },
  stage "wait_user" { zh = "等待用户", en = "Wait - User", status = "pending" },
  stage "wait_customer" { zh = "等待客户", en = "Wait - Customer", status = "pending" },
  stage "wait_implementation" { zh = "等待实施", en = "Wait - Implementation", status = "held" },
  stage "wait_vendor" { zh = "等待供应商", en = "Wait - Vendor", status = "held" },
  stage "unmatched" { zh = "不匹配", en = "Unmatched", status = "inProgress" },
  stage "resolved" { zh = "已解决", en = "Resolved", status = "resolved" },
  stage "in_call" { zh = "通话中解决", en = "In Call", status = "resolved" },
  stage "closed" { zh = "已关闭", en = "Closed", status = "closed" },
  stage "cancelled" { zh = "已取消", en = "Cancelled", status = "cancelled" },

  action "queue" { zh = "排队", en = "queue", from = open, to = "queued", roles = desk, resume = true, count = "transfers",
    returns = "ping_pong", data = whose, copy = kept },
  action "work" { zh = "处理", en = "work", from = open, to = "in_progress", roles = desk, resume = true, data = whose, copy = kept },
  action "assign" { zh = "指派", en = "assign", from = open, to = "assigned", roles = desk, resume = true, data = whose, copy = kept },
  action "wait" { zh = "等待", en = "wait", from = open, to = "wait", roles = desk, pause = true, data = whose, copy = kept },
  action "wait_user" { zh = "等待用户", en = "wait for the user", from = open, to = "wait_user", roles = desk, pause = true, data = whose,
    copy = kept },
  action "wait_customer" { zh = "等待客户", en = "wait for the customer", from = open, to = "wait_customer", roles = desk, pause = true,
    data = whose, copy = kept },
  action "wait_implementation" { zh = "等待实施", en = "wait for the implementation", from = open, to = "wait_implementation", roles = desk,
    pause = true, data = whose, copy = kept },
  action "wait_vendor" { zh = "等待供应商", en = "wait for the vendor", from = open, to = "wait_vendor", roles = desk, pause = true,
    data = whose, copy = kept },
  action "resolve" { zh = "解决", en = "resolve", from = open_or_done, to = "resolved", roles = desk, data = whose, copy = kept },
  action "end_call" { zh = "通话中解决", en = "resolve in the call", from = open_or_done, to = "in_call", roles = desk, data = whose,
    copy = kept },
  action "close" { zh = "关闭", en = "close", from = open_or_done, to = "closed", roles = desk, data = whose, copy = kept },
  action "cancel" { zh = "取消", en = "cancel", from = open, to = "cancelled", roles = desk, data = whose, copy = kept },
  action "unmatch" { zh = "标为不匹配", en = "mark as unmatched", from = open_or_done, to = "unmatched", roles = desk, data = whose,
    copy = kept },

  action "reopen" { zh = "重开", en = "reopen", from = done, to = "in_progress", roles = desk, count = "reopened", data = whose, copy = kept },
  action "requeue" { zh = "重新排队", en = "queue again", from = done, to = "queued", roles = desk, count = "reopened", data = whose,
    copy = kept },
  action "reassign" { zh = "重新指派", en = "assign again", from = done, to = "assigned", roles = desk, count = "reopened", data = whose,
    copy = kept },
}
