-- Duty rosters: shifts by time of day, weekday, working day or date, for all cities or some; who stands in one now, and its holes.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local roster = {}
local data = catalog.data
local weekdays = { { "Mondays", "周一" }, { "Tuesdays", "周二" }, { "Wednesdays", "周三" }, { "Thursdays", "周四" }, { "Fridays", "周五" },
  { "Saturdays", "周六" }, { "Sundays", "周日" } }
local shift_keys = { from = true, to = true, on = true, days = true, dates = true, cities = true, persons = true, turn = true }

local function check_choice(where, key, x, a, b, c)
  if x and x ~= a and x ~= b and x ~= c then
    errors.add(where, 'shift: %s = "%s" is none of %s, %s, %s', "shift：%s = “%s”不是 %s、%s、%s 之一", { key, tostring(x), a, b, c },
      tostring(x), { a, b, c })
  end
end

-- shift { from = "08:00", to = "20:00", on = "workday"|"restday"|"every", days = { 1, 2 }, dates = "2026-10-01..2026-10-07",
--   cities = { "foshan" }, persons = { "a", "b" }, turn = "day"|"week"|"none" }
-- Persons take turns day by day (or week by week; "none": the first who is there). A shift with dates comes before all without.
function roster.shift(row)
  local where = host.where(2)
  catalog.reject_unknown(row, shift_keys, where, "shift")
  local from, to = units.minute_of_day(row.from or "00:00"), units.minute_of_day(row.to or "24:00")
  if not from or not to or from == to then
    errors.add(where, 'shift: from and to are times of day such as "08:30", and not the same', 'shift：from 和 to 应是不同的时刻，例如 "08:30"')
  end
  check_choice(where, "on", row.on, "workday", "restday", "every")
  check_choice(where, "turn", row.turn, "day", "week", "none")
  for _, day in ipairs(row.days or {}) do
    if math.type(day) ~= "integer" or day < 1 or day > 7 then
      errors.add(where, "shift: days are 1 (Monday) to 7, not %s", "shift：days 是 1（周一）到 7，而不是 %s", { tostring(day) })
    end
  end
  return { from = from or 0, to = to or 1440, on = row.on or "every", days = row.days and units.set_of(row.days),
    dates = row.dates and units.set_of(host.lib("calendar").dates(row.dates, where, "shift")), cities = row.cities and units.set_of(row.cities),
    persons = row.persons or {}, turn = row.turn or "day", where = where }
end

local function is_of_day(s, date, weekday, workday)
  if s.dates then return s.dates[date] == true end
  if s.days and not s.days[weekday] then return false end
  return s.on == "every" or (s.on == "workday") == workday
end

local function is_at(s, minute)
  if s.from < s.to then return minute >= s.from and minute < s.to end
  return minute >= s.from or minute < s.to
end

local function person_of(s, at, day, present)
  local n = #s.persons
  local first = s.turn == "day" and day or s.turn == "week" and (day + 3) // 7 or 0 -- 1970-01-01 was a Thursday
  for k = 0, n - 1 do
    local name = s.persons[(first + k) % n + 1]
    local who = present(name, at.date)
    if who then return who, who ~= name end
  end
end

-- Who stands there for a city; a shift for the date or the city comes before one for all. Second result: it is a deputy.
function roster.find(list, at, workday, day, city, present)
  local best, rank = nil, 0
  for i = 1, #list do
    local s = list[i]
    if (not s.cities or s.cities[city]) and is_at(s, at.minute_of_day) and is_of_day(s, at.date, at.weekday, workday) then
      local r = 1 + (s.dates and 2 or 0) + (s.cities and 1 or 0)
      if r > rank then
        local who, is_deputy = person_of(s, at, day, present)
        if who then best, rank = { who, is_deputy }, r end
      end
    end
  end
  if best then return best[1], best[2] end
end

-- The first stretch of a day nobody stands in: from, to in minutes; nil when there is none.
local function hole(list, weekday, workday, city)
  local at, moved = 0, true
  while moved do
    moved = false
    for i = 1, #list do
      local s = list[i]
      if not s.dates and (not s.cities or s.cities[city]) and is_of_day(s, "", weekday, workday) and at < 1440 and is_at(s, at) then
        at, moved = s.from < s.to and s.to or at >= s.from and 1440 or s.to, true
      end
    end
  end
  if at >= 1440 then return nil end
  local to = 1440
  for i = 1, #list do
    local s = list[i]
    if not s.dates and (not s.cities or s.cities[city]) and is_of_day(s, "", weekday, workday) and s.from > at and s.from < to then to = s.from end
  end
  return at, to
end

local function clock(minute) return string.format("%02d:%02d", minute // 60, minute % 60) end

local function say_hole(name, where, days, from, to, city)
  errors.add(where, 'department %s: nobody is on duty%s on %s from %s to %s; add a shift, or say outside = "head" or outside = "above"',
    '部门 %s：%s%s %s 至 %s 无人值班；请加班次，或写 outside = "head" 或 outside = "above"',
    { name, city and " for " .. city or "", days[1], clock(from), clock(to) }, nil, nil,
    { name, city and city .. " " or "", days[2], clock(from), clock(to) })
end

-- Working days (also those made up on weekends) and days off (also holidays in the week), each as a whole where all weekdays agree.
local function check_holes(name, list, where, city)
  for _, workday in ipairs { true, false } do
    local found, is_same = {}, true
    for weekday = 1, 7 do
      local from, to = hole(list, weekday, workday, city)
      found[weekday] = { from, to }
      is_same = is_same and found[1][1] == from and found[1][2] == to
    end
    local all = workday and { "working days", "工作日" } or { "days off", "休息日" }
    for weekday = 1, is_same and 1 or 7 do
      local h = found[weekday]
      if h[1] then say_hole(name, where, is_same and all or { weekdays[weekday][1] .. " that are " .. all[1],
        weekdays[weekday][2] .. "（" .. all[2] .. "）" }, h[1], h[2], city) break end
    end
  end
end

function roster.check(name, d, where, check_person)
  local what = "department " .. name
  local cities
  if #d.roster == 0 and d.outside then return end
  if #d.roster == 0 then
    errors.add(where, "%s: the roster is empty; nobody would be on duty", "%s：值班表是空的，将无人值班", { what })
    return
  end
  for _, s in ipairs(d.roster) do
    if #s.persons == 0 then errors.add(s.where, "%s: a shift has no persons", "%s：有班次没有人员", { what }) end
    for _, p in ipairs(s.persons) do check_person(p, s.where, what) end
    for city in host.sorted_pairs(s.cities or {}) do
      cities = true
      if not data.cities[city] then
        errors.add(s.where, '%s: "%s" is not a declared city', "%s：“%s”不是已声明的地市", { what, tostring(city) }, city, data.cities)
      end
    end
  end
  if d.outside then return end
  if not cities then return check_holes(name, d.roster, where) end
  for city in host.sorted_pairs(data.cities) do check_holes(name, d.roster, where, city) end
end

return roster
