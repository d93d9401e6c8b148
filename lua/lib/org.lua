-- Departments, persons and duty: who is in charge now. It always resolves: shift, deputy, head, the department above, the duty desk.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local calendar = host.lib "calendar"
local roster = host.lib "roster"
local org = { env = {} }
local data = catalog.data
local place, absences = {}, {}

-- {from, to, deputy?} of what was written; nil when it was reported.
local function absence(a, where, what)
  local from, to = a.from, a.to or a.from
  if units.is_date(from) and units.is_date(to) and from <= to then return { from = from, to = to, deputy = a.deputy, where = where } end
  errors.add(where, '%s: away needs dates such as { from = "2026-10-01", to = "2026-10-07" }',
    '%s：away 应写日期，例如 { from = "2026-10-01", to = "2026-10-07" }', { what })
end

-- 2, or "2" of a table's cell: how much a person may decide alone (grants).
local function authority_of(x, where, what)
  if x == nil or x == "" then return nil end
  local n = math.tointeger(tonumber(x))
  if n and n > 0 then return n end
  errors.add(where, '%s: authority must be a whole number such as 2, not %s', '%s：authority 应为整数，例如 2，而不是 %s', { what, tostring(x) })
end

-- The language in which a person is told what is refused; else as the session asks.
local function lang_of(x, where, what)
  if x == nil or x == "" then return nil end
  if x == "zh" or x == "en" then return x end
  errors.add(where, '%s: lang must be "zh" or "en", not %s', '%s：lang 应为 "zh" 或 "en"，而不是 %s', { what, tostring(x) })
end

