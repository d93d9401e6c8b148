-- What a condition may ask about: the facts, each under one flat name. decision.h says where they come from.
-- A field is {type, read, zh, en, of?}; `of` names the catalog table its values must stand in.
local host = ...
local fields = {}

-- How the core reads a field: {op, path} of host.field.
local function ticket(key) return { op = "path", path = { "ticket", key } } end
local function customer(key) return { op = "path", path = { "ticket", "customer", key } } end
local function from(part, key) return { op = "path", path = { part, key } } end
local function count(name) return { op = "count", path = { name } } end

local function add(name, type, read, zh, en, of)
  fields[name] = { name = name, type = type, read = read, zh = zh, en = en, of = of }
end

add("kind", "text", ticket "kind", "工单类型", "what kind of ticket", "kinds")
add("channel", "text", ticket "channel", "受理渠道", "where it came in", "channels")
add("category", "text", ticket "category", "投诉分类", "category code", "categories")
add("city", "text", ticket "city", "地市", "city", "cities")
add("queue", "text", ticket "queue", "所在队列", "queue the ticket is in", "queues")
add("grade", "text", ticket "grade", "投诉等级", "normal, important or major", "grades")
add("bypass", "bool", { op = "one_of", path = { "ticket", "channel" } }, "是否越级", "it came from a regulator, the press, a leader …")
add("form", "text", ticket "form", "来函形式（申诉、转办、信访、举报）", "form of a bypass complaint", "forms")
add("stage", "text", ticket "stage", "环节", "stage of its kind")
add("status", "text", ticket "status", "状态（TMF621）", "one of TMF621's eight", "statuses")
add("department", "text", ticket "department", "责任部门", "department in charge", "departments")
add("owner", "text", ticket "owner", "处理人", "person in charge")
add("number", "text", ticket "number", "投诉号码", "the number complained about")
add("caller", "text", ticket "caller", "来电号码", "the number that called")
add("callback", "text", ticket "callback", "回访号码", "the number to call back")
add("title", "text", ticket "title", "标题", "title")
add("text", "text", ticket "text", "投诉内容", "what the customer said")
add("said", "text", { op = "said" }, "标题和内容", "title and text together")
add("source_ref", "text", ticket "source_ref", "来源编号", "the source's own number")
add("priority", "number", ticket "priority", "优先级", "priority, 1 is first")
add("complete", "bool", ticket "complete", "信息是否完整", "nothing required is missing")
add("occurred", "time", ticket "occurred", "发生时间", "when it happened")
add("created", "time", ticket "created", "受理时间", "when it came in")
add("age", "duration", { op = "since", path = { "ticket", "created" } }, "受理至今", "time since it came in")
add("transfers", "number", ticket "transfers", "转派次数", "how often it was transferred")
add("ping_pong", "number", ticket "ping_pong", "来回转派次数", "how often it came back to a department that had it before")
add("merged_into", "number", ticket "merged_into", "并入的工单", "ticket it was merged into")
add("first_owner", "text", ticket "first_owner", "首问责任人", "who took it first and stays answerable to the customer")
add("reopened", "number", ticket "reopened", "重开次数", "how often it was reopened")
add("urges", "number", ticket "urges", "催办次数", "how often the customer urged")
add("subject_type", "text", { op = "path", path = { "ticket", "subject", "type" } }, "对象类型", "type of what is complained about")
add("customer", "text", customer "name", "客户姓名", "customer's name")
add("brand", "text", customer "brand", "品牌", "customer's brand")
add("star", "number", customer "star", "星级", "customer's stars, 0 to 5")
add("group", "text", customer "group", "集团客户", "the customer's group (company)")
add("vip", "bool", customer "vip", "是否重要客户", "a very important customer")
add("age65", "bool", customer "age65", "是否65岁以上", "the customer is 65 or older")
add("contacts", "count", count "contacts", "来话次数", "contacts of the same subject")
add("tickets", "count", count "tickets", "投诉次数", "tickets of the same subject")
add("carrier", "text", { op = "path", path = { "subscriber", "carrier" } }, "现运营商（CRM）", "who serves the number now, as CRM has it")
add("affected", "number", from("hit", "affected"), "故障号码数（事件）", "numbers that an incident hits")
add("complainers", "number", from("hit", "complainers"), "投诉件数（事件）", "complaints that hang on an incident")
add("lasts", "duration", { op = "since", path = { "hit", "began" } }, "事件持续时间", "time since an incident began")
add("number_state", "text", from("number", "state"), "号码状态（affected、potential）", "the number is affected or potential by a known fault")
add("number_complained", "bool", from("number", "complained"), "该号码是否已投诉", "the affected number complained before")
add("number_fault", "text", from("number", "fault"), "号码所属故障", "the fault that hits the number", "faults")
add("suspect", "text", from("suspects", "suspect"), "可疑组件（证据不足为 unknown）", "the component at fault by evidence, unknown where it is thin")
add("duplicate", "bool", { op = "decided" }, "是否重复", "an open ticket says the same")
add("who", "text", from("who", "name"), "操作人", "who acts")
add("role", "set", from("who", "roles"), "操作人角色", "roles of who acts", "roles")
add("within_grant", "bool", { op = "path", path = { "within_grant" } }, "是否在额度之内", "what the action gives away is within the grant of who acts")
add("action", "text", { op = "path", path = { "action" } }, "操作", "action at hand")
add("contact", "text", from("contact", "kind"), "来话类型", "urge, ask, same_fault, add_info or withdraw")
add("contact_channel", "text", from("contact", "channel"), "来话渠道", "where the contact came in", "channels")
add("contact_text", "text", from("contact", "text"), "来话内容", "what was said at the contact")
add("clock", "text", from("timer", "clock"), "时限", "the clock that fired", "clocks")
add("percent", "number", from("timer", "percent"), "时限百分比", "percent of the clock that passed")
add("round", "number", { op = "path", path = { "timer", "round" }, otherwise = 0 }, "第几轮", "round of a repeated timer, 0 first")
add("event", "text", { op = "which", list = { "task", "task", "timer", "timer", "contact", "contact", "action", "act", "warning",
  "warning" }, otherwise = "create" },
  "时机（create、act、contact、timer、task、warning）", "what is at hand: create, act, contact, timer, task or warning")
