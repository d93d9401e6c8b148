-- What a warning does to people: what counts, whom each level calls and how often again, its bulletins, who may act on it, roll-up of
-- cities into one provincial case, disaster mode. Thresholds are the other half: levels and watches (warning.lua).
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local org = host.lib "org"
local alarms = { env = {} }
local data = catalog.data
local env = alarms.env
local place = {}
local reject_unknown, labelled, label = catalog.reject_unknown, catalog.labelled, catalog.label

data.counting = { contacts = { same_fault = true }, duplicates = true, merged = true, keep_ms = 400 * 86400000, back_ms = 86400000, relearn = 1000 }
data.alarms, data.rollups, data.warning_roles, data.warning_texts = {}, {}, {}, {}
data.bulletin_facts = host.list {}

local function span(x, least, where, what)
  if x == nil then return nil end
  local ms = units.duration(x)
  if ms and ms >= least then return ms end
  errors.add(where, '%s: "%s" is not a duration such as "30m", "4h" or "2d"', '%s：“%s”不是时长，应写成 "30m"、"4h" 或 "2d"',
    { what, tostring(x) }, x, units.meant_duration(x))
end

local DAY_MINUTES = 1440

-- Minutes as a pack writes them: 90 → "1h30m"
local function written(minutes)
  local h, m = minutes // 60, minutes % 60
  if minutes % DAY_MINUTES == 0 then return minutes // DAY_MINUTES .. "d" end
  return (h > 0 and h .. "h" or "") .. (m > 0 and m .. "m" or "")
end

-- bulletin = "1h": by the clock, so the same times every day: a part of the day, or whole days. → ms
local function by_clock(x, where, what)
  local ms = span(x, 60000, where, what)
  if not ms or ms % 60000 == 0 and (DAY_MINUTES * 60000 % ms == 0 or ms % (DAY_MINUTES * 60000) == 0) then return ms end
  local below, above = ms // 60000, ms // 60000 + 1
  while below % DAY_MINUTES ~= 0 and DAY_MINUTES % below ~= 0 do below = below - 1 end
  while above % DAY_MINUTES ~= 0 and DAY_MINUTES % above ~= 0 do above = above + 1 end
  errors.add(where, '%s: "%s" does not go into a day, so its times would be others every day',
    '%s：“%s”不能整除一天，每天的时刻会不一样', { what, tostring(x) }, x,
    { en = string.format('write "%s" or "%s"', written(below), written(above)),
      zh = string.format('请写成 "%s" 或 "%s"', written(below), written(above)) })
end

-- bulletin_at = "08:30": the time of the local day from which the rhythm counts → ms, or nil for midnight.
local function start_of_day(x, rhythm, where, what)
  if x == nil then return nil end
  local minute = units.minute_of_day(x)
  if not minute or minute >= 1440 then
    errors.add(where, '%s: "%s" is not a time of day such as "08:30"', '%s：“%s”不是时刻，应写成 "08:30"', { what, tostring(x) })
    return nil
  end
  if rhythm == nil then
    errors.add(where, '%s needs the rhythm, too, such as bulletin = "1d"', '%s 还要写节奏，如 bulletin = "1d"', { what })
  end
  return minute * 60000
end

local function truth(x, otherwise, where, what)
  if x == nil then return otherwise end
  if type(x) == "boolean" then return x end
  errors.add(where, "%s must be true or false, not %s", "%s 应为 true 或 false，而不是 %s", { what, tostring(x) })
  return otherwise
end

local contact_kinds = { urge = true, ask = true, same_fault = true, add_info = true, withdraw = true }

-- counting { contacts = { "same_fault" }, duplicates = true, merged = true, keep = "400d", back = "24h", relearn = 1000 }
-- back: a complaint about what happened longer ago than that counts when it came in, not when it happened.
-- relearn: what is usual is learned anew when so many were told too late for the lesson of their day (0: never).
function env.counting(row)
  local where, of = host.where(2), data.counting
  reject_unknown(row, { contacts = true, duplicates = true, merged = true, keep = true, back = true, relearn = true }, where, "counting")
  if row.contacts then
    of.contacts = {}
    for _, kind in ipairs(units.parts(row.contacts)) do
      if not contact_kinds[kind] then
        errors.add(where, 'counting.contacts: "%s" is not a kind of contact', "counting.contacts：“%s”不是来话类型", { tostring(kind) },
          kind, contact_kinds)
      end
      of.contacts[kind] = true
    end
  end
  of.duplicates = truth(row.duplicates, of.duplicates, where, "counting.duplicates")
  of.merged = truth(row.merged, of.merged, where, "counting.merged")
  of.keep_ms = span(row.keep, 86400000, where, "counting.keep") or of.keep_ms
  of.back_ms = span(row.back, 60000, where, "counting.back") or of.back_ms
  if row.relearn ~= nil and (math.type(row.relearn) ~= "integer" or row.relearn < 0) then
    errors.add(where, "counting.relearn must be a whole number, 0 or more, not %s", "counting.relearn 应为不小于 0 的整数，而不是 %s",
      { tostring(row.relearn) })
  else
    of.relearn = row.relearn or of.relearn
  end
