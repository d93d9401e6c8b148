-- The rule sets the points ask, and what a rule of each may say. A set that is asked `first` needs an otherwise unless
-- is_partial: then "no rule" is an answer too. needs: what every rule says; with: what means nothing without another; agree: whether what
-- it says goes together.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local sets = { catalog = {} }

-- A goal is a span of hours, or a whole number of what its unit counts.
local function goal_and_unit(body, at)
  if body.unit == nil or body.unit == "hours" then return end
  if type(body.goal) == "string" then
    at('goal = "%s" is a span of hours, but unit = "%s" counts days', 'goal = "%s" 是时长，而 unit = "%s" 数的是天', { body.goal, body.unit }, body.goal,
      { en = "write a number of days, or leave unit out", zh = "请写天数，或删去 unit" })
  elseif math.type(body.goal) == "float" then
    at("goal: %s days: days are counted whole", "goal：%s 天：天数应为整数", { tostring(body.goal) }, body.goal)
  end
end

sets.list = {
  classify = { mode = "first", is_partial = true, point = "create", outputs = { category = "category", city = "city" },
    zh = "按关键词归类", en = "finds the category from what was said" },
  complete = { mode = "all", point = "create", outputs = { need = "fields" },
    zh = "必填信息", en = "what must be known; missing makes a ticket incomplete, never refused" },
  grade = { mode = "first", point = "create", outputs = { grade = "grade", priority = "priority" },
    zh = "投诉等级", en = "the complaint's weight" },
  duplicate = { mode = "first", is_partial = true, point = "create", outputs = { same = "fields", within = "duration", check = "boolean" },
    with = { within = "same" },
    zh = "重复判定", en = "what makes two complaints of one subject the same" },
  attach = { mode = "first", is_partial = true, point = "create, attach",
    outputs = { same = "fields", within = "duration", before = "duration", attach = "boolean" }, with = { within = "same", before = "same" },
    zh = "归并到事件", en = "which open case a complaint hangs on" },
  routing = { mode = "first", point = "create",
    outputs = { to = "queue", department = "department", owner = "person", priority = "priority", tags = "texts" },
    zh = "派单", en = "where a ticket goes" },
  clocks = { mode = "all", point = "create, act", outputs = { clock = "clock", goal = "goal", unit = "unit", calendar = "calendar",
    percents = "percents", statutory = "boolean", from = "instant", source = "text" }, needs = { "clock", "goal" },
    agree = goal_and_unit, zh = "时限", en = "which time limits run" },
  advice = { mode = "all", point = "create", outputs = { say = "label" }, zh = "前台提示", en = "what the front desk should say or do" },
  refuse = { mode = "first", is_partial = true, point = "act", outputs = { say = "label" }, zh = "不准的操作", en = "actions that are refused" },
  follow = { mode = "all", point = "act", outputs = { act = "action", to = "queue", department = "department", grade = "grade", priority = "priority",
    notice = "rungs", say = "label", release = "grants" }, zh = "操作之后", en = "what follows an accepted action" },
  contact = { mode = "all", point = "contact",
    outputs = { act = "action", raise = "count", grade = "grade", to = "queue", notice = "rungs", say = "label", release = "grants" },
    zh = "再次来话", en = "what a further contact changes" },
  escalation = { mode = "all", point = "timer", outputs = { notice = "rungs", again = "every", to = "queue", grade = "grade",
    priority = "priority", say = "label", statutory = "boolean" }, zh = "升级", en = "who is told when a limit comes near or passes" },
  outbox = { mode = "all", point = "create, act, contact, timer",
    outputs = { task = "task", of = "number_list", batch = "count", once = "once", again = "look", news = "news", withdraw = "task_kinds" },
    with = { of = "task", batch = "task", once = "of", again = "once" },
    zh = "对外任务与推送",
    en = "what other systems are asked to do, what screens are told, which tasks are taken back" },
  evidence = { mode = "first", is_partial = true, point = "evidence", outputs = { same = "parts", within = "duration", together = "duration",
    attach = "boolean" }, with = { within = "same", together = "same" }, zh = "预警并入事件", en = "which open case a warning is evidence of" },
  declare = { mode = "first", is_partial = true, point = "declare", outputs = { open = "kind" },
    zh = "事件升级为应急", en = "what an open incident becomes by how many it hits and for how long" },
  warning = { mode = "all", point = "warning",
    outputs = { open = "kind", title = "label", act = "action", data = "data", call = "callees", say = "label", task = "task" },
    with = { title = "open", data = "act" },
    zh = "预警之后", en = "what follows when a warning's level changes, waits for a signature, or is not answered" },
  prompt = { mode = "first", is_partial = true, point = "prompt", outputs = { prompt = "boolean" },
    zh = "语音播报对象", en = "whether the voice menu plays a case's prompt to a caller; no rule: it does" },
  answer = { mode = "all", point = "task",
    outputs = { act = "action", grade = "grade", priority = "priority", to = "queue", notice = "rungs", say = "label", release = "grants" },
    zh = "任务结果", en = "what follows when a task is done or given up" },
  class = { mode = "first", is_partial = true, point = "draft", outputs = { name = "label" },
    zh = "事故等级", en = "the class that a report to the regulator names" },
}