add("task", "text", from("task", "kind"), "任务类型", "kind of the task that ended", "tasks")
add("task_state", "text", from("task", "state"), "任务结果", "done or given_up")
add("task_op", "text", from("task", "op"), "任务的动作", "what the task asked for: data.op")
add("task_error", "text", from("task", "error"), "任务失败原因", "why the task was given up")
add("level", "level", from("warning", "rank"), "预警级别", "level that a warning has now")
add("from", "level", from("warning", "was"), "原预警级别", "level that it had before")
add("key", "text", from("warning", "key"), "预警对象", "what is warned of: CITY/CATEGORY, */CATEGORY, cluster:NAME, source:NAME")
add("watch", "text", from("warning", "watch"), "监视项", "name of the watch")
add("cluster", "text", from("warning", "cluster"), "预警类群", "cluster of categories", "clusters")
add("warning", "text", from("warning", "event"), "预警事件（change、ready、again、recovery、joined、standing、part、caseless）",
  "what happened to it: change, ready, again, recovery, joined (cities came to a roll-up), standing (it stood when a case was opened), part (its "
  .. "roll-up has another case) or caseless (it stands without a case)")
add("incident", "number", from("warning", "incident"), "预警的事件单", "incident of the warning")
add("case_level", "level", from("warning", "case_rank"), "事件的预警级别（其预警对象中最高者）", "level of its case: that of the worst of its keys")
add("case_moved", "bool", from("warning", "case_moved"), "事件级别是否变化", "its case does not say that level yet")
add("recovery", "text", from("warning", "recovery"), "恢复状态", "how far the recovery of its incident is")
add("incident_stage", "text", from("warning", "stage"), "事件单环节", "stage of its incident")
add("cities", "number", from("warning", "cities"), "预警地市数", "how many cities are warned in one case")
add("whole_case", "number", from("warning", "whole_case"), "所属全省事件的事件单（与自己的不同时）",
  "incident of the roll-up that it is a part of, when it has another itself")