local function declare_person(name, row, where)
  local what, has, away = "person " .. tostring(name), {}, {}
  for _, role in ipairs(units.parts(row.roles) or {}) do has[role] = true end
  for _, a in ipairs(row.away or {}) do away[#away + 1] = absence(a, where, what) end
  catalog.declare("persons", name, where, { label = catalog.label(row, where, what), roles = has, department = row.department,
    post = row.post, authority = authority_of(row.authority, where, what), deputy = row.deputy, reach = row.reach,
    calendar = row.calendar, lang = lang_of(row.lang, where, what), away = away })
end

local person_keys = catalog.labelled { "roles", "department", "post", "authority", "deputy", "away", "reach", "calendar", "lang" }
-- person "li.ming" { zh=…, en=…, roles = {"agent"}, department = "…", post = "…", deputy = "…",
--   away = { { from = "2026-10-01", to = "2026-10-07", deputy = "…" } }, reach = "…", calendar = "…", lang = "zh" }
-- calendar: whose hours notices wait for; else the department's, else "office".
function org.env.person(name)
  local where = host.where(2)
  return function(row)
    catalog.reject_unknown(row, person_keys, where, "person " .. tostring(name))
    declare_person(name, row, where)
  end
end

-- persons { csv = "persons.csv" }
local columns = { "name", "zh", "en", "roles", "department", "post", "authority", "deputy", "reach", "calendar", "lang" }
function org.env.persons(row)
  units.each_row(row.csv, columns, host.where(2), function(cells, at) declare_person(cells.name, cells, at) end)
end

-- away "li.ming" { from = "2026-10-01", to = "2026-10-07", deputy = "…" }: a hand-over, also in a file of its own.
function org.env.away(name)
  local where = host.where(2)
  return function(row) absences[#absences + 1] = { name = name, where = where, absence = absence(row, where, "person " .. tostring(name)) } end
end

org.env.shift = roster.shift

local department_keys = catalog.labelled { "head", "team_head", "above", "outside", "roster", "reach", "calendar" }
-- department "care" { zh=…, en=…, head = "…", team_head = "…", above = "…", outside = "head"|"above", reach = "…", calendar = "…",
--   roster = { shift {…}, … } }
-- outside: who is on duty when no shift is; without it the roster must have no hole.
function org.env.department(name)
  local where = host.where(2)
  return function(row)
    local what = "department " .. tostring(name)
    catalog.reject_unknown(row, department_keys, where, what)
    place[name] = where
    catalog.declare("departments", name, where, { label = catalog.label(row, where, what), head = row.head, team_head = row.team_head,
      above = row.above, outside = row.outside, reach = row.reach, calendar = row.calendar, roster = row.roster or {} })
  end
end

local function check_person_name(name, where, what)
  if name and not data.persons[name] then
    errors.add(where, '%s: "%s" is not a declared person', "%s：“%s”不是已声明的人员", { what, tostring(name) }, name, data.persons)
  end
end

local function check_calendar(name, where, what)
  if name ~= nil and not data.calendars[name] then
    errors.add(where, '%s: "%s" is not a declared calendar', "%s：“%s”不是已声明的日历", { what, tostring(name) }, name, data.calendars)
  end
end

-- Follow a chain; true when it comes back to where it began.
local function is_circle(of, name, key)
  local at = data[of][name][key]
  for _ = 1, 64 do
    if at == nil or not data[of][at] then return false end
    if at == name then return true end
    at = data[of][at][key]
  end
  return false
end

local function check_person(name, p)
  local where, what = catalog.where("persons", name), "person " .. name
  check_person_name(p.deputy, where, what)
  check_calendar(p.calendar, where, what)
  for _, a in ipairs(p.away) do
    check_person_name(a.deputy, a.where, what)
    if not (a.deputy or p.deputy) then
      errors.add(a.where, "%s: nobody takes over from %s to %s; say deputy", "%s：%s 至 %s 无人交接；请写 deputy", { what, a.from, a.to })
    end
  end
  for role in host.sorted_pairs(p.roles) do
    if not data.roles[role] then
      errors.add(where, 'person %s: "%s" is not a role', "人员 %s：“%s”不是角色", { name, role }, role, data.roles)
    end
  end
  if p.department and not data.departments[p.department] then
    errors.add(where, 'person %s: "%s" is not a declared department', "人员 %s：“%s”不是已声明的部门", { name, p.department },
      p.department, data.departments)
  end
  if p.post and not data.posts[p.post] then
    errors.add(where, 'person %s: "%s" is not a declared post', "人员 %s：“%s”不是已声明的岗位", { name, tostring(p.post) }, p.post, data.posts)
  end
  if is_circle("persons", name, "deputy") then
    errors.add(where, "person %s: the deputies go in a circle", "人员 %s：代理人绕成了一圈", { name })
  end
end

local function check_department(name, d)
  local where, what = place[name], "department " .. name
  check_person_name(d.head, where, what)
  check_person_name(d.team_head, where, what)
  check_calendar(d.calendar, where, what)
  if d.above and not data.departments[d.above] then
    errors.add(where, 'department %s: above = "%s" is not a declared department', "部门 %s：above = “%s”不是已声明的部门",
      { name, d.above }, d.above, data.departments)
  elseif is_circle("departments", name, "above") then
    errors.add(where, "department %s: the departments above go in a circle", "部门 %s：上级部门绕成了一圈", { name })
  end
  if d.outside ~= nil and d.outside ~= "head" and d.outside ~= "above" then
    errors.add(where, 'department %s: outside = "%s" is none of head, above', "部门 %s：outside = “%s”不是 head、above 之一",
      { name, tostring(d.outside) }, tostring(d.outside), { "head", "above" })
  elseif d.outside and not d[d.outside] then
    errors.add(where, 'department %s: outside = "%s", but it has no %s', "部门 %s：outside = “%s”，却没有写 %s", { name, d.outside, d.outside })
  end
  roster.check(name, d, where, check_person_name)
end

-- Where things stand in the files is for errors, not for the catalog.
local function forget_places()
  for _, p in pairs(data.persons) do
    for _, a in ipairs(p.away) do a.where = nil end
  end
  for _, d in pairs(data.departments) do
    for _, s in ipairs(d.roster) do s.where = nil end
  end
end

function org.check()
  for _, a in ipairs(absences) do
    local p = data.persons[a.name]
    check_person_name(a.name, a.where, "away")
    if p and a.absence then p.away[#p.away + 1] = a.absence end
  end
  for name, p in host.sorted_pairs(data.persons) do check_person(name, p) end
  for name, d in host.sorted_pairs(data.departments) do check_department(name, d) end
  local last = data.queues[data.otherwise.queue]
  org.last = last and last.department
  forget_places()
end

-- The person, or along the deputies whoever is there; nil when all are away.
local function present(name, date)
  for _ = 1, 8 do
    local p = data.persons[name]
    if not p then return nil end
    local away, gone = p.away, nil
    for i = 1, #away do
      if date >= away[i].from and date <= away[i].to then gone = away[i] break end
    end
    if not gone then return name end
    name = gone.deputy or p.deputy
  end
end
org.present = present

local function is_workday(at)
  local cal = data.calendars.office or data.calendars.china
  if cal then return calendar.is_workday(cal, at.date, at.weekday) end
  return at.weekday <= 5
end

-- Who of a department is on duty at facts.local for a city; falls to its head, then to the department above, at last to the duty desk.
-- Second result: "shift", "deputy", "head" or "above", how it came about. Third: the department.
function org.on_duty(name, at, city)
  local workday, day = is_workday(at), units.day_number(at.year, at.month, at.day)
  for step = 1, 8 do
    local d = data.departments[name]
    if not d then break end
    local who, is_deputy = roster.find(d.roster, at, workday, day, city, present)
    if who then return who, step > 1 and "above" or is_deputy and "deputy" or "shift", name end
    local head = d.outside ~= "above" and d.head and present(d.head, at.date)
    if head then return head, step > 1 and "above" or "head", name end
    name = d.above or name ~= org.last and org.last or nil
  end
end

-- The same person at facts.now; within one minute of the clock the answer stays. nil when the facts have no local time.
local seen, seen_minute = {}, nil
function org.on_duty_now(name, now, facts, city)
  local minute = now and now // 60000
  if minute ~= seen_minute then seen, seen_minute = {}, minute end
  local of_city = seen[name]
  if not of_city then
    of_city = {}
    seen[name] = of_city
  end
  local key = city or ""
  local who = of_city[key]
  if who ~= nil then return who or nil end
  local at = facts["local"]
  if not at then return nil end
  who = org.on_duty(name, at, city)
  of_city[key] = who or false
  return who
end

-- The person of a rung for a ticket of this department and owner.
function org.rung(rung, department, owner, at, first_owner)
  if rung == "first_owner" then owner = first_owner or owner end
  if (rung == "owner" or rung == "first_owner") and owner then return present(owner, at.date) or org.on_duty(department, at) end
  local d = data.departments[department]
  if rung == "team_head" and d then return present(d.team_head or d.head, at.date) or org.on_duty(department, at) end
  if rung == "department_head" and d then return present(d.head, at.date) or org.on_duty(d.above or department, at) end
  if rung == "leader" and d then
    local above = data.departments[d.above or ""]
    return above and present(above.head, at.date) or org.on_duty(department, at)
  end
  return org.on_duty(department, at)
end

-- ms until these hours begin, 0 while they last or when there is no such calendar; a calendar without hours in a month has none.
local function until_hours(cal, at)
  if not cal then return 0 end
  local minute, weekday = at.minute_of_day, at.weekday
  local date = at.date
  for day = 0, 30 do
    local hours = cal.days[date]
    if hours == nil then hours = cal.week[weekday] end
    for i = 1, #(hours or {}) do
      local s = hours[i]
      if day == 0 and minute >= s[1] and minute < s[2] then return 0 end
      if day > 0 or minute < s[1] then return (day * 1440 + s[1] - minute) * 60000 end
    end
    weekday = weekday % 7 + 1
    date = units.day_after(date)
  end
  return 0
end

-- ms until somebody of a department may be told: in the hours of the person's calendar, else the department's, else the office's.
-- who nil: the department as a whole.
function org.until_hours(who, department, at)
  local p = who and data.persons[who]
  local d = data.departments[p and p.department or department]
  return until_hours(data.calendars[p and p.calendar or d and d.calendar or "office"], at)
end

return org
