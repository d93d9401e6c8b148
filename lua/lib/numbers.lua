-- Numbers: which texts are one, the city they were issued in (segments.csv), and what CRM knows of them. The core has written
-- them plainly before the rules are asked (desk/numbers.c): digits only, no country code, fixed lines with their area code.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local data = host.lib("catalog").data
local numbers = { env = {} }

-- numbers { country = "86" }: the country code that is left out of numbers of this country.
function numbers.env.numbers(row)
  local where = host.where(2)
  host.lib("catalog").reject_unknown(row, { country = true }, where, "numbers")
  if type(row.country) ~= "string" or not row.country:match("^%d%d?%d?$") then
    errors.add(where, 'numbers.country: "%s" is not a country code such as "86"', 'numbers.country：“%s”不是国家码，应写成 "86"',
      { tostring(row.country) })
    return
  end
  data.numbers = { country = row.country }
end

-- A mobile number of mainland China, an IoT number, a fixed line with its area code, or a 400 number.
local forms = { "^1[3-9]%d%d%d%d%d%d%d%d%d$", "^1[04]%d%d%d%d%d%d%d%d%d%d%d$", "^0%d%d%d?%d%d%d%d%d%d%d%d?$", "^400%d%d%d%d%d%d%d$" }
function numbers.is_number(text)
  if type(text) ~= "string" then return false end
  for i = 1, #forms do
    if text:find(forms[i]) then return true end
  end
  return false
end

local segments, lengths

local function add_prefix(prefix, city)
  segments[prefix] = city
  for i = 1, #lengths do if lengths[i] == #prefix then return end end
  lengths[#lengths + 1] = #prefix
end

local function bad(file, line, text)
  errors.add(file .. ":" .. line, '"%s" is not a prefix such as 020 or a range such as 1341370-1341379',
    "“%s”不是号段，应写成 020 或 1341370-1341379", { tostring(text) })
end

-- One row: a prefix, or from-to of the same length, several with blanks between them; then the city.
local function add_row(file, line, ranges, city)
  if not data.cities[city] then
    errors.add(file .. ":" .. line, '"%s" is not a declared city', "“%s”不是已声明的地市", { tostring(city) }, city, data.cities)
    return
  end
  for text in ranges:gmatch("%S+") do
    local from, to = text:match("^(%d+)%-(%d+)$")
    from, to = from or text:match("^%d+$"), to or text:match("^%d+$")
    local first, last = math.tointeger(tonumber(from)), math.tointeger(tonumber(to))
    if not first or not last or #from ~= #to or last < first or last - first > 9999 then
      bad(file, line, text)
    else
      for n = first, last do add_prefix(string.format("%0" .. #from .. "d", n), city) end
    end
  end
end

-- segments.csv: prefix, city. A pack without one knows no cities of numbers.
function numbers.load()
  local file = units.file_of("segments", "", ".csv")
  if not file then return end
  segments, lengths = {}, {}
  local rows, lines = host.csv(file)
  for i, row in ipairs(rows) do
    local ranges = row[1]
    if ranges and ranges ~= "" and ranges:sub(1, 1) ~= "#" and ranges ~= "prefix" then
      add_row(file, lines and lines[i] or i, ranges, row[2])
    end
  end
  table.sort(lengths, function(a, b) return a > b end)
end

-- The city a number was issued in, longest prefix first; nil when no segment has it.
function numbers.city_of(number)
  if not segments or type(number) ~= "string" then return nil end
  for i = 1, #lengths do
    local city = segments[number:sub(1, lengths[i])]
    if city then return city end
  end
end

local known = { "name", "brand", "star", "group", "vip", "age65" }
local field_of = { name = "customer" }

-- What CRM knows of the number stands in where the call said nothing: customer facts and the city it is used in now.
function numbers.fill(v, crm, set)
  local given = v.facts.ticket.customer
  local merged
  for i = 1, #known do
    local key = known[i]
    local field = field_of[key] or key
    if crm[key] ~= nil and v[field] == nil then
      if not merged then
        merged = {}
        for k, x in host.sorted_pairs(given or {}) do merged[k] = x end
      end
      merged[key] = crm[key]
      v[field] = crm[key]
    end
  end
  set.customer = merged
  if v.city == nil and data.cities[crm.city] then set.city, v.city = crm.city, crm.city end
end

return numbers