local check = {}

local function known(kind, table_name)
  return function(x, at, key)
    local all = sets.catalog[table_name]
    if all[x] then return x end
    at('%s: %s is not a declared %s', "%s：%s 不是已声明的 %s", { key, errors.shown(x), kind }, x, all)
  end
end
check.category, check.city, check.grade = known("category", "categories"), known("city", "cities"), known("grade", "grades")
check.department, check.person = known("department", "departments"), known("person", "persons")
check.clock, check.calendar = known("clock", "clocks"), known("calendar", "calendars")

local function typed(want, en, zh)
  return function(x, at, key)
    if type(x) == want then return x end
    at("%s must be " .. en .. ", not %s", "%s 应为" .. zh .. "，而不是 %s", { key, errors.shown(x) }, x)
  end
end

function check.count(x, at, key)
  if math.type(x) == "integer" and x >= 1 then return x end
  at("%s must be a whole number, 1 or more, not %s", "%s 应为不小于 1 的整数，而不是 %s", { key, errors.shown(x) }, x)
end

function check.priority(x, at, key)
  local range = host.lib("fields").priority.range
  if math.type(x) == "integer" and x >= range.least and x <= range.most then return x end
  at("%s must be a whole number from %d to %d, not %s", "%s 应为 %d 到 %d 的整数，而不是 %s", { key, range.least, range.most, errors.shown(x) }, x)
end

check.boolean = typed("boolean", "true or false", " true 或 false ")
check.text = typed("string", "a text", "文字")

-- {prefix="city_support.", field="city"} for a pattern, else nil. A name such as "city_support.shenzhen" stands for itself.
function sets.queue_pattern(name)
  local q = sets.catalog.queues[name]
  local prefix, mark = tostring(name):match("^(.-%.)(%u+)$")
  if q and prefix then return { prefix = prefix, field = q.id or mark:lower() } end
end

function sets.is_queue(name)
  local queues = sets.catalog.queues
  if type(name) ~= "string" then return false end
  if queues[name] then return true end
  local prefix, last = tostring(name):match("^(.*%.)([^.]+)$")
  if not prefix then return false end
  if queues[prefix .. "CITY"] then return sets.catalog.cities[last] ~= nil end
  return queues[prefix .. "ID"] ~= nil
end

-- "city_support.shenzhen" → "city_support.CITY"; "" when there is none.
function sets.pattern_of(name)
  local prefix = tostring(name):match("^(.*%.)[^.]+$")
  if not prefix then return "" end
  return sets.catalog.queues[prefix .. "CITY"] and prefix .. "CITY" or prefix .. "ID"
end

function check.queue(x, at, key)
  if sets.is_queue(x) then return x end
  at('%s: %s is not a declared queue', "%s：%s 不是已声明的队列", { key, errors.shown(x) }, x, sets.catalog.queues)
end

function check.duration(x, at, key)
  local ms = units.duration(x)
  if ms then return ms end
  at('%s: %s is not a duration such as "30m", "4h" or "2d"', '%s：%s 不是时长，应写成 "30m"、"4h" 或 "2d"', { key, errors.shown(x) }, x,
    units.meant_duration(x))
end

