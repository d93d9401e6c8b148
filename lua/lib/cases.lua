-- Cases: the open incidents. A complaint hangs on the case of its fault by the rules "attach"; what the front desk then says is the
-- case's script. Facts: cases = [{id, no, kind, key, keys?, category?, cluster?, fault?, service?, component?, city?, cities?, stage, created,
-- script?, maintainers?, level?, level_at?}], newest first.
local host = ...
local rules = host.lib "rules"
local drills = host.lib "drills"
local evidence = host.lib "evidence"
local data = host.lib("catalog").data
local cases = {}
local get, has = host.get, host.lib("units").has
local ids = host.lib("fields").ids

-- The cities of an incident by its fields; nil: all.
local function cities_of(fields, ticket) return fields.cities or ticket.city and { ticket.city } or nil end

local function is_of_city(case, city)
  if not case.city and not case.cities then return true end -- of the whole province
  if case.city == city then return true end
  for i = 1, #(case.cities or {}) do
    if case.cities[i] == city then return true end
  end
  return false
end

local function is_same(case, v, names)
  for i = 1, #names do
    local name = names[i]
    if name == "category" then
      if not evidence.is_about(case, get(v.h, ids.category)) then return false end
    elseif name == "city" then
      if not is_of_city(case, get(v.h, ids.city)) then return false end
    elseif case[name] ~= v[name] then
      return false
    end
  end
  return true
end

