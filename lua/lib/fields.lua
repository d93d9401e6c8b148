-- What a condition may ask about: the facts, each under one flat name. decision.h says where they come from.
-- A field is {type, get(facts, view), zh, en, of?}; `of` names the catalog table its values must stand in.
local host = ...
local fields = {}

local function from_ticket(key)
  return function(f) local t = f.ticket; return t and t[key] end
end

local function from_customer(key)
  return function(f)
    local t = f.ticket
    local c = t and t.customer
    return c and c[key]
  end
end

local function from(part, key)
  return function(f) local p = f[part]; return p and p[key] end
end

local function said(f)
  local t = f.ticket
  if not t then return nil end
  if t.title and t.text then return t.title .. "\n" .. t.text end
  return t.title or t.text
end

local function since(key)
  return function(f) local t = f.ticket; return t and t[key] and f.now - t[key] end
end

-- How many entries of history fall within the last `window` ms; without a window, all.
local function count_tickets(f, window)
  local h = f.history
  if not h then return 0 end
  if not window or not h.tickets then return h.n_tickets or 0 end
  local n = 0
  for i = 1, #h.tickets do
    if h.tickets[i].created >= f.now - window then n = n + 1 end
  end
  return n
end

local function count_contacts(f, window)
  local h = f.history
  if not h then return 0 end
  if not window or not h.contacts then return h.n_contacts or 0 end
  local n = 0
  for i = 1, #h.contacts do
    if h.contacts[i] >= f.now - window then n = n + 1 end
  end
  return n
end

local function add(name, type, get, zh, en, of)
  fields[name] = { name = name, type = type, get = get, zh = zh, en = en, of = of }
end

add("kind", "text", from_ticket "kind", "工单类型", "what kind of ticket", "kinds")
add("channel", "text", from_ticket "channel", "受理渠道", "where it came in", "channels")
add("category", "text", from_ticket "category", "投诉分类", "category code", "categories")
add("city", "text", from_ticket "city", "地市", "city", "cities")
add("queue", "text", from_ticket "queue", "所在队列", "queue the ticket is in", "queues")
add("grade", "text", from_ticket "grade", "投诉等级", "normal, important or major", "grades")
add("bypass", "bool", function(f)
  local t = f.ticket
  local c = t and host.lib("catalog").data.channels[t.channel]
  return c ~= nil and c.bypass == true
end, "是否越级", "it came from a regulator, the press, a leader …")
add("form", "text", from_ticket "form", "来函形式（申诉、转办、信访、举报）", "form of a bypass complaint", "forms")
add("stage", "text", from_ticket "stage", "环节", "stage of its kind")
add("status", "text", from_ticket "status", "状态（TMF621）", "one of TMF621's eight")
add("department", "text", from_ticket "department", "责任部门", "department in charge", "departments")
add("owner", "text", from_ticket "owner", "处理人", "person in charge")
add("number", "text", from_ticket "number", "投诉号码", "the number complained about")
add("caller", "text", from_ticket "caller", "来电号码", "the number that called")
add("callback", "text", from_ticket "callback", "回访号码", "the number to call back")
add("title", "text", from_ticket "title", "标题", "title")
add("text", "text", from_ticket "text", "投诉内容", "what the customer said")
add("said", "text", said, "标题和内容", "title and text together")
add("source_ref", "text", from_ticket "source_ref", "来源编号", "the source's own number")
add("priority", "number", from_ticket "priority", "优先级", "priority, 1 is first")
add("complete", "bool", from_ticket "complete", "信息是否完整", "nothing required is missing")
add("occurred", "time", from_ticket "occurred", "发生时间", "when it happened")
add("created", "time", from_ticket "created", "受理时间", "when it came in")
add("age", "duration", since "created", "受理至今", "time since it came in")
add("transfers", "number", from_ticket "transfers", "转派次数", "how often it was transferred")
add("ping_pong", "number", from_ticket "ping_pong", "来回转派次数", "how often it came back to a department that had it before")
add("merged_into", "number", from_ticket "merged_into", "并入的工单", "ticket it was merged into")
add("first_owner", "text", from_ticket "first_owner", "首问责任人", "who took it first and stays answerable to the customer")
add("reopened", "number", from_ticket "reopened", "重开次数", "how often it was reopened")
add("urges", "number", from_ticket "urges", "催办次数", "how often the customer urged")
add("subject_type", "text", function(f)
  local s = f.ticket and f.ticket.subject
  return s and s.type
end, "对象类型", "type of what is complained about")
add("customer", "text", from_customer "name", "客户姓名", "customer's name")
add("brand", "text", from_customer "brand", "品牌", "customer's brand")
add("star", "number", from_customer "star", "星级", "customer's stars, 0 to 5")
add("group", "text", from_customer "group", "集团客户", "the customer's group (company)")
add("vip", "bool", from_customer "vip", "是否重要客户", "a very important customer")
add("age65", "bool", from_customer "age65", "是否65岁以上", "the customer is 65 or older")
add("contacts", "count", function(f) return count_contacts(f) end, "来话次数", "contacts of the same subject")
add("tickets", "count", function(f) return count_tickets(f) end, "投诉次数", "tickets of the same subject")
fields.contacts.count, fields.tickets.count = count_contacts, count_tickets
add("duplicate", "bool", function(_, v) return v.duplicate_of ~= nil end, "是否重复", "an open ticket says the same")
add("who", "text", from("who", "name"), "操作人", "who acts")
add("role", "set", from("who", "roles"), "操作人角色", "roles of who acts", "roles")
add("action", "text", function(f) return f.action end, "操作", "action at hand")
add("contact", "text", from("contact", "kind"), "来话类型", "urge, ask, same_fault, add_info or withdraw")
add("contact_channel", "text", from("contact", "channel"), "来话渠道", "where the contact came in", "channels")
add("contact_text", "text", from("contact", "text"), "来话内容", "what was said at the contact")
add("clock", "text", from("timer", "clock"), "时限", "the clock that fired", "clocks")
add("percent", "number", from("timer", "percent"), "时限百分比", "percent of the clock that passed")
add("round", "number", function(f) return f.timer and (f.timer.round or 0) end, "第几轮", "round of a repeated timer, 0 first")
add("event", "text", function(f)
  return f.task and "task" or f.timer and "timer" or f.contact and "contact" or f.action and "act" or "create"
end, "时机（create、act、contact、timer、task）", "what is at hand: create, act, contact, timer or task")
add("task", "text", from("task", "kind"), "任务类型", "kind of the task that ended", "tasks")
add("task_state", "text", from("task", "state"), "任务结果", "done or given_up")
add("task_error", "text", from("task", "error"), "任务失败原因", "why the task was given up")
add("hour", "number", from("local", "hour"), "时", "hour of the day")
add("weekday", "number", from("local", "weekday"), "星期（1为星期一）", "1 is Monday")
add("date", "text", from("local", "date"), "日期", '"2026-09-22"')
add("time_of_day", "clock_time", from("local", "minute_of_day"), "当日时刻", 'time of the day, "08:30"')