-- 15, or "30m", "48h" for units of hours.
function check.goal(x, at, key)
  if type(x) == "number" and x > 0 then return x end
  local ms = units.duration(x)
  if ms and ms > 0 then return ms / 3600000 end
  at('%s: %s is neither a number of days nor a duration such as "48h"', '%s：%s 既不是天数也不是 "48h" 这样的时长', { key, errors.shown(x) }, x,
    type(x) == "string" and tonumber(x) and { en = "write " .. x, zh = "请写成 " .. x } or units.meant_duration(x))
end

local function one_of(list)
  return function(x, at, key)
    for _, name in ipairs(list) do if name == x then return x end end
    at('%s: %s is none of %s', "%s：%s 不是 %s 之一", { key, errors.shown(x), table.concat(list, ", ") }, x, list)
  end
end
check.number_list = one_of { "complainers", "affected", "everybody" }

-- A text that may name fields, as in a task: numbers that had one with the same text are left out.
function check.once(x, at, key)
  if type(x) == "string" and x ~= "" then return host.lib("tasks").compile_data(x, at) end
  at("%s must be a text, not %s", "%s 应为文字，而不是 %s", { key, errors.shown(x) }, x)
end

-- How often something is looked at again.
function check.look(x, at, key)
  local ms = check.duration(x, at, key)
  if ms and ms < 1000 then at('%s must be "1s" or longer, not %s', '%s 不应短于 "1s"，而不是 %s', { key, errors.shown(x) }, x) end
  return ms
end

check.unit = one_of { "hours", "natural_days", "working_days" }
check.instant = one_of { "created", "received" }
local part = one_of { "category", "city" }

local function list_of(x, at, key, one)
  if type(x) == "string" then x = { x } end
  if type(x) ~= "table" then
    at('%s must be a list such as { "number" }', '%s 应为列表，例如 { "number" }', { key })
    return nil
  end
  if #x == 0 then at("%s is an empty list", "%s 是空的列表", { key }) end
  for i, item in ipairs(x) do one(item, i) end
  return x
end

function check.texts(x, at, key) return list_of(x, at, key, function(item) check.text(item, at, key) end) end

function check.parts(x, at, key) return list_of(x, at, key, function(item) part(item, at, key) end) end

function check.grants(x, at, key)
  return list_of(x, at, key, function(item)
    if item ~= "*" and not sets.catalog.grants[item] then
      at('%s: "%s" is not a declared grant', "%s：“%s”不是已声明的额度", { key, tostring(item) }, item, sets.catalog.grants)
    end
  end)
end

function check.fields(x, at, key)
  local fields = host.lib "fields"
  return list_of(x, at, key, function(item)
    if type(item) ~= "string" or not fields.find(item) then
      at('%s: %s is not a ticket field', "%s：%s 不是工单字段", { key, errors.shown(item) }, item, fields.names())
    end
  end)
end

function check.percents(x, at, key)
  return list_of(x, at, key, function(item, i)
    local is_percent = math.type(item) == "integer" and item >= 1 and item <= 1000
    if not is_percent then
      at("%s: %s is not a percent, a whole number from 1 to 1000", "%s：%s 不是百分数，应为 1 到 1000 的整数", { key, errors.shown(item) }, item,
        type(item) == "number" and item > 0 and item < 1 and
          { en = string.format("write %.0f", item * 100), zh = string.format("请写成 %.0f", item * 100) } or nil)
    elseif i > 1 and type(x[i - 1]) == "number" and item <= x[i - 1] then
      at("%s must rise, such as { 75, 100 }", "%s 应逐个增大，例如 { 75, 100 }", { key })
    end
  end)
end

function check.rungs(x, at, key)
  local one = one_of { "owner", "first_owner", "team_head", "department_head", "duty", "leader", "queue" }
  return list_of(x, at, key, function(item) one(item, at, key) end)
end

function check.every(x, at, key)
  if type(x) == "table" and x.every_ms then return x end
  at('%s must be every "4h" or every("4h", { at_most = 3 })', '%s 应写成 every "4h" 或 every("4h", { at_most = 3 })', { key })
end

local LOOKED_AT = 4000 -- bytes of a text that are looked through for braces

