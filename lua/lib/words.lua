-- The words of conditions. A word only notes what was written; bind() turns it into a test once the field and the catalog are
-- known: what host.matcher takes (op, list, limit, to, window, words, parts, fn), and for people and for finding rules that are never
-- reached: text (of the limit) and zh (the same in Chinese, where it differs), sign (equal signs mean equal tests), exact (the set of
-- values it holds for), says (a word list).
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local ranges = host.lib "ranges"
local words = { env = {}, catalog = {} }
local Word = {}

local function word(op, args)
  return setmetatable({ op = op, args = args, where = host.where() }, Word)
end

words.word = word

function words.is(x) return getmetatable(x) == Word end

-- any_of("a", {"b", "c"}, list "x") → {"a", "b", "c", …}
local function flatten(args, out)
  out = out or {}
  for _, x in ipairs(args) do
    if rawequal(x, errors.blank) then out.is_broken = true -- a name that was reported
    elseif words.is(x) then flatten(x.args, out)
    elseif type(x) == "table" then flatten(x, out)
    else out[#out + 1] = x end
  end
  return out
end

-- present(), any_of("a")("b")
function Word.__call(w)
  errors.add(host.where(2), "%s takes nothing behind it", "%s 后面不能再有括号", { w.op }, w.op,
    { en = "take the brackets or the text behind it away", zh = "请删去后面的括号或文字" })
  return w
end

local env = words.env
function env.any_of(...) return word("any_of", { ... }) end
function env.none_of(...) return word("none_of", { ... }) end
function env.at_least(n, window) return word("at_least", { n, window }) end
function env.at_most(n, window) return word("at_most", { n, window }) end
function env.more_than(n, window) return word("more_than", { n, window }) end
function env.less_than(n, window) return word("less_than", { n, window }) end
function env.between(from, to) return word("between", { from, to }) end
function env.has_word(...) return word("has_word", { ... }) end
function env.starts_with(...) return word("starts_with", { ... }) end
function env.under(...) return word("under", { ... }) end
function env.within(span) return word("within", { span }) end
function env.any_of_these(...) return word("any_of_these", { ... }) end
function env.unless(...) return word("unless", { ... }) end
env.present = setmetatable({ op = "present", args = {} }, Word)
env.absent = setmetatable({ op = "absent", args = {} }, Word)

-- yuan "50.00" → 5000 (fen); money is never a fraction.
function env.yuan(text)
  local fen = units.fen(text)
  if fen then return fen end
  errors.add(host.where(2), '%s is not an amount such as yuan "50.00"', '%s 不是金额，应写成 yuan "50.00"', { errors.shown(text) }, text,
    units.meant_fen(text))
  return 0
end

-- list "outage": the first column of words/outage.csv, a file analysts own.
function env.list(name)
  local out = word("list", {})
  local file = units.file_of(tostring(name), "words/", ".csv")
  if not file then
    errors.add(out.where, 'there is no word list words/%s.csv', "没有词表 words/%s.csv", { tostring(name) }, name, units.lists())
    return out
  end
  for _, row in ipairs(host.csv(file)) do
    local text = row[1] and row[1]:match("^%s*(.-)%s*$")
    if text and text ~= "" and text:sub(1, 1) ~= "#" then out.args[#out.args + 1] = text end
  end
  if #out.args == 0 then errors.add(file, "the word list is empty", "词表是空的") end
  return out
end

local sign = { at_least = ">=", at_most = "<=", more_than = ">", less_than = "<" }

local shown = errors.shown

local function names(values)
  local out = {}
  for i, x in ipairs(values) do out[i] = shown(x) end
  return table.concat(out, ", ")
end

local right_type = { text = "string", number = "number", bool = "boolean", time = "number", count = "number", set = "string" }
local said_type = {
  text = { "a text", "文字" }, number = { "a number", "数字" }, bool = { "true or false", "true 或 false" },
  count = { "a number", "数字" }, set = { "a text", "文字" }, time = { "a time", "时间" },
}

-- "4" for a number, 138 for a text: the same without or with quotation marks.
local function meant_type(want, x)
  local meant
  if want == "string" and type(x) == "number" then return { en = "put it in quotation marks", zh = "请加上引号" } end
  if want == "string" and x == true then return { en = "write present", zh = "请写成 present" } end
  if want == "string" and x == false then return { en = 'write absent, or none_of("…")', zh = '请写成 absent，或 none_of("…")' } end
  if type(x) == "string" and (want == "number" and tonumber(x) or want == "boolean" and (x == "true" or x == "false")) then meant = x end
  return meant and { en = "write " .. meant, zh = "请写成 " .. meant }
end

-- "foshan or zhuhai", "foshan、zhuhai": several names in one text.
local function meant_names(x, known)
  local list = {}
  if #tostring(x) > 400 then return nil end
  for part in (tostring(x):gsub(" or ", ","):gsub("、", ","):gsub("，", ","):gsub("/", ",") .. ","):gmatch("%s*(.-)%s*,") do
    if not known[part] then return nil end
    list[#list + 1] = part
  end
  if #list < 2 then return nil end
  return { en = string.format('write any_of("%s"), in a table %s', table.concat(list, '", "'), table.concat(list, "|")),
    zh = string.format('请写成 any_of("%s")，在表格里写 %s', table.concat(list, '", "'), table.concat(list, "|")) }
end

-- One literal as the field means it: durations and times of day become numbers, names must stand in the catalog.
local function literal(field, x, at)
  if field.type == "duration" then
    local ms = units.duration(x)
    if not ms then at('when.%s: %s is not a duration such as "30m", "4h" or "2d"',
      'when.%s：%s 不是时长，应写成 "30m"、"4h" 或 "2d"', { field.name, shown(x) }, x, units.meant_duration(x)) end
    return ms
  elseif field.type == "clock_time" then
    local minute = units.minute_of_day(x)
    if not minute then at('when.%s: %s is not a time of day such as "08:30"',
      'when.%s：%s 不是时刻，应写成 "08:30"', { field.name, shown(x) }, x, units.meant_time(x)) end
    return minute
  end
  if field.type == "level" then
    local ranks = host.lib("alarms").ranks()
    if not ranks[x] then at('when.%s: %s is not a level', "when.%s：%s 不是预警级别", { field.name, shown(x) }, tostring(x), ranks) end
    return ranks[x]
  end
  local want = right_type[field.type]
  if want and type(x) ~= want then
    local said = said_type[field.type]
    at("when.%s compares with " .. said[1] .. ", not with %s", "when.%s 应与" .. said[2] .. "比较，而不是 %s", { field.name, shown(x) }, x,
      meant_type(want, x))
    return nil
  end
  if field.is_date and not units.is_date(x) then
    at('when.%s: %s is not a date such as "2026-01-31"', 'when.%s：%s 不是 "2026-01-31" 这样的日期', { field.name, shown(x) }, x,
      units.meant_date(x))
    return nil
  end
  local known, called = host.lib("fields").values(field, words.catalog)
  if known and next(known) and not known[x] then
    at('when.%s: %s is not one of the %s', "when.%s：%s 不在 %s 之中", { field.name, shown(x), called }, x, meant_names(x, known) or known)
  end
  return x
end

local function bind_any(field, w, at)
  local set, list, said = {}, {}, flatten(w.args)
  if field.is_speech then
    at("when.%s: nobody says exactly these words; what holds one of them is has_word(…)", "when.%s：没有人会恰好只说这些词；含有其中一个词请写 has_word(…)",
      { field.name }, w.op, { en = "write has_word(…)", zh = "请写成 has_word(…)" })
  end
  for i, x in ipairs(said) do
    local meant = literal(field, x, at)
    list[i] = meant
    if meant ~= nil and set[meant] then
      at("when.%s: %s stands twice in %s", "when.%s：%s 在 %s 里写了两次", { field.name, shown(x), w.op }, x, { en = "take one away", zh = "请删去一个" })
    end
    if meant ~= nil and ranges.value(field, meant, x, at) then set[meant] = true end
  end
  if #said == 0 then
    at(not said.is_broken and "when.%s: %s needs at least one value" or nil, "when.%s：%s 至少要有一个值", { field.name, w.op })
  end
  local text, zh = "any of " .. names(list), names(list) .. " 之一"
  if field.type == "set" then return { op = "has_key", list = list, text = text, zh = zh } end
  return { op = "any", list = list, text = text, zh = zh, exact = set }
end

local function bind_compare(field, w, at)
  local limit, window = w.args[1], w.args[2]
  if window ~= nil and field.type ~= "count" then
    at("when.%s: within goes with contacts and tickets only", "when.%s：within 只能用于 contacts 和 tickets", { field.name })
    return nil
  end
  limit = literal(field, limit, at)
  if type(limit) ~= "number" then
    if limit ~= nil then at("when.%s: %s needs a number, not %s", "when.%s：%s 需要数字，而不是 %s",
      { field.name, w.op, shown(limit) }, limit, meant_type("number", limit)) end
    return nil
  end
  local text = sign[w.op] .. " " .. shown(w.args[1])
  ranges.limit(field, w.op, limit, text, w.args[1], at)
  if window == nil then return { op = w.op, limit = limit, text = text, is_limit = true } end
  local ms = words.is(window) and window.op == "within" and units.duration(window.args[1])
  if not ms or ms == 0 then
    at('when.%s: the window must be within "7d"', 'when.%s：时间窗应写成 within "7d"', { field.name }, words.is(window) and window.args[1] or window)
    return nil
  end
  return { op = w.op, limit = limit, window = ms, text = text .. " within " .. window.args[1],
    zh = string.format("%s（%s 以内）", text, window.args[1]) }
end

local bind = { any_of = bind_any, list = bind_any }
for op in pairs(sign) do bind[op] = bind_compare end

function bind.none_of(field, w, at)
  local any = bind_any(field, w, at)
  local text, zh = "none of " .. names(any.list), "不是 " .. names(any.list)
  if any.op == "any" then return { op = "none", list = any.list, text = text, zh = zh } end
  any.field = host.lib("fields").ids[field.name]
  return { op = "unless", parts = { { any } }, text = text, zh = zh }
end

function bind.between(field, w, at)
  local from, to = literal(field, w.args[1], at), literal(field, w.args[2], at)
  if type(from) ~= type(to) or from == nil then return nil end
  if not ranges.value(field, from, w.args[1], at) or not ranges.value(field, to, w.args[2], at) then return nil end
  local first, last = shown(w.args[1]), shown(w.args[2])
  local text, zh = string.format("from %s to %s", first, last), string.format("%s 到 %s", first, last)
  if field.type == "clock_time" then -- "22:00" to "06:00" goes over midnight; the end is not included
    if from == to then at("when.%s: between %s and %s holds nothing", "when.%s：%s 到 %s 之间没有值", { field.name, first, last }) end
    return { op = "time_of_day", limit = from, to = to, text = text, zh = zh }
  end
  if from > to then
    at("when.%s: between %s and %s holds nothing", "when.%s：%s 到 %s 之间没有值", { field.name, first, last })
  end
  return { op = "between", limit = from, to = to, text = text, zh = zh }
end

-- What has_word, starts_with and under look for: texts that are not empty; nil when it was reported.
local function texts_of(field, w, at)
  local list = flatten(w.args)
  if #list == 0 then
    at(not list.is_broken and "when.%s: %s needs at least one text" or nil, "when.%s：%s 至少要有一段文字", { field.name, w.op })
    return nil
  end
  for _, x in ipairs(list) do
    if type(x) ~= "string" or #x < 100 and x:match("^%s*$") then
      at('when.%s: %s takes texts such as "…", not %s', 'when.%s：%s 后面应是 "…" 这样的文字，而不是 %s', { field.name, w.op, shown(x) }, x,
        meant_type("string", x))
      return nil
    end
  end
  return list
end

function bind.has_word(field, w, at)
  local list = texts_of(field, w, at)
  if not list then return nil end
  local text, zh = "has " .. names(list), "含 " .. names(list)
  if #list > 6 then
    text, zh = string.format("has one of %d words (%s, …)", #list, list[1]), string.format("含这 %d 个词之一（%s……）", #list, list[1])
  end
  return { op = "has_word", words = host.words(list), text = text, zh = zh, sign = table.concat(list, "|"), says = list }
end

function bind.starts_with(field, w, at)
  local list = texts_of(field, w, at)
  if not list then return nil end
  return { op = "starts_with", list = list, text = "starts with " .. names(list), zh = "以 " .. names(list) .. " 开头" }
end

-- under "network" → network and every category below it, as a set of exact values.
function bind.under(field, w, at)
  local set, list, tops = {}, {}, texts_of(field, w, at)
  if not tops then return nil end
  local known = field.of and words.catalog[field.of] or {}
  for _, top in ipairs(tops) do
    local any = false
    for code in pairs(known) do
      if code == top or code:sub(1, #top + 1) == top .. "." then
        if not set[code] then list[#list + 1] = code end
        set[code], any = true, true
      end
    end
    if not any then
      at('when.%s: there is nothing under "%s"', "when.%s：“%s”之下没有任何分类", { field.name, tostring(top) }, top, known)
    end
  end
  return { op = "any", list = list, text = "under " .. names(tops), zh = names(tops) .. " 或其下级", exact = set }
end

function bind.within(field, w, at)
  local ms = units.duration(w.args[1])
  if field.type ~= "time" then
    at('when.%s: within takes a time field, such as occurred = within "2h"', 'when.%s：within 用于时间字段，应写成 occurred = within "2h"',
      { field.name })
    return nil
  elseif not ms or ms == 0 then
    at('when.%s: within %s: a span such as "30m", "4h" or "2d" is needed', 'when.%s：within %s：应是 "30m"、"4h" 或 "2d" 这样的时长',
      { field.name, shown(w.args[1]) }, w.args[1], units.meant_duration(w.args[1]))
    return nil
  end
  return { op = "within", window = ms, text = "within " .. w.args[1], zh = w.args[1] .. " 以内" }
end

function bind.present() return { op = "present", text = "present", zh = "已知" } end
function bind.absent() return { op = "absent", text = "absent", zh = "未知" } end

-- value: a literal or a word. → the test, without its field; nil when it was reported through at().
function words.bind(field, value, at)
  if words.is(value) then
    local f = bind[value.op]
    if f then return f(field, value, at) end
    at("when.%s: %s is not a condition of a field", "when.%s：%s 不能用作字段条件", { field.name, value.op })
    return nil
  end
  if type(value) == "table" then
    at('when.%s: write any_of("…", "…") instead of a bare table', 'when.%s：请写 any_of("…", "…")，不要写花括号', { field.name })
    return nil
  end
  if type(value) == "function" then
    local number, readonly = host.lib("fields").ids[field.name], host.lib("fields").readonly
    return { op = "call", fn = function(h) return value(host.get(h, number), readonly(h)) end, text = "function", zh = "函数成立",
      is_function = true }
  end
  if field.is_speech and type(value) == "string" then return bind_any(field, { op = "has_word", args = { value } }, at) end
  local x = literal(field, value, at)
  if x == nil or not ranges.value(field, x, value, at) then return nil end
  if field.type == "set" then return { op = "has_key", list = { x }, text = shown(value) } end
  if x == false then return { op = "untrue", text = "false" } end
  return { op = "any", list = { x }, text = shown(value), exact = { [x] = true } }
end

words.flatten = flatten

return words
