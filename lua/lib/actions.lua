-- Which actions of a kind may be done, by whom and with what data; and how the core is told that one may not.
local host = ...
local catalog = host.lib "catalog"
local sets = host.lib "sets"
local effects = host.lib "effects"
local errors = host.lib "errors"
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

local time_max = 253402300799999 -- the end of the year 9999

local of = { queue = "queues", department = "departments", person = "persons", category = "categories", city = "cities", grade = "grades" }

-- What one of the pack's names was expected, and which was probably meant.
local function unknown(what, x, known)
  local near = host.nearest(tostring(x), errors.names(known))
  return { en = "a declared " .. what, zh = "已声明的" .. (what == "queue" and "队列" or " " .. what),
    near = near and string.format(' (did you mean "%s"?)', near) or "", near_zh = near and string.format("（是不是“%s”？）", near) or "" }
end

-- nil when x is of the type, else what was expected, and of a list the item that is wrong. `now`: what "future" must lie behind.
local function check_data(want, x, v)
  if want == "level" then
    local ranks, names = host.lib("alarms").ranks(), {}
    for name, rank in host.sorted_pairs(ranks) do names[rank + 1] = name end
    return not ranks[x] and { en = "a level: " .. table.concat(names, ", "), zh = "预警等级：" .. table.concat(names, "、") } or nil
  end
  if want == "queue" then return not sets.is_queue(x) and unknown(want, x, data.queues) or nil end
  if want == "list" then
    local n = 0
    for _ in pairs(type(x) == "table" and x or {}) do n = n + 1 end
    return (n == 0 or n ~= #x) and { en = "a list with something in it and without holes", zh = "不含空项的非空列表" } or nil
  end
  if want == "cities" then
    for i = 1, type(x) == "table" and #x or 0 do
      if not data.cities[x[i]] then return unknown("city", x[i], data.cities), tostring(x[i]) end
    end
    return (type(x) ~= "table" or #x == 0) and { en = "a list of declared cities", zh = "已声明的地市列表" } or nil
  end
  if want == "map" then return type(x) ~= "table" and { en = "a map", zh = "一组字段" } or nil end
  if want == "category" and data.categories[x] then
    local _, why = catalog.current(x, v.date)
    return why and { en = "in use: " .. why.en, zh = "可用的分类：" .. why.zh } or nil
  end
  if of[want] then return not data[of[want]][x] and unknown(want, x, data[of[want]]) or nil end
  if want == "text" then return type(x) ~= "string" and { en = "a text", zh = "文字" } or nil end
  if want == "money" then
    return (math.type(x) ~= "integer" or x < 0) and { en = "an amount: a whole number of fen, 0 or more", zh = "金额：不小于 0 的整数，单位为分" } or nil
  end
  if want == "boolean" then return type(x) ~= "boolean" and { en = "true or false", zh = " true 或 false" } or nil end
  if want == "time" or want == "future" then
    local from = want == "future" and v.now + 1 or 0
    if math.type(x) == "integer" and x >= from and x <= time_max then return nil end
    return want == "future" and { en = "a time to come: whole ms since 1970 UTC", zh = "将来的时刻：自 1970 年 UTC 起的整毫秒数" }
      or { en = "a time: whole ms since 1970 UTC, to the year 9999", zh = "时刻：自 1970 年 UTC 起的整毫秒数，不晚于 9999 年" }
  end
  if math.type(x) ~= "integer" and (want ~= "number" or type(x) ~= "number") then return { en = "a whole number", zh = "整数" } end
end

local function role_names(roles)
  return table.concat(roles, ", ")
end

-- The first name that is given and not asked for, and what was meant: what nobody reads would be lost.
local function unasked(asked, given)
  for key in host.sorted_pairs(given) do
    if not asked[key] then return tostring(key), host.nearest(tostring(key), errors.names(asked)) end
  end
end

-- nil, or why a ticket of the kind may not be opened with these fields: of those that an action writes, the wrong one.
local function check_given(kind, v)
  local fields = v.facts.ticket.fields or {}
  for name, want in host.sorted_pairs(kind.given) do
    local x = fields[name]
    local why, shown = nil, nil
    if x ~= nil then why, shown = check_data(want, x, v) end
    if why then
      shown = shown or type(x) == "table" and "{…}" or tostring(x)
      return { message = string.format('fields.%s: "%s" is not %s%s', name, shown, why.en, why.near or ""),
        message_zh = string.format("fields.%s：“%s”不是%s%s", name, shown, why.zh, why.near_zh or ""), argument = "fields." .. name, value = shown }
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
  local odd, near = unasked(action.data, given)
  if odd then
    return refuse(kind, v, string.format("%s does not ask for data.%s%s", name, odd, near and string.format(' (did you mean "%s"?)', near) or ""),
      string.format("%s不需要填写 %s%s", action.label.zh, odd, near and string.format("（是不是“%s”？）", near) or ""), "data." .. odd)
  end
  for i = 1, #asked do
    local key, want = asked[i][1], asked[i][2]
    local x = given[key]
    if want.required and (x == nil or x == "") then
      return refuse(kind, v, string.format("%s needs data.%s", name, key), string.format("%s必须填写 %s", action.label.zh, key), "data." .. key)
    end
    local why, shown = nil, nil
    if x ~= nil then why, shown = check_data(want.type, x, v) end
    if why then
      shown = shown or type(x) == "table" and "{…}" or tostring(x)
      return refuse(kind, v, string.format('data.%s: "%s" is not %s%s', key, shown, why.en, why.near or ""),
        string.format("data.%s：“%s”不是%s%s", key, shown, why.zh, why.near_zh or ""), "data." .. key, shown)
    end
  end
end

actions.is_from, actions.refuse, actions.check, actions.check_given = is_from, refuse, check_action, check_given
return actions
