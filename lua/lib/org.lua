-- Departments, persons and duty: who is in charge now. It always resolves: shift, deputy, head, the department above, the duty desk.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local calendar = host.lib "calendar"
local org = { env = {} }
local data = catalog.data
local place = {}

local person_keys = catalog.set_of("roles", "department", "deputy", "away", "reach")
-- person "li.ming" { zh=…, en=…, roles = {"agent"}, department = "…", deputy = "…", away = { { from = …, to = … } }, reach = "…" }
function org.env.person(name)
  local where = host.where(2)
  return function(row)
    local what = "person " .. tostring(name)
    catalog.reject_unknown(row, person_keys, where, what)
    local roles = {}
    for _, role in ipairs(row.roles or {}) do roles[role] = true end
    catalog.declare("persons", name, where, { label = catalog.label(row, where, what), roles = roles, department = row.department,
      deputy = row.deputy, away = row.away, reach = row.reach })
  end
end

local shift_keys = { from = true, to = true, on = true, persons = true, where = true, is_shift = true }
-- shift { from = "08:00", to = "20:00", on = "workday"|"restday"|"every", persons = { "a", "b" } }: they take turns day by day
function org.env.shift(row)
  local where = host.where(2)
  catalog.reject_unknown(row, shift_keys, where, "shift")
  local from, to = units.minute_of_day(row.from or "00:00"), units.minute_of_day(row.to or "24:00")
  if not from or not to then
    errors.add(where, 'shift: from and to are times of day such as "08:30"', 'shift：from 和 to 应是 "08:30" 这样的时刻')
  end
  if row.on and row.on ~= "workday" and row.on ~= "restday" and row.on ~= "every" then
    errors.add(where, 'shift: on = "%s" is none of workday, restday, every', "shift：on = “%s”不是 workday、restday、every 之一",
      { tostring(row.on) })
  end
  return { is_shift = true, where = where, from = from or 0, to = to or 1440, on = row.on or "every", persons = row.persons or {} }
end

local department_keys = catalog.set_of("head", "team_head", "above", "roster", "queues")
function org.env.department(name)
  local where = host.where(2)
  return function(row)
    local what = "department " .. tostring(name)
    catalog.reject_unknown(row, department_keys, where, what)
    place[name] = where
    catalog.declare("departments", name, where, { label = catalog.label(row, where, what), head = row.head, team_head = row.team_head,
      above = row.above, roster = row.roster or {} })
  end
end

local function check_person(name, where, what)
  if name and not data.persons[name] then
    errors.add(where, '%s: "%s" is not a declared person', "%s：“%s”不是已声明的人员", { what, tostring(name) }, name, data.persons)
  end
end

local function check_roster(name, d, where)
  local what = "department " .. name
  if #d.roster == 0 then
    errors.add(where, "%s: the roster is empty; nobody would be on duty", "%s：值班表是空的，将无人值班", { what })
    return
  end
  for _, on in ipairs { "workday", "restday" } do
    local covered = {}
    for _, s in ipairs(d.roster) do
      if s.on == on or s.on == "every" then
        local last = s.to > s.from and s.to or s.to + 1440
        for m = s.from, last - 1 do covered[m % 1440 // 30] = true end
      end
    end
    for slot = 0, 47 do
      if not covered[slot] and not d.head then
        errors.add(where, "%s: nobody is on duty at %02d:%02d on some days (%s), and there is no head to fall to",
          "%s：%02d:%02d 有的日子（%s）无人值班，也没有部门负责人兜底", { what, slot // 2, slot % 2 * 30, on })
        break
      end
    end
  end
  for _, s in ipairs(d.roster) do
    if #s.persons == 0 then errors.add(s.where, "%s: a shift has no persons", "%s：有班次没有人员", { what }) end
    for _, p in ipairs(s.persons) do check_person(p, s.where, what) end
  end
end

function org.check()
  for name, p in host.sorted_pairs(data.persons) do
    local where = catalog.where("persons", name)
    check_person(p.deputy, where, "person " .. name)
    for role in host.sorted_pairs(p.roles) do
      if not data.roles[role] then
        errors.add(where, 'person %s: "%s" is not a role', "人员 %s：“%s”不是角色", { name, role }, role, data.roles)
      end
    end
    if p.department and not data.departments[p.department] then
      errors.add(where, 'person %s: "%s" is not a declared department', "人员 %s：“%s”不是已声明的部门", { name, p.department },
        p.department, data.departments)
    end
  end
  for name, d in host.sorted_pairs(data.departments) do
    local where = place[name]
    check_roster(name, d, where)
    check_person(d.head, where, "department " .. name)
    check_person(d.team_head, where, "department " .. name)
    if d.above and not data.departments[d.above] then
      errors.add(where, 'department %s: above = "%s" is not a declared department', "部门 %s：above = “%s”不是已声明的部门",
        { name, d.above }, d.above, data.departments)
    end
  end
end

local function is_away(p, date)
  local away = p.away
  if not away then return false end
  for i = 1, #away do
    if date >= away[i].from and date <= away[i].to then return true end
  end
  return false
end

-- The person, or along the deputies whoever is there; nil when all are away.
local function present(name, date)
  for _ = 1, 8 do
    local p = data.persons[name]
    if not p then return nil end
    if not is_away(p, date) then return name end
    name = p.deputy
  end
end

local function in_shift(s, minute, workday)
  if s.on == "workday" and not workday or s.on == "restday" and workday then return false end
  if s.from < s.to then return minute >= s.from and minute < s.to end
  return minute >= s.from or minute < s.to
end

-- Who of a department is on duty at facts.local; falls to its head, then to the department above.
function org.on_duty(name, at)
  local date = at.date
  local cal = data.calendars.office or data.calendars.china
  local workday = at.weekday <= 5
  if cal then workday = calendar.is_workday(cal, date, at.weekday) end
  local day = units.day_number(at.year, at.month, at.day)
  for _ = 1, 5 do
    local d = data.departments[name]
    if not d then return nil end
    for i = 1, #d.roster do
      local s = d.roster[i]
      local n = #s.persons
      if n > 0 and in_shift(s, at.minute_of_day, workday) then
        for k = 0, n - 1 do
          local who = present(s.persons[(day + k) % n + 1], date)
          if who then return who end
        end
      end
    end
    local head = d.head and present(d.head, date)
    if head then return head end
    name = d.above
  end
end

-- The person of a rung for a ticket of this department and owner.
function org.rung(rung, department, owner, at)
  if rung == "owner" and owner then return present(owner, at.date) or org.on_duty(department, at) end
  local d = data.departments[department]
  if rung == "team_head" and d then return present(d.team_head or d.head, at.date) or org.on_duty(department, at) end
  if rung == "department_head" and d then return present(d.head, at.date) or org.on_duty(d.above or department, at) end
  if rung == "leader" and d then
    local above = data.departments[d.above or ""]
    return above and present(above.head, at.date) or org.on_duty(department, at)
  end
  return org.on_duty(department, at)
end

return org
