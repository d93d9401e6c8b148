-- The entry: what the host calls while it loads a pack and asks it (include/tocsin/rules.h has the protocol).
local host = ...
local errors = host.lib "errors"
local fields = host.lib "fields"
local words = host.lib "words"
local sets = host.lib "sets"
local rules = host.lib "rules"
local catalog = host.lib "catalog"
local calendar = host.lib "calendar"
local org = host.lib "org"
local decide = host.lib "decide"
local points = host.lib "points"
local spec = host.lib "spec"
local numbers = host.lib "numbers"
local category = host.lib "category"
local duty = host.lib "duty"
local tasks = host.lib "tasks"
local alarms = host.lib "alarms"
local grants = host.lib "grants"
local levels = host.lib "levels"
local warning = host.lib "warning"
local news = host.lib "news"
local signals = host.lib "signals"
local drafts = host.lib "drafts"
local drills = host.lib "drills"
local lib = { ask = points, catalog = nil, rule_names = rules.names, rule_table = rules.table, is_trusted = true }
local is_loaded = false

points.duty, points.grants, points.draft = duty.now, grants.now, drafts.point
words.catalog, sets.catalog = catalog.data, catalog.data

-- Every word a pack may use. tostring of a table would differ from run to run; pairs comes in key order.
local base = {
  ipairs = ipairs, type = type, tonumber = tonumber, pairs = host.sorted_pairs,
  math = { floor = math.floor, ceil = math.ceil, max = math.max, min = math.min, abs = math.abs, tointeger = math.tointeger, type = math.type },
  tostring = function(x)
    if type(x) == "table" or type(x) == "function" then error("a " .. type(x) .. " has no text", 2) end
    return tostring(x)
  end,
  queue = function(name) return name end,
}
for _, part in ipairs { words, rules, catalog, calendar, org, decide, spec, numbers, category, tasks, news, alarms, grants, levels,
  warning, signals, drafts, drills } do
  for name, word in pairs(part.env) do base[name] = word end
end
lib.words = base

-- A file of the base is left out when the pack has one of the same name; the base's specs are the base's own business.
local function is_replaced(file)
  local base_name = catalog.base_name
  if not base_name or file:sub(1, #base_name + 1) ~= base_name .. "/" then return false end
  local own = file:sub(#base_name + 2)
  if own:find("_spec%.lua$") then return true end
  for _, other in ipairs(host.files) do if other == own then return own ~= "pack.lua" end end
  return false
end

-- The base's files are those under the folder that has a pack.lua of its own.
local function find_base()
  for _, file in ipairs(host.files) do
    local folder = file:match("^([%w_%-]+)/pack%.lua$")
    if folder then return folder end
  end
end
catalog.base_name = find_base()

-- What was meant by a name that is no word: a word like it, a field or part of a rule without its =, or a text without its quotation marks.
local truths = { yes = "true", True = "true", TRUE = "true", no = "false", False = "false", FALSE = "false", None = "nil", null = "nil" }
local parts = { when = true, to = true, because = true, valid = true, given = true, expect = true }
local function meant_word(name)
  if truths[name] then return { en = "write " .. truths[name], zh = "请写成 " .. truths[name] } end
  if host.nearest(name, errors.names(base)) and not parts[name] then return base end
  if parts[name] or fields.find(name) then
    return { en = string.format("write %s = …, within { }", name), zh = string.format("请在 { } 里写成 %s = …", name) }
  end
  return { en = string.format('if it is a text or a name, write "%s"', name), zh = string.format('如果是文字或名称，请写成 "%s"', name) }
end

function lib.env(file)
  if is_replaced(file) then return nil end
  local globals = {}
  return setmetatable({}, {
    __index = function(_, name)
      local word = base[name]
      if word ~= nil then return word end
      if globals[name] then return errors.blank end
      local where = host.where(2)
      if is_loaded then error(string.format("%s: %s is not a word", where, tostring(name)), 0) end
      errors.add(where ~= "" and where or file, "%s is not a word", "%s 不是可用的词", { tostring(name) }, name, meant_word(name))
      return errors.blank
    end,
    __newindex = function(_, name)
      local where = host.where(2)
      if is_loaded then error(string.format('%s: %s would become a global; write "local %s"', where, tostring(name), tostring(name)), 0) end
      globals[name] = true
      errors.add(where ~= "" and where or file, '%s would become a global; write "local %s"', "%s 会成为全局变量；请写 “local %s”",
        { tostring(name), tostring(name) })
    end,
    __metatable = false,
  })
end

function lib.add() end

function lib.fail(file, line, column, message, cure)
  errors.put { file = file, line = line, column = column, message = message, cure = cure }
end

function lib.finish()
  catalog.check()
  category.check()
  signals.check()
  org.check()
  grants.check()
  rules.compile()
  catalog.data.declares = rules.sets.declare ~= nil or nil
  warning.check()
  alarms.check()
  drafts.check()
  drills.check()
  numbers.load()
  spec.check()
  catalog.places()
  is_loaded = true
  lib.catalog = catalog.data
  return errors.take()
end

local asked = { create = { "classify", "complete", "grade", "duplicate", "attach", "routing", "clocks", "advice", "outbox" },
  act = { "refuse", "clocks", "follow", "outbox" }, contact = { "complete", "contact", "outbox" }, timer = { "escalation", "outbox" },
  task = { "answer" }, attach = { "attach" }, evidence = { "evidence" }, declare = { "declare" },
  warning = { "warning" }, prompt = { "prompt" }, draft = { "class" } }

-- What the sets of a point say to these facts; the facts of a create are first completed by the decision itself.
function lib.explain(point, facts, rule)
  local v = fields.view(facts)
  if point == "create" then
    local d, h = points.create(facts)
    if h then d = host.whole(d, h) end
    if facts.subscriber then numbers.fill(v, facts.subscriber, {}) end
    for key, x in pairs(d.set) do v[key] = x end
    v.duplicate = d.links ~= nil
  elseif point == "act" then
    local kind = catalog.data.kinds[v.kind]
    grants.view(v, kind and kind.actions[facts.action])
  end
  local out = {}
  for _, name in ipairs(asked[point] or {}) do rules.explain(name, v, rule, out) end
  return out
end

lib.specs = spec.run
lib.coverage = spec.coverage
return lib
