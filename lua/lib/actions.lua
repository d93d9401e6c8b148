-- Which actions of a kind may be done, by whom and with what data; and how the core is told that one may not.
local host = ...
local catalog = host.lib "catalog"
local sets = host.lib "sets"
local effects = host.lib "effects"
local errors = host.lib "errors"
local numbers = host.lib "numbers"
local data = catalog.data
local actions = {}

local fact = host.at

local function has_role(v, roles)
  if fact(v.h, "who", "roles", "admin") then return true end
  for i = 1, #roles do if fact(v.h, "who", "roles", roles[i]) then return true end end
  return false
end

local function is_from(action, stage)
  for i = 1, #action.from do if action.from[i] == stage then return true end end
  return false
end

-- What who may do at this stage, sorted.
local function allowed(kind, v)
  local out = {}
  for name, action in host.sorted_pairs(kind.actions) do
    local may = not action.roles or has_role(v, action.roles)
    if may and action.offered ~= false and is_from(action, v.stage) then out[#out + 1] = name end
  end
  return out
end

local function refuse(kind, v, en, zh, argument, value)
  return { refuse = { message = en, message_zh = zh, allowed = allowed(kind, v), argument = argument, value = value },
    because = host.noted(v.h), failed = v.failed or nil }
end

-- ---- data, by its type: nil when x is of it, else what was expected, and of a list the item that is wrong --------------------------

local TIME_MAX = 253402300799999 -- the end of the year 9999
local check = {}

-- One of the pack's names was expected: which was probably meant.
local function unknown(what, what_zh, x, known)
  local meant, meant_zh = errors.meant(x, known)
  return { en = "a declared " .. what, zh = "已声明的" .. what_zh, meant = meant, meant_zh = meant_zh }
end

local function named(of, what, what_zh)
  return function(x)
    local known = data[of]
    if not known[x] then return unknown(what, what_zh, x, known) end
  end
end

local function typed(name, en, zh)
  local expected = { en = en, zh = zh }
  return function(x)
    if type(x) ~= name then return expected end
  end
end

check.text, check.map, check.boolean = typed("string", "a text", "文字"), typed("table", "a map", "一组字段"),
  typed("boolean", "true or false", " true 或 false")
check.number = typed("number", "a number", "数字")
check.department, check.person = named("departments", "department", "部门"), named("persons", "person", "人员")
check.city, check.grade = named("cities", "city", "地市"), named("grades", "grade", "等级")

function check.queue(x)
  if not sets.is_queue(x) then return unknown("queue", "队列", x, data.queues) end
end

local is_category = named("categories", "category", "分类")

function check.category(x, v)
  if not data.categories[x] then return is_category(x) end
  local _, why = catalog.current(x, v.date)
  if why then return { en = "in use: " .. why.en, zh = "可用的分类：" .. why.zh } end
end

function check.level(x)
  local ranks = host.lib("alarms").ranks()
  if ranks[x] then return nil end
  local names = {}
  for name, rank in host.sorted_pairs(ranks) do names[rank + 1] = name end
  return { en = "a level: " .. table.concat(names, ", "), zh = "预警等级：" .. table.concat(names, "、") }
end

local a_list = { en = "a list with something in it and without holes", zh = "不含空项的非空列表" }

function check.list(x)
  local n = 0
  if type(x) == "table" then
    for _ in pairs(x) do n = n + 1 end
  end
  if n == 0 or n ~= #x then return a_list end
end

local of_cities = { en = "a list of declared cities", zh = "已声明的地市列表" }

function check.cities(x)
  if type(x) ~= "table" or #x == 0 then return of_cities end
  for i = 1, #x do
    local why = check.city(x[i])
    if why then return why, tostring(x[i]) end
  end
end

local a_number = { en = "a mobile, fixed or 400 number, digits only", zh = "手机、固话或 400 号码，只含数字" }

function check.numbers(x)
  local why = check.list(x)
  for i = 1, why and 0 or #x do
    if not numbers.is_number(x[i]) then return a_number, tostring(x[i]) end
  end
  return why
end

local an_id = { en = "a whole number", zh = "整数" }

function check.ticket(x)
  if math.type(x) ~= "integer" then return an_id end
end

local an_amount = { en = "an amount: a whole number of fen, 0 or more", zh = "金额：不小于 0 的整数，单位为分" }

function check.money(x)
  if math.type(x) ~= "integer" or x < 0 then return an_amount end
end

-- Whole, from 0: what stands in a report must be possible.
local function counted(most, en, zh)
  local expected = { en = en, zh = zh }
  return function(x)
    if math.type(x) ~= "integer" or x < 0 or x > most then return expected end
  end
end

check.count = counted(2000000000, "a count: whole, from 0 to 2000000000", "数量：0 到 2000000000 的整数")
check.minutes = counted(5256000, "a number of minutes: whole, from 0 to 5256000 (ten years)", "分钟数：0 到 5256000（十年）的整数")

local a_time = { en = "a time: whole ms since 1970 UTC, to the year 9999", zh = "时刻：自 1970 年 UTC 起的整毫秒数，不晚于 9999 年" }
local to_come = { en = "a time to come: whole ms since 1970 UTC", zh = "将来的时刻：自 1970 年 UTC 起的整毫秒数" }

local function is_time(x, from) return math.type(x) == "integer" and x >= from and x <= TIME_MAX end

function check.time(x)
  if not is_time(x, 0) then return a_time end
end

function check.future(x, v)
  if not is_time(x, v.now + 1) then return to_come end
end

-- nil, or why x, said as part.name, is not of the type: in English and Chinese, and what is shown of it.
local function wrong(part, name, want, x, v)
  local why, item = check[want](x, v)
  if not why then return nil end
  local shown = item or type(x) == "table" and "{…}" or tostring(x)
  return string.format('%s.%s: "%s" is not %s%s', part, name, shown, why.en, why.meant or ""),
    string.format("%s.%s：“%s”不是%s%s", part, name, shown, why.zh, why.meant_zh or ""), shown
end

local function role_names(roles)
  return table.concat(roles, ", ")
end

-- The first name that is given and not asked for: what nobody reads would be lost.
local function unasked(asked, given)
  for key in host.sorted_pairs(given) do
    if not asked[key] then return tostring(key) end
  end
end

-- nil, or why a ticket of the kind may not be opened with these fields: of those that an action writes, the wrong one.
local function check_given(kind, v)
  local fields = v.facts.ticket.fields or {}
  for name, want in host.sorted_pairs(kind.given) do
    local x = fields[name]
    if x ~= nil then
      local no, no_zh, shown = wrong("fields", name, want, x, v)
      if no then return { message = no, message_zh = no_zh, argument = "fields." .. name, value = shown } end
    end
  end
end

-- nil, or why the action may not be done.
local function check_action(kind, v, name)
  local action = kind.actions[name]
  if not action then
    return refuse(kind, v, string.format('"%s" is not an action of %s', tostring(name), v.kind),
      string.format("“%s”不是%s的操作", tostring(name), kind.label.zh), "action", name)
  end
  local stage = v.stage
  if not is_from(action, stage) then
    local at = kind.stages[stage]
    return refuse(kind, v, string.format("%s is not possible while the ticket is %s", name, stage),
      string.format("工单处于“%s”时不能%s", at and at.label.zh or stage, action.label.zh), "action", name)
  end
  if action.roles and not has_role(v, action.roles) then
    return refuse(kind, v, string.format("%s is for %s only", name, role_names(action.roles)),
      string.format("只有 %s 可以%s", role_names(action.roles), action.label.zh), "action", name)
  end
  local no, no_zh = effects.refused(action, v)
  if no then return refuse(kind, v, no, no_zh, "action", name) end
  local given = v.facts.data or {}
  local asked = effects.plans[action].data
  local odd = unasked(action.data, given)
  if odd then
    local meant, meant_zh = errors.meant(odd, action.data)
    return refuse(kind, v, string.format("%s does not ask for data.%s%s", name, odd, meant),
      string.format("%s不需要填写 %s%s", action.label.zh, odd, meant_zh), "data." .. odd)
  end
  for i = 1, #asked do
    local key, want = asked[i][1], asked[i][2]
    local x = given[key]
    if want.required and (x == nil or x == "") then
      return refuse(kind, v, string.format("%s needs data.%s", name, key), string.format("%s必须填写 %s", action.label.zh, key), "data." .. key)
    end
    if x ~= nil then
      local bad, bad_zh, shown = wrong("data", key, want.type, x, v)
      if bad then return refuse(kind, v, bad, bad_zh, "data." .. key, shown) end
    end
  end
end

actions.is_from, actions.refuse, actions.check, actions.check_given = is_from, refuse, check_action, check_given
return actions
