-- The collector: every finding of a load, in English and Chinese, reported all at once.
local host = ...
local errors = {}
local found, seen = {}, {}

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
  local near = host.nearest(tostring(word), errors.names(known))
  if not near then return "", "" end
  return string.format(' (did you mean "%s"?)', near), string.format("（是不是“%s”？）", near), near
end

-- where: "routing.lua:12", or a bare file name. `word` and `known` give "did you mean"; args_zh where
-- the Chinese text needs other words.
function errors.add(where, en, zh, args, word, known, args_zh)
  args = args or {}
  local meant, meant_zh, near = "", "", nil
  if word then meant, meant_zh, near = errors.meant(word, known) end
  local file, line = tostring(where):match("^(.-):(%d+)")
  errors.put { file = file or where, line = tonumber(line), message = string.format(en, table.unpack(args)) .. meant,
    message_zh = string.format(zh, table.unpack(args_zh or args)) .. meant_zh,
    cure = near and string.format('write "%s"', near) or nil, cure_zh = near and string.format('请写成 "%s"', near) or nil }
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

-- nil, or all findings by file and line.
function errors.take()
  if #found == 0 then return nil end
  table.sort(found, function(a, b)
    if a.file ~= b.file then return a.file < b.file end
    if (a.line or 0) ~= (b.line or 0) then return (a.line or 0) < (b.line or 0) end
    return a.message < b.message
  end)
  return found
end

return errors
