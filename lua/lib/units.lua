-- Durations, money, times of day, dates, and where a pack's data files are.
local host = ...
local units = {}
local ms_of = { s = 1000, m = 60000, h = 3600000, d = 86400000 }

-- "30m" → 1800000; "1h30m" too; anything else → nil.
function units.duration(text)
  if type(text) ~= "string" then return nil end
  local total, rest = 0, text
  while rest ~= "" do
    local n, unit, tail = rest:match("^(%d+)([smhd])(.*)$")
    if not n or #n > 9 then return nil end
    total, rest = total + math.tointeger(n) * ms_of[unit], tail
  end
  return text ~= "" and total or nil
end

-- What somebody wrote where something short was asked for.
local function written(x) return tostring(x):sub(1, 40) end

-- What was probably meant by something that is no duration: "3 days", "3天" → "3d"; nil where nothing is likely.
local said_units = { s = "s", sec = "s", second = "s", seconds = "s", ["秒"] = "s", ["秒钟"] = "s", m = "m", min = "m", mins = "m", minute = "m",
  minutes = "m", ["分"] = "m", ["分钟"] = "m", h = "h", hr = "h", hrs = "h", hour = "h", hours = "h", ["时"] = "h", ["小时"] = "h", ["个小时"] = "h",
  d = "d", day = "d", days = "d", ["天"] = "d", ["日"] = "d" }
local weeks = { w = true, week = true, weeks = true, ["周"] = true, ["星期"] = true }
function units.meant_duration(text)
  text = written(text)
  local n, unit = text:match("^%s*(%d+)%s*(.-)%s*$")
  if not n or #n > 4 then return nil end
  if weeks[unit] then return math.tointeger(n) * 7 .. "d" end
  local meant = said_units[unit] and n .. said_units[unit]
  return meant ~= text and meant or nil
end

-- "8:30", "08：30", "8点30" → "08:30"
function units.meant_time(text)
  text = written(text)
  local h, m = text:gsub("：", ":"):gsub("点", ":"):match("^%s*(%d%d?)[:.](%d%d)%s*$")
  local meant = h and string.format("%02d:%s", math.tointeger(h), m)
  return units.minute_of_day(meant) and meant or nil
end

-- 2026/2/3, "2026年2月3日", 20260203 → "2026-02-03"
function units.meant_date(text)
  text = written(text)
  local y, m, d = text:match("^%s*(%d%d%d%d)%D+(%d%d?)%D+(%d%d?)%D*$")
  if not y then y, m, d = text:match("^(%d%d%d%d)(%d%d)(%d%d)$") end
  local meant = y and string.format("%s-%02d-%02d", y, math.tointeger(m), math.tointeger(d))
  return meant and units.is_date(meant) and meant or nil
end

-- "¥1,234.5" → "1234.50"
function units.meant_fen(text)
  text = written(text)
  local whole, cents = text:gsub(",", ""):gsub("元", ""):gsub("￥", ""):gsub("¥", ""):match("^%s*(%d+)%.?(%d?%d?)%s*$")
  return whole and string.format("%s.%s", whole, (cents .. "00"):sub(1, 2)) or nil
end

-- "50.00" → 5000
function units.fen(text)
  local whole, cents = tostring(text):match("^(%d+)%.(%d%d)$")
  if not whole then whole, cents = tostring(text):match("^(%d+)$"), "0" end
  return whole and math.tointeger(whole) * 100 + math.tointeger(cents) or nil
end

-- "08:30" → 510; "24:00" → 1440
function units.minute_of_day(text)
  local h, m = tostring(text):match("^(%d%d):(%d%d)$")
  h, m = math.tointeger(h), math.tointeger(m)
  if not h or m > 59 or h * 60 + m > 1440 then return nil end
  return h * 60 + m
end

function units.is_date(text)
  local y, m, d = tostring(text):match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  y, m, d = math.tointeger(y), math.tointeger(m), math.tointeger(d)
  if not y or m < 1 or m > 12 or d < 1 then return false end
  local last = ({ 31, (y % 4 == 0 and y % 100 ~= 0 or y % 400 == 0) and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 })[m]
  return d <= last
end

-- Days since 1970-01-01 of a civil date (Howard Hinnant's days_from_civil).
function units.day_number(year, month, day)
  local y = month <= 2 and year - 1 or year
  local era = y // 400
  local yoe = y - era * 400
  local doy = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  local doe = yoe * 365 + yoe // 4 - yoe // 100 + doy
  return era * 146097 + doe - 719468
end

-- "2026-09-22T10:00" in UTC+8 → ms; specs need no other zone; anything else → nil.
function units.instant(text)
  local y, m, d, h, minute = tostring(text):match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d)$")
  local i = math.tointeger
  if not y or not units.is_date(text:sub(1, 10)) or i(h) > 23 or i(minute) > 59 then return nil end
  return ((units.day_number(i(y), i(m), i(d)) * 24 + i(h) - 8) * 60 + i(minute)) * 60000
