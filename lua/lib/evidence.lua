-- Evidence: one fault is seen by several keys (signals of its component, complaints of its city, a roll-up over both). A warning that
-- matches an open case is evidence of it, by the rules "evidence", and opens none of its own. Facts: cases, as cases.lua has them.
local host = ...
local rules = host.lib "rules"
local data = host.lib("catalog").data
local has = host.lib("units").has
local evidence = {}
local ALL = "*/*" -- the key of everything

local function is_under(category, of) return category == of or category:sub(1, #of + 1) == of .. "." end

-- Whether a fault is what something is about that names no category: by its name, its component, or its service.
local function is_of_fault(of, name, fault)
  if of.fault then return of.fault == name end
  if of.component then
    local component = data.components[of.component]
    return has(fault.components, of.component) or component ~= nil and component.service ~= nil and component.service == fault.service
  end
  return of.service == fault.service
end

-- The branches of categories that a case or a warning is about: its own, those of its cluster, those of its faults; nil: it says nothing,
-- so all of them. Without `keys`; a case's keys say more (evidence.is_about).
local function branches(of)
  if of.category then return { of.category } end
  if of.cluster then return data.clusters[of.cluster] and data.clusters[of.cluster].categories or {} end
  if not (of.fault or of.service or of.component) then return nil end
  local out = {}
  for name, fault in host.sorted_pairs(data.faults) do
    if is_of_fault(of, name, fault) then table.move(fault.categories, 1, #fault.categories, #out + 1, out) end
  end
  return out
end

-- "billing.overcharge" of "shenzhen/billing.overcharge"; nil where a key names none.
function evidence.category_of(key) return key:match("^[^/:]+/([^*/:]+)$") end

-- A case that says where but not what is about all that is complained of there, and so is one of the province's total. (`key` does not say
-- it: a case of nothing has the key of everything.)
local function is_whole(case) return case.city ~= nil or case.cities ~= nil or has(case.keys, ALL) end

-- The branches of categories that a case is about, nil for all: its own and those that keys of its evidence name. One that says neither what
-- nor where, as when a person opens it for a broken cooling or a source falls silent, is about no complaint: what hangs on it is attached by
-- hand.
function evidence.about(case)
  local own = branches(case)
  if not own then return not is_whole(case) and {} or nil end
  if not case.keys then return own end
  local out = table.move(own, 1, #own, 1, {})
  for i = 1, #case.keys do out[#out + 1] = evidence.category_of(case.keys[i]) end
  return out
end

-- Whether a case is about a category; nil: none is known.
function evidence.is_about(case, category)
  local list = evidence.about(case)
  if not list then return true end
  for i = 1, category and #list or 0 do
    if is_under(category, list[i]) then return true end
  end
  return false
end

local function any_pair(list, others, fits)
  for _, a in ipairs(list) do
    for _, b in ipairs(others) do
      if fits(a, b) then return true end
    end
  end
  return false
end

local function touch(list, others)
  if not list or not others then return true end
  return any_pair(list, others, function(a, b) return is_under(a, b) or is_under(b, a) end)
end

-- A cluster of the pack holds both, and they began within so long: agents label one fault differently, but what moves together is one.
local function moves_with(case, w, now, together)
  local began, other = w.began or now, case.began or case.created
  if not together or math.abs(began - other) > together then return false end
  for _, c in host.sorted_pairs(data.clusters) do
    if touch(branches(case), c.categories) and touch(c.categories, branches(w)) then return true end
  end
  return false
end

local function cities_of(case) return case.cities or case.city and { case.city } end

-- A case of the whole province is not about everything in it: what is about no category is no evidence of it; and as long as nothing was
-- warned of that the case is about, only what lies within that is.
local function is_within(case, own, w, now, together)
  local of = branches(w)
  if not of then return false end
  if not case.keys then return any_pair(of, own, is_under) end
  return touch(own, of) or not w.city and moves_with(case, w, now, together)
end

local same = {}

-- One is about what the other is about, or above it; or both are of one component or service; or they move together.
function same.category(case, w, now, together)
  if case.component ~= nil and case.component == w.component or case.service ~= nil and case.service == w.service then return true end
  local own = branches(case)
  if own and not cities_of(case) then return is_within(case, own, w, now, together) end
  return touch(own, branches(w)) or moves_with(case, w, now, together)
end

-- The same city; or one is a roll-up over the other's.
function same.city(case, w)
  local cities = cities_of(case)
  if not cities then return true end
  if w.city then return case.city == w.city or has(cities, w.city) end
  if not w.in_cities or #w.in_cities == 0 then return true end
  for i = 1, #w.in_cities do
    if case.city == w.in_cities[i] or has(cities, w.in_cities[i]) then return true end
  end
  return false
end

local SOURCE = "^source:"

-- The case was opened for this key, or had it before. A case that says nothing has the key of everything, and is not opened for it.
local function is_of_key(case, key) return has(case.keys, key) or case.key == key and key ~= ALL end

-- Neither where nor what: nothing is evidence of it but its own keys. So it is with a source that fell silent, which is about nothing else.
local function is_of_its_keys(case, w)
  return not cities_of(case) and not branches(case) or (case.key or ""):find(SOURCE) ~= nil or w.key:find(SOURCE) ~= nil
end

local function is_same(case, w, now, out)
  if is_of_its_keys(case, w) then return is_of_key(case, w.key) end
  local names = out.same or { "category", "city" }
  for i = 1, #names do
    if not same[names[i]](case, w, now, out.together) then return false end
  end
  return true
end

-- What it is about is what the case is about, or above or below it, rather than something that only moves together with it.
local function is_close(case, w)
  local own, of = branches(case), branches(w)
  return case.category == w.category or own ~= nil and of ~= nil and touch(own, of)
end

-- Of two cases the one that had this key before, then that of the same city, then that of the same category, then the one whose words
-- customers hear already; then the older.
local function weight(case, w)
  return (has(case.keys, w.key) and 8 or 0) + (case.city == w.city and 4 or 0) + (is_close(case, w) and 2 or 0) + (case.script and 1 or 0)
end

local function find(v, w)
  local out = rules.ask("evidence", v)
  if not out or out.attach == false then return nil end
  local since, best = v.now - (out.within or math.maxinteger), nil
  for _, c in ipairs(v.facts.cases or {}) do -- newest first
    if math.max(c.created, c.level_at or 0) >= since and is_same(c, w, v.now, out)
      and (not best or weight(c, w) >= weight(best, w)) then
      best = c
    end
  end
  return best
end

-- Point "evidence": a warning without a case, and the open ones → {incident?, act?}; the case's record keeps the key.
function evidence.point(v)
  local case, d = find(v, v.facts.warning), {}
  local kind = case and data.kinds[case.kind]
  if case then d.incident = case.id end
  if case and kind and kind.actions.evidence then
    local w = v.facts.warning
    local began = math.min(case.began or math.maxinteger, w.began or math.maxinteger)
    d.act = { { action = "evidence", data = { key = w.key, began = began < math.maxinteger and began or nil } } }
  end
  d.because, d.failed = host.noted(v.h), v.failed or nil
  return d
end

return evidence
