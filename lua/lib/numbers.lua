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

-- Plain prefixes by their text; ranges in buckets of a hundred, {from, to, city, from, to, city, …} rising, by their length in digits.
local prefixes, ranges, prefix_lengths, range_lengths
local bucket_size = 100

local function note_length(list, n)
  for i = 1, #list do if list[i] == n then return end end
  list[#list + 1] = n
  table.sort(list, function(x, y) return x > y end)
end

local function add_range(n, from, to, city)
  note_length(range_lengths, n)
  ranges[n] = ranges[n] or {}
  while from <= to do
    local at = from // bucket_size
    local last = math.min(to, at * bucket_size + bucket_size - 1)
    local bucket = ranges[n][at] or {}
    ranges[n][at] = bucket
    bucket[#bucket + 1] = { from, last, city }
    from = last + 1
  end
end

-- One cell: prefixes and ranges of equally many digits, with blanks between them.
local function add_row(file, line, text, city)
  if not data.cities[city] then
    errors.add(file .. ":" .. line, '"%s" is not a declared city', "“%s”不是已声明的地市", { tostring(city) }, city, data.cities)
    return
  end
  for part in text:gmatch("%S+") do
    local from, to = part:match("^(%d+)%-(%d+)$")
    if part:find("^%d+$") and #part < 7 then
      prefixes[part] = city
      note_length(prefix_lengths, #part)
    else
      from, to = from or part:match("^%d+$"), to or part:match("^%d+$")
      if not from or #from ~= #to or from > to or #from > 13 then
        errors.add(file .. ":" .. line, '"%s" is not a prefix such as 020 or a range such as 1341370-1341379',
          "“%s”不是号段，应写成 020 或 1341370-1341379", { part })
      else
        add_range(#from, math.tointeger(from), math.tointeger(to), city)
      end
    end
  end
end

-- Sorted, and no number in two of them.
local function settle(file)
  for n, buckets in host.sorted_pairs(ranges) do
    for at, bucket in host.sorted_pairs(buckets) do
      table.sort(bucket, function(x, y) return x[1] < y[1] end)
      local flat = {}
      for i, r in ipairs(bucket) do
        if i > 1 and bucket[i - 1][2] >= r[1] and bucket[i - 1][3] ~= r[3] then
          errors.add(file, "%d stands in two ranges: %s and %s", "%d 出现在两个号段：%s 和 %s", { r[1], bucket[i - 1][3], r[3] })
        end
        flat[#flat + 1], flat[#flat + 2], flat[#flat + 3] = r[1], r[2], r[3]
      end
      ranges[n][at] = flat
    end
  end
end

-- segments.csv: prefix, city. A pack without one knows no cities of numbers.
function numbers.load()
  prefixes, ranges, prefix_lengths, range_lengths = {}, {}, {}, {}
  local file = units.file_of("segments", "", ".csv")
  if not file then return end
  for i, row in ipairs(host.csv(file)) do
    local text = row[1]
    if text and text ~= "" and text:sub(1, 1) ~= "#" and text ~= "prefix" then add_row(file, i, text, row[2]) end
  end
  settle(file)
end

local function in_bucket(bucket, n)
  local low, high = 0, #bucket // 3 - 1
  while low <= high do
    local mid = (low + high) // 2
    if n < bucket[mid * 3 + 1] then high = mid - 1
    elseif n > bucket[mid * 3 + 2] then low = mid + 1
    else return bucket[mid * 3 + 3] end
  end
end

-- The city a number was issued in: ranges before prefixes, longer before shorter; nil when nothing has it.
function numbers.city_of(number)
  if type(number) ~= "string" then return nil end
  for i = 1, #range_lengths do
    local n = #number >= range_lengths[i] and math.tointeger(number:sub(1, range_lengths[i]))
    local bucket = n and ranges[range_lengths[i]][n // bucket_size]
    local city = bucket and in_bucket(bucket, n)
    if city then return city end
  end
  for i = 1, #prefix_lengths do
    local city = prefixes[number:sub(1, prefix_lengths[i])]
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
