-- Point "declare": what an open incident becomes by how many it hits and for how long (rules "declare"), once. Facts: hit = {affected,
-- complainers, began}, raised = [{id, kind, is_open}] of what it became before. The first rule that holds is its class; where another one
-- holds later, what was opened is told (its action "resize", else "size").
local host = ...
local rules = host.lib "rules"
local fields = host.lib "fields"
local data = host.lib("catalog").data
local declared = {}

local function find(list, kind)
  for i = 1, #(list or {}) do
    if list[i].kind == kind then return list[i] end
  end
end

-- When the incident came to be of this class: as its duration did, if that was since it was asked about last, be it that nobody was there
-- to ask; else now.
local function fact_ms(v, r)
  for _, t in ipairs(r.tests) do
    local at = t.name == "lasts" and t.is_limit and v.facts.hit.began + t.limit
    if at and at > (v.facts.hit.before or 0) then return math.min(at, v.now) end
  end
  return v.now
end

local function opened(v, r, figures)
  local t = v.facts.ticket
  return { kind = r.out.open, link = "raised", title = t.title, text = t.text or t.title, city = v.city, category = v.category,
    occurred = fact_ms(v, r), fields = { incident = t.id, users = figures.users, minutes = figures.minutes } }
end

function declared.point(facts)
  local v = fields.view(facts)
  local out, r = rules.ask("declare", v)
  local d, t = { set = {} }, facts.ticket
  if out and out.open and (t.fields or {}).class ~= r.name then
    local figures = { users = facts.hit.affected, minutes = (v.now - facts.hit.began + 59999) // 60000 } -- begun ones: over an hour is 61
    local one, kind = find(facts.raised, out.open), data.kinds[out.open]
    local size = kind.actions.resize and "resize" or "size"
    if not one then
      d.open = { opened(v, r, figures) }
    elseif one.is_open and kind.actions[size] then
      d.acts = { { id = one.id, action = size, data = figures } }
    end
    if d.open or d.acts then d.set.fields = { class = r.name } end
  end
  d.because, d.failed = host.noted(v.h), v.failed or nil
  return d
end

return declared
