-- What numbers a field can be (fields.lua): a condition that holds for none of them, or for all, is nobody's meaning.
local ranges = {}

local function said(range)
  local whole, whole_zh = range.any and "" or "a whole number, ", range.any and "" or " 的整数"
  if not range.most then return string.format("%s%d or more", whole, range.least), string.format("不小于 %d%s", range.least, whole_zh) end
  return string.format("%s%d to %d", whole, range.least, range.most), string.format("%d 到 %d%s", range.least, range.most, whole_zh)
end

local function never(field, text, shown, at)
  local en, zh = said(field.range)
  at("when.%s: %s never holds: %s is %s", "when.%s：%s 永远不成立：%s 的取值是 %s", { field.name, text, field.name, en }, shown, nil,
    { field.name, text, field.name, zh })
end

local function always(field, text, shown, at)
  local en, zh = said(field.range)
  at("when.%s: %s always holds: %s is %s", "when.%s：%s 永远成立：%s 的取值是 %s", { field.name, text, field.name, en }, shown,
    { en = string.format("leave it out, or write %s = present", field.name), zh = string.format("请删去，或写成 %s = present", field.name) },
    { field.name, text, field.name, zh })
end

local function holds(range, x)
  return x >= range.least and (not range.most or x <= range.most) and (range.any or x % 1 == 0)
end

-- A value that the field is compared with: true unless it was reported. shown: as it was written.
function ranges.value(field, x, shown, at)
  if not field.range or type(x) ~= "number" or holds(field.range, x) then return true end
  never(field, tostring(shown), shown, at)
  return false
end

-- A limit: which side of it the range lies on. text: as people read it, ">= 10".
function ranges.limit(field, op, limit, text, shown, at)
  local range = field.range
  if not range then return true end
  local least, most = range.least, range.most or math.huge
  local is_below = op == "at_least" and limit > most or op == "more_than" and limit >= most -- all that there is
  local is_above = op == "at_most" and limit < least or op == "less_than" and limit <= least
  local takes_all = op == "at_least" and limit <= least or op == "more_than" and limit < least or op == "at_most" and limit >= most or
    op == "less_than" and limit > most
  if is_below or is_above then never(field, text, shown, at)
  elseif takes_all then always(field, text, shown, at) end
  return not (is_below or is_above or takes_all)
end

return ranges