-- Said as it is written: nothing is filled in.
function check.label(x, at, key)
  if type(x) == "table" and type(x.zh) == "string" and type(x.en) == "string" and not (x.zh .. x.en):sub(1, LOOKED_AT):match("^%s*$") then
    local name = x.zh:sub(1, LOOKED_AT):match("{[%w_.]+}") or x.en:sub(1, LOOKED_AT):match("{[%w_.]+}")
    if name then
      at("%s: %s would be said as it stands: names in braces are filled in by task and news only", "%s：%s 会原样说出：只有 task 和 news 会填入花括号里的字段",
        { key, name })
    end
    return { zh = x.zh, en = x.en }
  end
  at('%s must be { zh = "…", en = "…" }', '%s 应写成 { zh = "…", en = "…" }', { key })
end

function check.news(x, at) return host.lib("news").compile(x, at) end

function check.task_kinds(x, at, key) return list_of(x, at, key, function(item) known("task", "tasks")(item, at, key) end) end

function check.kind(x, at, key)
  if sets.catalog.kinds[x] then return x end
  at('%s: %s is not a declared kind of ticket', "%s：%s 不是已声明的工单类型", { key, errors.shown(x) }, x, sets.catalog.kinds)
end

-- An action of each kind that the rule is asked for; of any where it does not say.
function check.action(x, at, key, kinds)
  local every = {}
  for _, kind in ipairs(host.lib("catalog").said_kinds) do
    for action in host.sorted_pairs(kind.actions) do every[action] = true end
  end
  for name, kind in host.sorted_pairs(sets.catalog.kinds) do
    if kinds and kinds[name] and not kind.actions[x] then
      at('%s: "%s" is not an action of %s', "%s：“%s”不是 %s 的操作", { key, tostring(x), name }, x, kind.actions)
      return nil
    end
  end
  if every[x] then return x end
  at('%s: "%s" is not an action of any kind', "%s：“%s”不是任何工单类型的操作", { key, tostring(x) }, x, every)
end

function check.callees(x, at)
  local list = host.lib("alarms").rung(x)
  for _, r in ipairs(list) do
    if not host.lib("alarms").is_known(r) then
      at('call: "%s" is neither a declared person nor "duty of", "head of", "team head of" or "leader of" a department',
        'call：“%s”既不是已声明的人员，也不是某部门的 "duty of"、"head of"、"team head of" 或 "leader of"', { r.text })
    end
  end
  return list
end

function check.data(x, at, key)
  if type(x) == "table" then return host.lib("tasks").compile_data(x, at) end
  at("%s must be a table such as { reason = \"{level}\" }", "%s 应为表，例如 { reason = \"{level}\" }", { key })
end

function check.task(x, at) return host.lib("tasks").compile(x, at, sets.catalog.tasks) end

-- One output of a rule as its set declares it; nil when it was reported. kinds: {kind = true} that the rule is asked for, nil for all.
function sets.output(set, key, value, at, kinds)
  local kind = set.outputs[key]
  if not kind then
    local names = errors.names(set.outputs)
    for _, x in ipairs { "when", "because", "valid" } do names[#names + 1] = x end
    local is_field = type(key) == "string" and host.lib("fields").find(key)
    at('"%s" is nothing a rule of this set can say', "这类规则里没有“%s”这一项", { tostring(key) }, key, is_field and
      { en = string.format("write it into when = { %s = … }", key), zh = string.format("条件请写进 when = { %s = … }", key) } or names)
    return nil
  end
  return check[kind](value, at, key, kinds)
end

local function listed(names) return table.concat(errors.names(names), ", ") end

-- What a rule says as a whole: something, all that its set needs, and nothing that goes with what it does not say.
function sets.check_outputs(set, body, at)
  local says = false
  for key in host.sorted_pairs(body) do says = says or set.outputs[key] ~= nil end
  if not says then
    at("says nothing: a rule of this set says one of %s", "没有结果：这类规则应写 %s 之一", { listed(set.outputs) })
    return
  end
  for _, key in ipairs(set.needs or {}) do
    if body[key] == nil then at("needs %s, too", "还要写 %s", { key }) end
  end
  for key, other in host.sorted_pairs(set.with or {}) do
    if body[key] ~= nil and body[other] == nil then
      at("%s means nothing without %s", "没有 %s，%s 就没有意义", { key, other }, key, nil, { other, key })
    end
  end
  if set.agree then set.agree(body, at) end
end

return sets