end

-- "2026-09-30" → "2026-10-01"
function units.day_after(date)
  local y, m, d = math.tointeger(date:sub(1, 4)), math.tointeger(date:sub(6, 7)), math.tointeger(date:sub(9, 10)) + 1
  local next_date = string.format("%04d-%02d-%02d", y, m, d)
  if units.is_date(next_date) then return next_date end
  if m == 12 then return string.format("%04d-01-01", y + 1) end
  return string.format("%04d-%02d-01", y, m + 1)
end

-- The pack's own file of that name, else its base's; nil if there is none.
function units.file_of(name, folder, ending)
  local plain = folder .. name .. ending
  local base
  for _, file in ipairs(host.files) do
    if file == plain then return file end
    if file:sub(-#plain - 1) == "/" .. plain and not file:sub(1, -#plain - 2):find("/", 1, true) then base = file end
  end
  return base
end

-- { "a", "b" } → { a = true, b = true }
function units.set_of(list)
  local out = {}
  for _, x in ipairs(list) do out[x] = true end
  return out
end

-- Of a list of {name = …}: the entry of that name and its place, or nil; and all names in their order.
function units.find(list, name)
  for i, entry in ipairs(list) do
    if entry.name == name then return entry, i end
  end
end
function units.names(list)
  local out = {}
  for i, entry in ipairs(list) do out[i] = entry.name end
  return out
end

local function trim(text) return text and tostring(text):match("^%s*(.-)%s*$") or "" end

-- "a| b" → {"a", "b"}; "" → nil; a table stays.
function units.parts(text)
  if text == nil or type(text) == "table" then return text end
  local out = {}
  for part in (text .. "|"):gmatch("(.-)|") do
    if trim(part) ~= "" then out[#out + 1] = trim(part) end
  end
  return #out > 0 and out or nil
end

-- Whether a list, which may be absent, has it.
function units.has(list, x)
  for i = 1, #(list or {}) do
    if list[i] == x then return true end
  end
  return false
end

-- Cells behind the last column are said by nobody: a comma too many moves all that follow.
function units.check_width(row, width, where)
  local errors = host.lib "errors"
  for k = #row, width + 1, -1 do
    if trim(row[k]) ~= "" then
      errors.add(where, 'the row has %d cells, the head %d: "%s" is in no column', "这一行有 %d 个单元格，表头有 %d 个：“%s”不属于任何一列",
        { k, width, trim(row[k]) }, trim(row[k]), { en = "put a text that holds a comma in quotation marks, or take the comma away",
          zh = "含逗号的文字请加引号，或删去多余的逗号" })
      return
    end
  end
end

-- The rows of a table of the pack under its head, as each({column = text}, where): empty cells are absent, lines that begin with #
-- are left out. columns: what the head may hold; the first column must be filled.
function units.each_row(name, columns, where, each)
  local errors = host.lib "errors"
  local file = units.file_of(tostring(name):gsub("%.csv$", ""), "", ".csv")
  if not file then
    errors.add(where, 'there is no table "%s" in the pack', "规则包里没有表“%s”", { tostring(name) }, name, host.files)
    return
  end
  local rows, known = host.csv(file), {}
  local head = rows[1] or {}
  for _, column in ipairs(columns) do known[column] = true end
  for i, column in ipairs(head) do
    head[i] = trim(column)
    if head[i] ~= "" and not known[head[i]] then
      errors.add(file .. ":1", '"%s" is not a column of this table', "这张表里没有“%s”这一列", { head[i] }, head[i], columns)
    end
  end
  for i = 2, #rows do
    local cells = {}
    for k, column in ipairs(head) do
      local text = trim(rows[i][k])
      if text ~= "" then cells[column] = text end
    end
    local first = cells[columns[1]]
    if first and first:sub(1, 1) ~= "#" then
      each(cells, file .. ":" .. i)
    elseif not first and next(cells) then
      errors.add(file .. ":" .. i, "the row has no %s", "这一行没有 %s", { columns[1] })
    end
    if not (first and first:sub(1, 1) == "#") then units.check_width(rows[i], #head, file .. ":" .. i) end
  end
end

function units.lists()
  local out = {}
  for _, file in ipairs(host.files) do
    out[#out + 1] = file:match("words/([%w_%-]+)%.csv$")
  end
  return out
end

return units
