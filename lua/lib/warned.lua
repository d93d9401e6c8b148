-- What a warning decides: whom its level calls, the incident it opens, what is done about the one it has (rules "warning").
local host = ...
local rules = host.lib "rules"
local fields = host.lib "fields"
local tasks = host.lib "tasks"
local alarms = host.lib "alarms"
local data = host.lib("catalog").data
local warned = {}

local function put(list, x)
  list = list or {}
  list[#list + 1] = x
  return list
end

-- What a case is about: its category, its cluster; of signals their city and service.
local function named(w)
  local cluster = data.clusters[w.cluster]
  if w.category_label or cluster then return (w.category_label or cluster.label).zh end
  local parts = {}
  for _, label in ipairs { w.city_label or false, w.service_label or false } do parts[#parts + 1] = label and label.zh or nil end
  return #parts > 0 and table.concat(parts, " ") or w.key
end

-- An incident to open: the case's own words, with what the warning says of itself. subject: what it is about without figures, as reports
-- say it.
local function case_of(v, w, out)
  local title = out.title and out.title.zh or string.format("%s %s", named(w), (w.line or {}).zh or "")
  return { kind = out.open, city = v.city, category = v.category, title = title,
    text = w.line and w.line.zh .. "\n" .. w.line.en or w.key,
    fields = { key = w.key, keys = host.list { w.key }, level = w.to, began = w.began, cluster = w.cluster,
      cities = w.in_cities and host.list { table.unpack(w.in_cities) } or nil,
      service = w.service, component = w.component, suspect = v.suspect, follows = w.was_case,
      subject = out.title or w.category_label or w.service_label } }
end

-- What the level calls and the rules "warning" say → decision without its calls, whom they call.
local function decide(v, w)
  local d, calls = {}, {}
  local alarm = data.alarms[w.to]
  if alarm and (w.event == "change" and w.rank > w.was or w.event == "again") then
    for _, r in ipairs(alarm.call[w.rung] or {}) do calls[#calls + 1] = r end
  end
  for _, r in ipairs((rules.ask_all("warning", v, {}))) do
    local out = r.out
    for _, who in ipairs(out.call or {}) do calls[#calls + 1] = who end
    if out.open and not w.incident then d.open = d.open or { case_of(v, w, out) } end
    if out.act and (w.incident or d.open) then
      d.act = put(d.act, { action = out.act, data = out.data and tasks.fill_data(out.data, v) or nil })
    end
    if out.task and (w.incident or d.open) then d.tasks = put(d.tasks, tasks.fill(out.task, v)) end
    if out.say then d.say = d.say or out.say end
  end
  if w.disaster and data.disaster and not data.disaster.calls[w.to] then calls = {} end
  return d, calls
end

function warned.point(facts)
  local v = fields.view(facts)
  local d, calls = decide(v, facts.warning)
  d.call = alarms.people(calls, facts, v.city)
  d.because, d.failed = host.noted(v.h), v.failed or nil
  return d
end

-- The same of a level that a drill plays: what tonight's rules say, of which only the calls and the words are used.
function warned.in_drill(facts)
  return function(e)
    local t, ranks = facts.ticket, alarms.ranks()
    local w = { key = e.key, from = e.from, to = e.to, rank = ranks[e.to], was = ranks[e.from], event = "change", rung = 1, seen = e.sums,
      expected = {}, p = e.p, watch = e.watch, incident = t.id, stage = t.stage, case_fields = t.fields }
    local other = { now = facts.now, ["local"] = facts["local"], who = facts.who, ticket = { city = e.city, category = e.category }, warning = w }
    local d, calls = decide(fields.view(other), w)
    return { say = d.say, called = calls }
  end
end

return warned
