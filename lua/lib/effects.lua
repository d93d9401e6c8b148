-- What an action does beyond moving its ticket: facts of its own in `fields`, drafts that a second person approves, lists of persons,
-- the children it acts on, and what follows by itself later. kind "incident" (lua/lifecycle/incident.lua) shows them all.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local effects = {}

effects.keys = { "keep", "peak", "mark", "sign", "draft", "approve", "add", "remove", "children", "after", "at", "tally", "raise", "gather", "log",
  "merging" }

local function name_list(x) return type(x) == "string" and { x } or x end

-- What an action is of a merge (cases.lua): of the one that is merged, of the one that takes it in, and back.
local mergings = { into = true, takes = true, out = true, loses = true }

-- What is walked through each time an action is done, by action: its `copy` and `data` as lists of {key, x} in order, and whether it has
-- any of the keys above.
local plans = {}
effects.plans = plans

local function entries(map)
  local out = {}
  for key, x in host.sorted_pairs(map or {}) do out[#out + 1] = { key, x } end
  return out
end

-- ---- while the pack loads ----------------------------------------------------------------------------------
-- The declarations of one action, checked; `at` names the action.
local function check_map(a, key, where, what)
  if a[key] ~= nil and type(a[key]) ~= "table" then
    errors.add(where, '%s: %s must be { name = … }', '%s：%s 应写成 { 名称 = … }', { what, key })
    a[key] = nil
  end
end

local function check_source(a, key, source, where, what)
  if type(source) == "string" and not a.data[source] then
    errors.add(where, '%s: %s takes data.%s, which the action does not ask for', "%s：%s 用到 data.%s，而这个操作没有要求填写它",
      { what, key, source }, source, a.data)
  end
end

local function check_after(a, where, what)
  local out = {}
  for action, span in host.sorted_pairs(a.after or {}) do
    local ms = units.duration(span)
    if not ms then
      errors.add(where, '%s: after.%s: "%s" is not a duration such as "0s", "30m" or "2h"', '%s：after.%s：“%s”不是时长，应写成 "0s"、"30m" 或 "2h"',
        { what, action, tostring(span) }, span, units.meant_duration(span))
    end
    out[#out + 1] = { action = action, ms = ms or 0 }
  end
  a.after = #out > 0 and out or nil
end

-- Called once for each action when all kinds are known.
function effects.check(kind, a, where, what)
  for _, key in ipairs { "keep", "peak", "mark", "add", "remove", "children", "after", "at", "log" } do check_map(a, key, where, what) end
  for _, key in ipairs { "keep", "peak", "add", "remove" } do
    for _, source in host.sorted_pairs(a[key] or {}) do check_source(a, key, source, where, what) end
  end
  for _, source in host.sorted_pairs(a.children and a.children.data or {}) do check_source(a, "children", source, where, what) end
  for _, key in ipairs { "after", "at" } do
    for action in host.sorted_pairs(a[key] or {}) do
      if not kind.actions[action] then
        errors.add(where, '%s: %s: "%s" is not an action of the kind', "%s：%s：“%s”不是这类工单的操作", { what, key, action }, action, kind.actions)
      end
    end
  end
  for name, list in host.sorted_pairs(a.log or {}) do -- log = { ticked = { "step", "text" } }
    if type(list) ~= "table" then
      errors.add(where, '%s: log.%s must be a list of what the action asks for, such as { "step" }',
        '%s：log.%s 应列出操作要求填写的项，如 { "step" }', { what, name })
      a.log[name] = {}
    end
    for _, source in ipairs(a.log[name]) do check_source(a, "log", source, where, what) end
  end
  local ranks = host.lib("alarms").ranks()
  if a.raise ~= nil and (not ranks[a.raise] or a.raise == "none") then
    errors.add(where, '%s: raise: "%s" is not a level', "%s：raise：“%s”不是预警级别", { what, tostring(a.raise) }, tostring(a.raise), ranks)
  end
  if a.merging ~= nil and not mergings[a.merging] then
    errors.add(where, '%s: merging must be "into", "takes", "out" or "loses"', '%s：merging 应为 "into"、"takes"、"out" 或 "loses"', { what })
  end
  check_after(a, where, what)
  local does_more = false
  for _, key in ipairs(effects.keys) do does_more = does_more or a[key] ~= nil end
  plans[a] = { copy = entries(a.copy), data = entries(a.data), does_more = does_more }
end

-- The names in `fields` that only actions of the kind write: exact ones, and beginnings (what is approved stands in fields of its own too).
function effects.own(kind)
  local names, under = {}, {}
  for _, a in host.sorted_pairs(kind.actions) do
    for _, key in ipairs { "keep", "peak", "mark", "add", "remove" } do
      for name in host.sorted_pairs(a[key] or {}) do names[name] = true end
    end
    for _, name in ipairs(name_list(a.sign) or {}) do names[name .. "_by"], names[name .. "_at"] = true, true end
    for _, name in ipairs(name_list(a.tally) or {}) do names[name] = true end
    local drafted = a.draft or a.approve
    if drafted then names[drafted], under[drafted .. "_"] = true, true end
  end
  return names, under
end

-- Of what type the actions of the kind keep a field; nil: as anybody writes it.
function effects.type_of(kind, field)
  for _, a in host.sorted_pairs(kind.actions) do
    local key = a.keep and a.keep[field]
    if key and a.data[key] then return a.data[key].type end
  end
end

-- ---- when it is done -----------------------------------------------------------------------------------------
local function field_of(v, name) return (v.facts.ticket.fields or {})[name] end

-- Why an approval may not be given: en, zh; nil when it may.
function effects.refused(action, v)
  local name = action.approve
  if not name then return nil end
  local draft = field_of(v, name .. "_draft")
  if type(draft) ~= "table" then
    return string.format("there is no draft of %s to approve", name), string.format("没有待批准的 %s 草稿", name)
  end
  if draft.by == host.at(v.h, "who", "name") then
    return string.format("%s wrote version %d of %s: somebody else approves it", draft.by, draft.version, name),
      string.format("%s 的第 %d 版由 %s 起草，须由另一人批准", name, draft.version, draft.by)
  end
end

local function put_field(v, set, name, x)
  set.fields = set.fields or {}
  set.fields[name] = x
  v["fields." .. name] = x
end

-- The highest level there was: peak = { highest = "level" }.
local function put_peak(v, set, name, level)
  local ranks = host.lib("alarms").ranks()
  if (ranks[level] or 0) > (ranks[field_of(v, name)] or 0) then put_field(v, set, name, level) end
end

local function copy_of(x)
  local out = {}
  for key, item in host.sorted_pairs(x) do out[key] = item end
  return out
end

local function draft(v, set, name, given, who)
  local version = (field_of(v, name .. "_versions") or 0) + 1
  local d = copy_of(given)
  d.version, d.by, d.at = version, who, v.now
  put_field(v, set, name .. "_versions", version)
  put_field(v, set, name .. "_draft", d)
end

local function approve(v, set, name, who)
  local old, d = field_of(v, name), copy_of(field_of(v, name .. "_draft"))
  d.approved_by, d.approved_at = who, v.now
  put_field(v, set, name .. "_before", old and old.version or 0)
  for key, x in host.sorted_pairs(d) do put_field(v, set, name .. "_" .. key, x) end -- for conditions and tasks: fields.script_prompt
  for key in host.sorted_pairs(old or {}) do
    if d[key] == nil then put_field(v, set, name .. "_" .. key, "") end
  end
  put_field(v, set, name, d)
  put_field(v, set, name .. "_draft", false)
end

local function change_list(v, set, name, x, is_added)
  local list, was = {}, field_of(v, name) or {}
  for i = 1, #was do
    if was[i] ~= x then list[#list + 1] = was[i] end
  end
  if is_added then list[#list + 1] = x end
  put_field(v, set, name, host.list(list))
end

-- One more entry of what was done: its words, who and when.
local function note(v, set, name, keys, given, who)
  local list = {}
  for i, x in ipairs(field_of(v, name) or {}) do list[i] = x end
  local one = { by = who, at = v.now }
  for _, key in ipairs(keys) do one[key] = given[key] end
  list[#list + 1] = one
  put_field(v, set, name, host.list(list))
end

local function sources(map, given)
  local out = {}
  for key, source in host.sorted_pairs(map or {}) do out[key] = given[source] end
  return out
end

-- A job of the core: an action on every child, in slices; each gets its own record.
local function on_children(action, given, d)
  local c = action.children
  local job = { kind = "children", action = c.action, stages = c.stages, data = sources(c.data, given) }
  for key, text in host.sorted_pairs(c.otherwise or {}) do
    if job.data[key] == nil then job.data[key] = text end
  end
  d.jobs = d.jobs or {}
  d.jobs[#d.jobs + 1] = job
end

-- Timers by which an action follows by itself; points.timer does it (kind "rule", rule "act:NAME"). The name says which of both it is.
local function follow_later(action, v, d)
  d.timers = d.timers or {}
  for _, a in ipairs(action.after or {}) do
    d.timers[#d.timers + 1] = { name = "act:" .. a.action, rule = "act:" .. a.action, after_ms = a.ms, round = 0 }
  end
  for name, field in host.sorted_pairs(action.at or {}) do -- at the time that stands in a field
    local at = d.set.fields and d.set.fields[field] or field_of(v, field)
    if math.type(at) == "integer" then
      d.timers[#d.timers + 1] = { name = "at:" .. name, rule = "act:" .. name, at_ms = at, round = 0 }
    end
  end
end

function effects.apply(action, v, d, given)
  if not plans[action].does_more then return end
  local set, who = d.set, host.at(v.h, "who", "name") or "rules"
  for name, source in host.sorted_pairs(action.keep or {}) do
    if given[source] ~= nil then put_field(v, set, name, given[source]) end
  end
  for name, source in host.sorted_pairs(action.peak or {}) do put_peak(v, set, name, given[source]) end
  for name, x in host.sorted_pairs(action.mark or {}) do put_field(v, set, name, x) end
  for _, name in ipairs(name_list(action.sign) or {}) do
    put_field(v, set, name .. "_by", who)
    put_field(v, set, name .. "_at", v.now)
  end
  if action.draft then draft(v, set, action.draft, given, who) end
  if action.approve then approve(v, set, action.approve, who) end
  for name, source in host.sorted_pairs(action.add or {}) do change_list(v, set, name, given[source], true) end
  for name, source in host.sorted_pairs(action.remove or {}) do change_list(v, set, name, given[source], false) end
  for name, keys in host.sorted_pairs(action.log or {}) do note(v, set, name, keys, given, who) end
  for _, name in ipairs(name_list(action.tally) or {}) do put_field(v, set, name, (field_of(v, name) or 0) + 1) end
  if action.raise then d.raise = { level = action.raise, reason = given.reason or action.label.zh .. " " .. action.label.en } end
  if action.children then on_children(action, given, d) end
  if action.after or action.at then follow_later(action, v, d) end
end

-- An action that was to follow is refused now: it is tried again later, and the duty desk hears of it once. One whose time stood in a
-- field had its time.
function effects.held(v, d, action, why, after_ms)
  local timer, round = v.facts.timer, v.facts.timer.round or 0
  if type(timer.name) ~= "string" or timer.name:sub(1, 4) ~= "act:" then return end
  d.timers = d.timers or {}
  d.timers[#d.timers + 1] = { name = timer.name, rule = timer.rule, after_ms = after_ms, round = round + 1 }
  if round > 0 then return end
  d.notices = d.notices or {}
  d.notices[#d.notices + 1] = { topic = "duty", data = { event = "held", ticket = v.facts.ticket.id, no = v.facts.ticket.no, action = action,
    zh = why.zh, en = why.en, rung = "duty" } }
end

-- Whose word an action by itself has: the name behind "act:", nil for other timers.
function effects.timed(rule) return type(rule) == "string" and rule:match("^act:(.+)$") or nil end

return effects
