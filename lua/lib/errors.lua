-- The collector: every finding of a load, in English and Chinese, reported all at once.
local host = ...
local errors = {}
local found, seen = {}, {}
local FEW = 12 -- names that are listed

-- Stands for a name that was reported: whatever is done with it, loading goes on and finds the next error.
-- star > 4, which Lua asks as 4 < star: a ticket field is no value while the pack loads. right: the word for a field on the right.
local blank
local function compared(right, left)
  return function(a, b)
    local word = rawequal(b, blank) and right or left
    local value = rawequal(b, blank) and a or b
    if type(value) ~= "number" then value = "…" end
    errors.add(host.where(), "a condition is no Lua comparison: write field = %s(%s)", "条件不能写成 Lua 比较：请写 字段 = %s(%s)",
      { word, tostring(value) })
    return true
  end
end
blank = setmetatable({}, { __call = function() return blank end, __index = function() return blank end,
  __lt = compared("more_than", "less_than"), __le = compared("at_least", "at_most") })
errors.blank = blank

-- ' (did you mean "x"?)' in English and Chinese and x itself: the nearest to `word` of the known; "" twice where none is near.
function errors.meant(word, known)
  local near = known
  if type(known) ~= "string" then near = host.nearest(type(word) == "table" and "" or tostring(word), errors.names(known)) end
  if not near then return "", "" end
  return string.format(' (did you mean "%s"?)', near), string.format("（是不是“%s”？）", near), near
end

-- What stands in the pack's text for this finding, the likeliest first: there it is shown (its column).
local function sought(word, args)
  local out = {}
  local function add(x)
    if type(x) == "string" or type(x) == "number" then out[#out + 1] = tostring(x) end
  end
  add(word)
  for i = #args, 1, -1 do add(args[i]) end
  return out
end

-- Where nothing near is known, all that there is, if it is few.
local function one_of(names)
  if #names == 0 or #names > FEW then return nil end
  local list = {}
  for i, name in ipairs(names) do list[i] = tostring(name) end
  return { en = "there is " .. table.concat(list, ", "), zh = "可用的有 " .. table.concat(list, "、") }
end

-- where: "routing.lua:12", or a bare file name. `word` and `known` give "did you mean"; where more is known of what was meant, `known` is
-- the text itself or a cure {en, zh}. args_zh where the Chinese text needs other words.
function errors.add(where, en, zh, args, word, known, args_zh)
  args = args or {}
  local meant, meant_zh, near, cure = "", "", nil, nil
  if type(known) == "table" and type(known.en) == "string" then cure = known
  elseif word ~= nil then meant, meant_zh, near = errors.meant(word, known) end
  if near then cure = { en = string.format('write "%s"', near), zh = string.format('请写成 "%s"', near) } end
  if not cure and word ~= nil and type(known) == "table" then cure = one_of(errors.names(known)) end
  local file, line = tostring(where):match("^(.-):(%d+)")
  errors.put { file = file or where, line = tonumber(line), message = string.format(en, table.unpack(args)) .. meant,
    message_zh = string.format(zh, table.unpack(args_zh or args)) .. meant_zh, cure = cure and cure.en, cure_zh = cure and cure.zh,
    sought = sought(word, args) }
end

-- A value in a message: a text in quotation marks, a table as {…}.
function errors.shown(x)
  if rawequal(x, blank) then return "…" end
  if type(x) == "string" then return '"' .. x .. '"' end
  return type(x) == "table" and "{…}" or type(x) == "function" and "function" or tostring(x)
end

function errors.put(e)
  local key = string.format("%s:%s:%s", e.file, e.line, e.message)
  if seen[key] then return end
  seen[key] = true
  found[#found + 1] = e
end

-- Keys of a map or the entries of an array, sorted: what host.nearest looks through.
function errors.names(known)
  if known == nil or known[1] then return known or {} end
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  return names
end

function errors.any() return #found > 0 end

-- How many so far: who finds the same afterwards has found nothing.
function errors.count() return #found end

-- nil, or all findings; the host finds their columns and puts them in order.
function errors.take()
  return #found > 0 and found or nil
end

return errors