add("whole_stage", "text", from("warning", "whole_stage"), "该事件单的环节", "stage of that incident")
add("part_of", "text", from("warning", "parent"), "所属全省事件的预警对象", "key of the roll-up that it is a part of")
add("in_cities", "set", from("warning", "in_cities"), "事件涉及的地市", "cities of its case, with those that are warned by now", "cities")
add("joined", "number", from("warning", "joined"), "新增地市数", "how many of these cities its case does not have yet")
add("caseless_for", "duration", { op = "since", path = { "warning", "caseless_since" } }, "没有事件单多久", "how long it has stood without a case")
add("case_was", "text", from("warning", "case_was"), "前一事件单的结局（closed、cancelled、rejected）",
  "what became of the case that it had: closed, cancelled or rejected")
add("is_ready", "bool", from("warning", "is_ready"), "是否等待签字降级", "it waits for a signature to go down")
add("reminders", "number", from("warning", "reminders"), "催告次数", "how often nobody acted")
add("probability", "number", from("warning", "p"), "偶然概率", "probability of as many by chance")
add("late", "bool", from("warning", "late"), "是否补报", "it changed while the system was down")
add("disaster", "bool", from("warning", "disaster"), "是否灾害模式", "disaster mode is on")
add("now", "time", { op = "path", path = { "now" } }, "当前时刻", "now")
add("prompt_over", "duration", { op = "since", path = { "ticket", "fields", "script_until_time" } }, "口径到期至今",
  "time since the end of a case's script")
add("prompt_age", "duration", { op = "since", path = { "ticket", "fields", "script_approved_at" } }, "口径批准至今",
  "time since a case's script was approved")
add("heard_version", "number", from("heard", "version"), "来电人听到的语音版本", "version of a case's prompt that the caller heard shortly before")
add("hour", "number", from("local", "hour"), "时", "hour of the day")
add("weekday", "number", from("local", "weekday"), "星期（1为星期一）", "1 is Monday")
add("date", "text", from("local", "date"), "日期", '"2026-09-22"')
add("time_of_day", "clock_time", from("local", "minute_of_day"), "当日时刻", 'time of the day, "08:30"')

-- What numbers a field can be: {least, most}, a whole number unless it says any; no most: no end. A condition that can hold for none of
-- them, or must for all, does not load (ranges.lua).
local from_none, from_one = { least = 0 }, { least = 1 }
for name, range in pairs {
  hour = { least = 0, most = 23 }, weekday = { least = 1, most = 7 }, star = { least = 0, most = 5 }, priority = { least = 1, most = 10 },
  percent = { least = 1, most = 1000 }, probability = { least = 0, most = 1, any = true },
  transfers = from_none, ping_pong = from_none, reopened = from_none, urges = from_none, contacts = from_none, tickets = from_none,
  affected = from_none, complainers = from_none, round = from_none, cities = from_none, joined = from_none, reminders = from_none,
  heard_version = from_one, incident = from_one, merged_into = from_one, age = { least = 0, any = true }, lasts = { least = 0, any = true },
} do fields[name].range = range end
fields.date.is_date = true
for _, name in ipairs { "said", "text", "contact_text" } do fields[name].is_speech = true end -- nobody says the same words twice

-- What a field's values can be, where no table of the catalog says it: what they are called, and the values.
local function parts_of(part)
  return function()
    local out = {}
    for _, kind in ipairs(host.lib("catalog").said_kinds) do
      for name in host.sorted_pairs(kind[part]) do out[name] = true end
    end
    return out
  end
end
local function fixed(...)
  local out = {}
  for _, name in ipairs { ... } do out[name] = true end
  return function() return out end
end
local values = {
  action = { "actions", parts_of "actions" }, stage = { "stages", parts_of "stages" }, incident_stage = { "stages", parts_of "stages" },
  whole_stage = { "stages", parts_of "stages" },
  event = { "events", fixed("create", "act", "contact", "timer", "task", "warning") },
  warning = { "events of a warning", fixed("change", "ready", "again", "recovery", "joined", "standing", "part", "caseless") },
  contact = { "kinds of contact", fixed("urge", "ask", "same_fault", "add_info", "withdraw") },
  watch = { "watches", function() return host.lib("warning").names() end },
  number_state = { "states of a number", fixed("affected", "potential") },
  task_state = { "states of a task", fixed("done", "given_up", "late") },
}

-- {name = …} that the field's values must stand in, and what these are called; nil: anything goes.
function fields.values(field, catalog)
  local of = values[field.name]
  if not of then return field.of and catalog[field.of], field.of end
  of.known = of.known or of[2]()
  return of.known, of[1]