end

-- "duty of care", "head of care", "team head of care", "leader of care", or a person's name.
local rungs = { duty = "duty", head = "department_head", ["team head"] = "team_head", leader = "leader" }

local function rung_of(text, where, what)
  local rung, department = tostring(text):match("^(.-) of ([%w_.]+)$")
  if rung and rungs[rung] then return { text = text, rung = rungs[rung], department = department, where = where, what = what } end
  return { text = text, person = tostring(text), where = where, what = what }
end

-- One rung, or a list of them: { "duty of care" }, { { "duty of care" }, { "head of care", "zhou.gang" } }.
local function rungs_of(list, where, what)
  local out = {}
  for i, names in ipairs(type(list) == "table" and list or { list }) do
    out[i] = {}
    for k, text in ipairs(units.parts(names)) do out[i][k] = rung_of(text, where, what) end
  end
  return out
end

-- A rung list that a rule says: { "duty of care", "head of care" }, all at once.
function alarms.rung(list)
  local out = {}
  for i, text in ipairs(units.parts(list) or {}) do out[i] = rung_of(text) end
  return out
end

function alarms.is_known(r) return data[r.person and "persons" or "departments"][r.person or r.department] ~= nil end

local function check_rung(r)
  local of = r.person and "persons" or "departments"
  local name = r.person or r.department
  if not alarms.is_known(r) then
    errors.add(r.where, '%s: "%s" is neither a declared person nor "duty of", "head of", "team head of" or "leader of" a department',
      '%s：“%s”既不是已声明的人员，也不是某部门的 "duty of"、"head of"、"team head of" 或 "leader of"', { r.what, tostring(r.text) }, name, data[of])
    return false
  end
  return true
end

local alarm_keys = labelled { "call", "again", "ack", "bulletin", "bulletin_at", "to" }

-- alarm "red" { zh=…, en=…, call = { { "duty of care" }, { "head of care" } }, again = "15m", ack = "1h", bulletin = "1h", to = { "wall" } }
-- call: the first rung at once, the next one whenever `again` has passed and nobody has acted. ack: how long an acknowledgement holds.
-- bulletin_at = "08:30": its bulletins fall on that time of day and by their rhythm before and after it; else on midnight.
function env.alarm(name)
  local where = host.where(2)
  return function(row)
    local what = "alarm " .. tostring(name)
    reject_unknown(row, alarm_keys, where, what)
    if place[name] and catalog.is_of_base(place[name]) == catalog.is_of_base(where) then
      errors.add(where, "%s stands twice: also at %s", "%s 出现了两次：另一处在 %s", { what, place[name] }, name)
    end
    place[name] = where
    data.alarms[name] = { label = label(row, where, what), call = rungs_of(row.call or {}, where, what),
      again_ms = span(row.again, 60000, where, what .. ".again"), ack_ms = span(row.ack, 60000, where, what .. ".ack"),
      bulletin_ms = by_clock(row.bulletin, where, what .. ".bulletin"),
      bulletin_at_ms = start_of_day(row.bulletin_at, row.bulletin, where, what .. ".bulletin_at"), to = units.parts(row.to) or {} }
  end
end

local acts = { "ack", "sign_down", "raise", "lower", "note", "disaster" }

