-- duty.now: who is on duty, how that came about, who is next, and how to reach them.
local host = ...
local org = host.lib "org"
local alarms = host.lib "alarms"
local units = host.lib "units"
local data = host.lib("catalog").data
local duty = {}
local days_ahead = 14

local function person(name)
  local p = name and data.persons[name]
  if not p then return nil end
  return { name = name, label = p.label, post = p.post, department = p.department, reach = p.reach }
end

-- The first instants of the coming days at which another shift may begin, in order.
local function changes(d)
  local seen, out = { [0] = true }, { 0 }
  for _, s in ipairs(d.roster) do
    for _, minute in ipairs { s.from, s.to % 1440 } do
      if not seen[minute] then
        seen[minute] = true
        out[#out + 1] = minute
      end
    end
  end
  table.sort(out)
  return out
end

-- Who comes next and when: the first later instant at which somebody else is on duty.
local function next_of(name, at, city, now_ms, who)
  local minutes, day = changes(data.departments[name]), at
  local begin_ms = now_ms // 60000 * 60000 - at.minute_of_day * 60000
  for ahead = 0, days_ahead do
    for i = 1, #minutes do
      if ahead > 0 or minutes[i] > at.minute_of_day then
        local then_at = { date = day.date, year = day.year, month = day.month, day = day.day, weekday = day.weekday, minute_of_day = minutes[i] }
        local other = org.on_duty(name, then_at, city)
        if other ~= who then return other, begin_ms + (ahead * 1440 + minutes[i]) * 60000 end
      end
    end
    local date = units.day_after(day.date)
    day = { date = date, year = math.tointeger(date:sub(1, 4)), month = math.tointeger(date:sub(6, 7)), day = math.tointeger(date:sub(9, 10)),
      weekday = day.weekday % 7 + 1 }
  end
end

local function one(name, facts)
  local d, at = data.departments[name], facts["local"]
  local who, how, of = org.on_duty(name, at, facts.city)
  local following, from_ms = next_of(name, at, facts.city, facts.now, who)
  local row = { department = name, label = d.label, on_duty = person(who), by = how, of = of ~= name and of or nil, head = person(d.head),
    reach = d.reach }
  if following then
    row.next = person(following)
    row.next.from = from_ms
  end
  return row
end

-- facts: {now, local, city?, department?} → {duty = [{department, label, on_duty, by, next?, head?, reach?}]}; with rungs of an alarm's
-- call tree → {people = [{person, rung, department, label, reach?}]}, whom they mean now.
function duty.now(facts)
  if facts.rungs then return { people = host.list(alarms.people(facts.rungs, facts, facts.city)) } end
  local rows = {}
  for name in host.sorted_pairs(data.departments) do
    if facts.department == nil or facts.department == name then rows[#rows + 1] = one(name, facts) end
  end
  return { duty = host.list(rows) }
end

return duty