-- A field by its name; "fields.amount" and "data.reason" reach into what the form and the action carried.
function fields.find(name)
  local field = rawget(fields, name)
  if type(field) == "table" then return field end
  local part, key = tostring(name):match("^(%a+)%.([%w_]+)$")
  if part == "fields" then
    return { name = name, type = "any", get = function(f)
      local p = f.ticket and f.ticket.fields
      return p and p[key]
    end }
  elseif part == "data" then
    return { name = name, type = "any", get = from("data", key) }
  end
end

function fields.names()
  local names = {}
  for name, field in pairs(fields) do
    if type(field) == "table" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local getters = {}
local view_meta = { __index = function(v, name)
  local get = getters[name]
  if not get then
    local field = fields.find(name)
    if not field then return nil end
    get = field.get
    getters[name] = get
  end
  local value = get(v._facts, v)
  if value ~= nil then rawset(v, name, value) end
  return value
end }

-- The facts as conditions see them: read when first asked for, then kept. What stands in a view afterwards was read.
function fields.view(facts)
  return setmetatable({ _facts = facts, _because = {}, now = facts.now }, view_meta)
end

local function frozen(t)
  return setmetatable({}, {
    __index = function(_, k)
      local x = t[k]
      return type(x) == "table" and frozen(x) or x
    end,
    __newindex = function(_, k)
      error(host.where(2) .. ": a rule only reads the ticket; it cannot set " .. tostring(k), 0)
    end,
    __len = function() return #t end,
    __pairs = function() return host.sorted_pairs(t) end,
  })
end

-- The same, read-only, for function conditions; an unknown field raises.
function fields.readonly(v)
  local kept = rawget(v, "_readonly")
  if kept then return kept end
  kept = setmetatable({}, {
    __index = function(_, name)
      if not fields.find(name) and name ~= "fields" and name ~= "data" then
        error(string.format('%s: %s is not a ticket field', host.where(2), tostring(name)), 0)
      end
      local x
      if name == "fields" then x = v._facts.ticket and v._facts.ticket.fields
      elseif name == "data" then x = v._facts.data
      else x = v[name] end
      return type(x) == "table" and frozen(x) or x
    end,
    __newindex = function(_, name)
      error(host.where(2) .. ": a rule only reads the ticket; it cannot set " .. tostring(name), 0)
    end,
  })
  rawset(v, "_readonly", kept)
  return kept
end

return fields