local function roles_of(list, where, what)
  local out = {}
  for _, role in ipairs(units.parts(list) or {}) do out[#out + 1] = { name = role, where = where, what = what } end
  return out
end

-- warning_roles { ack = { "agent" }, raise = { "supervisor", "leader" }, …, disaster = { "leader" } }
function env.warning_roles(row)
  local where = host.where(2)
  reject_unknown(row, units.set_of(acts), where, "warning_roles")
  for _, act in ipairs(acts) do
    if row[act] then data.warning_roles[act] = roles_of(row[act], where, "warning_roles." .. act) end
  end
end

-- warning_texts { line = { zh = "…{seen}…", en = "…" }, … }: what is said of a warning; the names in braces that each knows are filled in.
-- line: of a warning; signals: of one over signals (kind: of which); assumed: nothing is learned yet, expected is what the pack says until then;
-- unlearned: it says nothing. numbers and climbing stand in front of it: numbers that are hit, and what rose by its climb.
local of_line = units.set_of { "seen", "expected", "p", "chance", "window", "key", "cities", "minutes", "count", "incident", "kind", "affected" }
local text_keys = { line = of_line, signals = of_line, assumed = of_line, unlearned = of_line, numbers = of_line, climbing = {},
  uncounted = of_line, unwatched = of_line, silent = of_line, rolled_up = of_line, over = units.set_of { "level" },
  quiet = {}, late = {}, recovering = {}, ready = {},
  missed = units.set_of { "count", "skipped" }, unanswered = units.set_of { "count" },
  disaster = units.set_of { "person", "until" }, disaster_over = {},
  next_close = units.set_of { "at" }, next_sign = units.set_of { "at", "person" }, next_down = units.set_of { "at", "count" } }

function env.warning_texts(row)
  local where = host.where(2)
  reject_unknown(row, text_keys, where, "warning_texts")
  for key, text in host.sorted_pairs(row) do
    local what = "warning_texts." .. key
    if type(text) ~= "table" then text = {} end
    data.warning_texts[key] = label(text, where, what)
    for _, language in ipairs { "zh", "en" } do
      for name in tostring(text[language] or ""):gmatch("{([^}]*)}") do
        local known = text_keys[key] or {}
        if not known[name] then
          local names = errors.names(known)
          local list = #names > 0 and "{" .. table.concat(names, "}, {") .. "}"
          errors.add(where, "%s.%s: {%s} is not filled in here; there is %s", "%s.%s：{%s} 在这里不会填入；可用的有 %s",
            { what, language, name, list or "none" }, name, names, { what, language, name, list or "（无）" })
        end
      end
    end
  end
end

-- bulletin_facts { { field = "ivr", is = "not_delivered", zh = "IVR未送达", en = "IVR not delivered" }, … }: what every bulletin says of its
-- case, as long as that field of the incident has that value.
local fact_keys = labelled { "field", "is" }
function env.bulletin_facts(rows)
  local where = host.where(2)
  data.bulletin_facts = host.list {}
  for _, row in ipairs(rows) do
    reject_unknown(row, fact_keys, where, "bulletin_facts")
    if type(row.field) ~= "string" or row.is == nil then
      errors.add(where, 'bulletin_facts: each needs a field and what it is, such as { field = "ivr", is = "not_delivered", zh = …, en = … }',
        'bulletin_facts：每项要写字段及其值，如 { field = "ivr", is = "not_delivered", zh = …, en = … }')
    else
      data.bulletin_facts[#data.bulletin_facts + 1] = { field = row.field, is = row.is,
        label = label(row, where, "bulletin_facts." .. row.field) }
    end
  end
end

local rollup_keys = labelled { "categories", "level", "cities", "within", "hold" }
local HOLD_MS = 3600000 -- where the pack says nothing

-- rollup "payment" { zh=…, en=…, categories = { "recharge.not_credited" }, level = "yellow", cities = 15, within = "20m", hold = "1h" }
-- hold: so long it stays down when a leader lowers it, unless it becomes worse than what he saw.
-- That level in so many cities within so long is one case of the province: */CATEGORY, or cluster:NAME for several categories.
function env.rollup(name)
  local where = host.where(2)
  return function(row)
    local what = "rollup " .. tostring(name)
    reject_unknown(row, rollup_keys, where, what)
    local categories = units.parts(row.categories) or {}
    local one = { name = name, label = label(row, where, what), categories = categories, level = row.level or "yellow",
      cities = row.cities, within_ms = span(row.within, 60000, where, what .. ".within"),
      hold_ms = span(row.hold, 60000, where, what .. ".hold") or HOLD_MS,
      key = #categories == 1 and "*/" .. categories[1] or "cluster:" .. tostring(name) }
    if math.type(row.cities) ~= "integer" or row.cities < 2 or not one.within_ms then
      errors.add(where, '%s needs cities (2 or more) and within, such as cities = 15, within = "20m"',
        '%s 应写明 cities（不少于2）和 within，例如 cities = 15, within = "20m"', { what })
    end
    place[what] = where
    data.rollups[#data.rollups + 1] = one
  end
end

-- disaster { longest = "72h", calls = { "red", "black" }, bulletin = "1h", to = { "wall" } }: while it lasts, persons are called at these
-- levels only; who may declare it stands in warning_roles.
function env.disaster(row)
  local where = host.where(2)
  reject_unknown(row, { longest = true, calls = true, bulletin = true, bulletin_at = true, to = true }, where, "disaster")
  local calls = {}
  for _, name in ipairs(units.parts(row.calls) or {}) do calls[name] = true end
  data.disaster = { longest_ms = span(row.longest, 60000, where, "disaster.longest"), calls = calls, to = units.parts(row.to) or {},
    bulletin_ms = by_clock(row.bulletin, where, "disaster.bulletin"),
    bulletin_at_ms = start_of_day(row.bulletin_at, row.bulletin, where, "disaster.bulletin_at") }
  place.disaster = where
end

-- silence { level = "yellow", hold = "1h" }: a channel or component that is late by its rhythm is a warning of this level, under source:NAME.
function env.silence(row)
  local where = host.where(2)
  reject_unknown(row, { level = true, hold = true }, where, "silence")
  data.silence = { level = row.level, hold_ms = span(row.hold, 60000, where, "silence.hold") or HOLD_MS }
  place.silence = where
end

-- Levels of the pack by name, 1 the lowest; a pack that declares none has those of the contract, which the catalog then has, too.
local usual = { { name = "yellow", label = { zh = "黄色", en = "yellow" } }, { name = "orange", label = { zh = "橙色", en = "orange" } },
  { name = "red", label = { zh = "红色", en = "red" } }, { name = "black", label = { zh = "黑色", en = "black" } } }
local function ranks()
  local out = { none = 0 }
  for i, level in ipairs(data.levels and data.levels[1] and data.levels or usual) do out[level.name] = i end
  return out
end
alarms.ranks = ranks

-- "orange" of 2.
function alarms.level_of(rank)
  for name, n in host.sorted_pairs(ranks()) do
    if n == rank then return name end
  end
end

local function check_level(name, where, what)
  local known = ranks()
  if not known[name] or known[name] == 0 then
    errors.add(where, '%s: "%s" is not a level', "%s：“%s”不是预警级别", { what, tostring(name) }, name, known)
  end
end

local function check_roles(list)
  for i, r in ipairs(list) do
    if not data.roles[r.name] then
      errors.add(r.where, '%s: "%s" is not a role', "%s：“%s”不是角色", { r.what, r.name }, r.name, data.roles)
    end
    list[i] = r.name
  end
end

-- What can only be checked when all of the pack is known.
function alarms.check()
  if not data.levels[1] then data.levels = host.list(usual) end
  for name, alarm in host.sorted_pairs(data.alarms) do
    check_level(name, place[name], "alarm " .. name)
    for _, rung in ipairs(alarm.call) do
      for k, r in ipairs(rung) do
        if check_rung(r) then rung[k] = { text = r.text, rung = r.rung, department = r.department, person = r.person } end
      end
    end
  end
  for _, act in ipairs(acts) do check_roles(data.warning_roles[act] or {}) end
  for _, one in ipairs(data.rollups) do
    local where, what = place["rollup " .. one.name], "rollup " .. one.name
    check_level(one.level, where, what)
    if #one.categories == 0 then errors.add(where, "%s names no categories", "%s 没有写分类", { what }) end
    local n_cities = #errors.names(data.cities)
    if math.type(one.cities) == "integer" and one.cities > n_cities then
      errors.add(where, "%s: cities = %d, but there are %d: it would never come about", "%s：cities = %d，而地市只有 %d 个，永远不会成立",
        { what, one.cities, n_cities })
    end
    for _, code in ipairs(one.categories) do
      local known = data.categories[code]
      for other in host.sorted_pairs(data.categories) do known = known or other:sub(1, #code + 1) == code .. "." end
      if not known then
        errors.add(where, '%s: "%s" is not a declared category', "%s：“%s”不是已声明的分类", { what, code }, code, data.categories)
      end
    end
  end
  if data.silence then check_level(data.silence.level, place.silence, "silence.level") end
  for name in host.sorted_pairs(data.disaster and data.disaster.calls or {}) do check_level(name, place.disaster, "disaster.calls") end
end

-- Who a rung means now: {person, rung, department?, reach?, label}; nil when nobody is found.
local function callee(r, facts, city)
  local at = facts["local"]
  local who
  if r.person then who = org.present(r.person, at.date)
  elseif r.rung == "duty" then who = org.on_duty(r.department, at, city)
  else who = org.rung(r.rung, r.department, nil, at) end
  local p = who and data.persons[who]
  if not p then return nil end
  return { person = who, rung = r.text, department = r.department or p.department, reach = p.reach, label = p.label }
end

-- Each person once, in order.
function alarms.people(list, facts, city)
  local out, seen = {}, {}
  for _, r in ipairs(list) do
    local one = callee(r, facts, city)
    if one and not seen[one.person] then
      seen[one.person] = true
      out[#out + 1] = one
    end
  end
  return out
end

return alarms
