-- calendar "office" { hours = { "08:30-12:00" }, days = { 1, 2, 3, 4, 5 }, off = {…}, work = {…}, years = {…}, source = "…" }
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local calendar = { env = {} }
local keys = catalog.labelled { "hours", "days", "off", "work", "years", "source", "like" }
local sources = {} -- name → {off, work, years, source}, for `like`

local function segments(list, where, what)
  local out, last = {}, -1
  for i, text in ipairs(list or {}) do
    local from, to = tostring(text):match("^(%d%d:%d%d)%-(%d%d:%d%d)$")
    from, to = units.minute_of_day(from), units.minute_of_day(to)
    if not from or not to or from >= to or from < last then
      errors.add(where, '%s: "%s" is not a segment such as "08:30-12:00" after the one before', '%s：“%s”不是按先后的时段，应写成 "08:30-12:00"',
        { what, tostring(text) })
      return {}
    end
    out[i], last = { from, to }, to
  end
  if #out == 0 then errors.add(where, '%s needs hours = { "08:30-12:00", … }', '%s 需要 hours = { "08:30-12:00", … }', { what }) end
  return out
end

-- "2026-10-01" or "2026-10-01..2026-10-07", one a line or several with spaces, as text: → array of dates
local function dates(text, where, what)
  local out = {}
  for part in tostring(text or ""):gmatch("%S+") do
    local from, to = part:match("^([%d%-]+)%.%.([%d%-]+)$")
    from = from or part
    to = to or part
    if not units.is_date(from) or not units.is_date(to) or from > to then
      errors.add(where, '%s: "%s" is not a date such as 2026-10-01 or 2026-10-01..2026-10-07',
        "%s：“%s”不是日期，应写成 2026-10-01 或 2026-10-01..2026-10-07", { what, part })
    else
      local y, m, d = from:match("(%d+)-(%d+)-(%d+)")
      y, m, d = math.tointeger(y), math.tointeger(m), math.tointeger(d)
      local at = from
      while at <= to do
        if units.is_date(at) then out[#out + 1] = at end
        d = d + 1
        if d > 31 then m, d = m + 1, 1 end
        if m > 12 then y, m = y + 1, 1 end
        at = string.format("%04d-%02d-%02d", y, m, d)
      end
    end
  end
  return out
end

function calendar.env.calendar(name)
  local where = host.where(2)
  return function(row)
    local what = "calendar " .. tostring(name)
    catalog.reject_unknown(row, keys, where, what)
    local from = row
    if row.like then
      from = sources[row.like]
      if not from then
        errors.add(where, '%s: like "%s" is not a calendar declared before it', "%s：like “%s”不是前面已声明的日历",
          { what, tostring(row.like) }, row.like, sources)
        return
      end
    end
    sources[name] = from
    local hours, week, days = segments(row.hours, where, what), {}, {}
    for i = 1, 7 do week[i] = {} end
    for _, i in ipairs(row.days or { 1, 2, 3, 4, 5 }) do week[i] = hours end
    for _, date in ipairs(dates(from.off, where, what)) do days[date] = false end
    for _, date in ipairs(dates(from.work, where, what)) do
      if days[date] == false then
        errors.add(where, "%s: %s is both off and work", "%s：%s 既是休息日又是上班日", { what, date })
      end
      days[date] = hours
    end
    catalog.declare("calendars", name, where, { week = week, days = days, years = from.years or {}, source = from.source,
      label = catalog.label(row, where, what) })
  end
end

-- Is this date worked? By the override of the date, else by the weekday (1 = Monday).
function calendar.is_workday(cal, date, weekday)
  local day = cal.days[date]
  if day == nil then return #cal.week[weekday] > 0 end
  return day ~= false
end

calendar.dates = dates
return calendar