-- How exactly a case says what it is about: of two that fit, the one that says more is meant.
local function weight(case, city)
  return (case.category and #case.category or 0) * 4 + (case.city and case.city == city and 2 or (case.city or case.cities) and 1 or 0)
end

-- The case this ticket hangs on, by the rules "attach"; nil when on none.
function cases.find(v)
  local list = v.facts.cases
  if not list or #list == 0 then return nil end
  local out = rules.ask("attach", v)
  if not out or out.attach == false then return nil end
  local known = v.facts.number and v.facts.number.state and v.facts.number.incident
  local since, best, city = v.now - (out.within or math.maxinteger), nil, get(v.h, ids.city)
  for i = 1, #list do
    local c = list[i]
    local at, from = v.facts.ticket.created or v.now, c.created
    if c.follows and c.began then from = math.min(from, c.began) end -- what hung on the case before is its own
    if c.id == known and not get(v.h, ids.category) then return c end
    if from - (out.before or 0) <= at and c.created >= since and is_same(c, v, out.same or { "category", "city" })
      and (not best or weight(c, city) > weight(best, city)) then
      best = c
    end
  end
  return best
end

-- The case's script as advice, nil without one.
function cases.advice(case)
  local s = case.script
  if type(s) ~= "table" or not s.zh and not s.en then return nil end
  return { zh = s.zh or s.en, en = s.en or s.zh, incident = case.id, script = s.version, eta = s.eta }
end

-- What hanging on a case decides: the link, the version the caller hears.
function cases.attach(d, case)
  d.links = d.links or {}
  d.links[#d.links + 1] = { type = "parent", id = case.id }
  if type(case.script) == "table" then
    d.set.fields = d.set.fields or {}
    d.set.fields.script_version = case.script.version
  end
end

-- The caller's record keeps which version of a prompt was heard before the agent answered.
function cases.heard(v, d)
  local heard = v.facts.heard
  if not heard then return end
  d.set.fields = d.set.fields or {}
  d.set.fields.heard_incident, d.set.fields.heard_version = heard.incident, heard.version
end

-- Whether this customer was told that it works: as a number of the case, or as one whose complaint was answered with it.
local function was_told(v, case)
  for _, id in ipairs(v.facts.number and v.facts.number.told or {}) do
    if id == case.id then return true end
  end
  for _, t in ipairs(v.facts.history and v.facts.history.tickets or {}) do
    if t.parent == case.id and (t.status == "resolved" or t.status == "closed") then return true end
  end
  return false
end

local function is_told(recovery) return recovery == "told" or recovery == "watched" end

-- Whether this number counted since the case was told: persons are counted, not calls.
local function has_counted(v, case, told_at)
  for _, a in ipairs(v.facts.again or {}) do
    if a.id == case.id and a.at >= (told_at or 0) then return true end
  end
  return false
end

local function count_again(d, case)
  d.again = d.again or {}
  d.again[#d.again + 1] = case.id
end

-- Whether a contact that is added to the case itself is of somebody who was told, and complains again.
function cases.is_again(v)
  local t = v.facts.ticket
  local f = t.fields or {}
  return v.kind == "incident" and v.facts.contact.kind == "same_fault" and is_told(f.recovery) and was_told(v, t)
    and not has_counted(v, t, f.told_at)
end

cases.count_again = count_again

-- Who was told complains again: the case counts it (action "again"), and so finds its relapse.
function cases.again(v, d, case)
  if is_told(case.recovery) and was_told(v, case) and not has_counted(v, case, case.told_at) then
    count_again(d, case)
    d.acts = d.acts or {}
    d.acts[#d.acts + 1] = { id = case.id, action = "again" }
  end
end

-- Categories that an incident of this category and these keys of evidence means: the codes and all below; nil for every.
local function codes_of(category, keys)
  if not category then return nil end
  local case, out = { category = category, keys = keys }, {}
  for code in host.sorted_pairs(data.categories) do
    if evidence.is_about(case, code) then out[#out + 1] = code end
  end
  return out
end

-- Whether a key of evidence names a category that the incident is not about yet.
local function says_more(v, category, key)
  local of, f = evidence.category_of(key), v.facts.ticket.fields or {}
  local case = { category = category, cluster = f.cluster, fault = f.fault, service = f.service, component = f.component, keys = f.keys }
  return of ~= nil and not evidence.is_about(case, of)
end

-- The job that hangs open complaints of its category, else of these cities, on the incident. Rules "attach" say how far back. Those of
-- another case (`of_case`) when it is named, as far back as the fault began. On a drill (演练) nothing hangs.
function cases.gather(v, d, cities, of_case)
  if (v.facts.ticket.fields or {}).drill then return end
  local category, city = get(v.h, ids.category), get(v.h, ids.city)
  local key = v.action == "evidence" and v.facts.data.key
  if key and not says_more(v, category, key) then return end
  local before = 0
  local by_kind = rules.sets.attach or {}
  local of = by_kind.complaint or by_kind["*"]
  for _, r in ipairs(of and of.rows or {}) do before = math.max(before, r.out.before or 0) end
  if of and of.otherwise then before = math.max(before, of.otherwise.out.before or 0) end
  if not of then return end
  local fields = v.facts.ticket.fields or {}
  local codes, places = codes_of(category, (d.set.fields or fields).keys or fields.keys), cities or city and { city } or nil
  if not codes and not places then return end
  d.jobs = d.jobs or {}
  d.jobs[#d.jobs + 1] = { kind = "attach", of = codes and "category" or "city", names = codes or places, of_case = of_case,
    since = (of_case and (fields.began or v.facts.ticket.created) or v.now) - before }
end

-- ---- two cases that are one: the setting `merging` of an action, by its word ---------------------------------------------------------
cases.merge = {}

local function joined(list, more)
  local out = {}
  for _, x in ipairs(list or {}) do out[#out + 1] = x end
  for _, x in ipairs(more or {}) do
    if not has(out, x) then out[#out + 1] = x end
  end
  return #out > 0 and host.list(out) or nil
end

local function also(d, id, action, given)
  d.acts = d.acts or {}
  d.acts[#d.acts + 1] = { id = id, action = action, data = given }
end

-- The one that is merged hands over what it is about; its complaints follow by the action's `children`.
function cases.merge.into(v, d, given)
  local t = v.facts.ticket
  local f = t.fields or {}
  also(d, given.ticket, "take_in", { ticket = t.id, keys = joined(f.keys), maintainers = joined(f.maintainers), cities = joined(cities_of(f, t)),
    began = f.began, level = f.highest })
end

-- A case of the whole province has no cities: it would have only those from then on.
function cases.merge.takes(v, d, given)
  local t, set = v.facts.ticket, d.set
  local f = t.fields or {}
  set.fields = set.fields or {}
  set.fields.keys = joined(f.keys, given.keys)
  set.fields.maintainers = joined(f.maintainers, given.maintainers)
  if cities_of(f, t) then set.fields.cities = joined(cities_of(f, t), given.cities) end
  if given.began then set.fields.began = math.min(f.began or given.began, given.began) end
end

-- It is a case of its own again: its keys are its own, and so are the complaints that the rules "attach" would hang on it.
function cases.merge.out(v, d)
  local t = v.facts.ticket
  local f, whole = t.fields or {}, v.facts.whole or t.merged_into
  also(d, t.merged_into, "let_out", { ticket = t.id, keys = joined(f.keys) })
  if whole ~= t.merged_into then also(d, whole, "let_out", { ticket = t.id, keys = joined(f.keys) }) end -- that was merged itself
  d.set.fields = d.set.fields or {}
  d.set.fields.level = f.level and "none" -- until its keys come back with the next close; those that have ended do not
  cases.gather(v, d, f.cities, whole)
end

function cases.merge.loses(v, d, given)
  local kept = {}
  for _, key in ipairs((v.facts.ticket.fields or {}).keys or {}) do
    if not has(given.keys, key) then kept[#kept + 1] = key end
  end
  d.set.fields = d.set.fields or {}
  d.set.fields.keys = host.list(kept)
  if (v.facts.ticket.fields or {}).class then d.set.fields.class = false end -- what it became may be the other's: it is looked at anew
end

-- A new incident: its key, its cities, its complaints.
function cases.open(v, d)
  local given, set = v.facts.ticket.fields or {}, d.set
  local category, city = get(v.h, ids.category), get(v.h, ids.city)
  set.fields = set.fields or {}
  if given.key == nil then set.fields.key = (city or "*") .. "/" .. (category or "*") end
  if given.cities == nil and city then set.fields.cities = host.list { city } end
  if given.level ~= nil then set.fields.highest = given.level end
  if given.drill then
    set.title = "【演练】DRILL: " .. (v.facts.ticket.title or "")
    drills.open(v, d)
  end
  cases.gather(v, d, given.cities, given.follows)
end

-- Point "attach": an open complaint and one case, asked by the job. → decision
function cases.point(v, d)
  local case = cases.find(v)
  if case then cases.attach(d, case) end
  return d
end

-- Person given to this case: what other cases lose by it. → [{id, no, key, left}]
function cases.losing(v, person)
  local out = {}
  for _, c in ipairs(v.facts.cases or {}) do
    local left, is_his = 0, false
    for i = 1, #(c.maintainers or {}) do
      if c.maintainers[i] == person then is_his = true else left = left + 1 end
    end
    if is_his and c.id ~= v.facts.ticket.id then out[#out + 1] = { id = c.id, no = c.no, key = c.key, level = c.level, left = left } end
  end
  return out
end

-- Moving a person: he leaves the others, and everybody sees what they lose.
function cases.move(v, d, person)
  if (v.facts.ticket.fields or {}).drill then return end -- nobody leaves a real case for a drill
  local lost = cases.losing(v, person)
  if #lost == 0 then return end
  local label = data.persons[person].label
  for i = 1, #lost do
    local c = lost[i]
    d.acts = d.acts or {}
    d.acts[#d.acts + 1] = { id = c.id, action = "unassign", data = { person = person } }
    d.advice = d.advice or {}
    d.advice[#d.advice + 1] = {
      zh = string.format("%s 从 %s（%s）调来，该事件还剩 %d 人", label.zh, c.no, c.key or "?", c.left),
      en = string.format("%s comes from %s (%s), which keeps %d", label.en, c.no, c.key or "?", c.left), incident = c.id, left = c.left,
    }
  end
end

return cases
