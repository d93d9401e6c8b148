-- Time limits of a ticket that is there: which begin, which end, and which follow the facts.
local host = ...
local rules = host.lib "rules"
local catalog = host.lib "catalog"
local moving = catalog.moving
local clocks = {}
local begun = {} -- filled anew for every question

local function put(d, op)
  d.clocks = d.clocks or {}
  d.clocks[#d.clocks + 1] = op
end

local fact = host.at

-- "running", "paused", "stopped", or nil: the ticket has no such clock.
local function state_of(v, name) return fact(v.h, "clocks", name, "state") end

local function is_running(v, name)
  local state = state_of(v, name)
  return state ~= nil and state ~= "stopped"
end

-- Clocks that begin now: the first rule of each clock that has not begun yet. A stopped clock begins again only by a rule that
-- asks for the action at hand (such as reopen), or when the action takes back what stopped it (such as unmerge: is_again).
function clocks.start(v, d, is_again)
  local found, n = rules.ask_all("clocks", v, begun, true)
  local seen = {}
  for i = 1, n do
    local r = found[i]
    local name = r.out.clock
    local state = not seen[name] and state_of(v, name)
    if not seen[name] and (not state or state == "stopped" and (is_again or r.asks_action)) then
      seen[name] = true
      host.note(v.h, r.number)
      put(d, r.start)
    end
  end
end

-- Those that the stage ends.
function clocks.stop_at(v, stage, d)
  local names = catalog.stopped_at(stage)
  for i = 1, #names do
    local name = names[i]
    if is_running(v, name) and not (name == "completion" and v.complete) then put(d, catalog.stop_op(name)) end
  end
end

-- Those that an action ends, as a report does that was made.
function clocks.stop(v, names, d)
  for i = 1, #names do
    if is_running(v, names[i]) then put(d, catalog.stop_op(names[i])) end
  end
end

local function is_named(list, name)
  for i = 1, #(list or {}) do
    if list[i].name == name then return true end
  end
end

-- What begins because a fact has changed begins with that, not with what came in.
local function from_now(start)
  if not start.from then return start end
  local out = {}
  for key, x in host.sorted_pairs(start) do out[key] = x end
  out.from = nil
  return out
end

local function ms_of(start) return start.unit == "hours" and start.goal * 3600000 or start.goal end

-- Clocks with moves = true follow the facts (how many are hit, the grade): one that no rule gave before begins, and a running one gets
-- the limit that its rule says now, over the same time that has passed. What no rule asks for any more goes on: what was once due by
-- law is not dropped because a figure was corrected.
function clocks.move(v, d)
  if not next(d.set) or not next(moving) then return end
  local found, n = rules.ask_all("clocks", v, begun, true)
  local seen = {}
  for i = 1, n do
    local r = found[i]
    local name = r.out.clock
    local old = (v.facts.clocks or {})[name]
    if moving[name] and not seen[name] and not is_named(d.clocks, name) then
      seen[name] = true
      if not old then
        host.note(v.h, r.number)
        put(d, from_now(r.start))
      elseif old.state ~= "stopped" and (old.goal ~= ms_of(r.start) or old.unit ~= r.start.unit) then
        host.note(v.h, r.number)
        put(d, { op = "regoal", name = name, goal = r.start.goal, unit = r.start.unit, calendar = r.start.calendar,
          percents = r.start.percents, rule = r.full })
      end
    end
  end
end

return clocks