end

-- Numbers of the fields, by name; there once register() was called.
local ids = {}
fields.ids = ids

local function number_of(field)
  if not ids[field.name] and fields.is_open then
    local read = field.read
    if read.op == "path" and #read.path == 2 and read.path[1] == "ticket" then read.name = read.path[2] end -- may be decided
    ids[field.name] = host.field(read)
  end
  return ids[field.name]
end

-- Every field gets its number; `catalog` is known by now.
function fields.register(catalog)
  fields.is_open = true
  local past = {}
  for name, channel in host.sorted_pairs(catalog.channels) do
    if channel.bypass == true then past[#past + 1] = name end
  end
  fields.bypass.read.list = past
  for _, name in ipairs(fields.names()) do number_of(fields[name]) end
  ids[":fields"] = host.field { op = "path", path = { "ticket", "fields" } }
  ids[":data"] = host.field { op = "path", path = { "data" } }
  ids[":under"] = host.field { op = "path", path = { "warning", "under" } }
  ids[":case"] = host.field { op = "path", path = { "warning", "case_fields" } }
end

-- No more fields get a number.
function fields.close() fields.is_open = false end

local part_paths = { fields = { "ticket", "fields" }, data = { "data" }, left = { "left" }, ticket_left = { "ticket_left" },
  day_left = { "day_left" }, under = { "warning", "under" }, case = { "warning", "case_fields" } }

-- Names in `fields` that somebody asked for by now: conditions and texts of rules while the pack loads, functions when they run.
fields.asked = {}

-- A field by its name; "fields.amount" and "data.reason" reach into what the form and the action carried, "under.red" tells closes in a
-- row under a level's exit, "case.probe_ok" a field of the warning's incident.
function fields.find(name)
  local field = rawget(fields, name)
  if type(field) == "table" and field.read then return field end
  local part, key = tostring(name):match("^([%a_]+)%.([%w_]+)$")
  local path = part_paths[part]
  if not path then return nil end
  if part == "fields" then fields.asked[key] = true end
  local read = { op = "path", path = { table.unpack(path) } }
  read.path[#read.path + 1] = key
  field = { name = name, type = "any", read = read, part = part, key = key }
  number_of(field)
  return field
end

-- The field that people call so: "地市" is city.
function fields.called(label)
  for name, field in host.sorted_pairs(fields) do
    if type(field) == "table" and field.read and (field.zh == label or field.en == label) then return name end
  end
end

function fields.names()
  local names = {}
  for name, field in pairs(fields) do
    if type(field) == "table" and field.read then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local get, set = host.get, host.set

-- What no condition names has no number: it is looked up by its parts.
local function get_unnumbered(h, name)
  local field = fields.find(name)
  local part = field and field.part and get(h, ids[":" .. field.part])
  return type(part) == "table" and part[field.key] or nil
end

local view_meta = {
  __index = function(v, name)
    local id = ids[name]
    if id then return get(v.h, id) end
    return get_unnumbered(v.h, name)
  end,
  __newindex = function(v, name, x)
    local id = ids[name]
    if id then set(v.h, id, x) else rawset(v, name, x) end
  end,
}

-- The facts as points see them: v.city reads a field, v.city = x decides it for all that is asked later. h is the core's view;
-- failed the first rule that raised, if any; waits: nothing is decided now, it is put off.
function fields.view(facts)
  local h = host.view(facts)
  return setmetatable({ h = h, facts = facts, failed = false, waits = false, now = facts.now, kind_name = get(h, ids.kind) }, view_meta)
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

-- The same for function conditions: read-only, and an unknown field raises. h is what host.view made.
function fields.readonly(h)
  return setmetatable({}, {
    __index = function(_, name)
      local id = ids[name] or ids[":" .. tostring(name)]
      local x
      if id then x = get(h, id)
      elseif fields.find(name) then x = get_unnumbered(h, name)
      else error(string.format('%s: %s is not a ticket field', host.where(2), tostring(name)), 0) end
      return type(x) == "table" and frozen(x) or x
    end,
    __newindex = function(_, name)
      error(host.where(2) .. ": a rule only reads the ticket; it cannot set " .. tostring(name), 0)
    end,
  })
end

return fields
