-- Level tables: levels "name" { { "yellow", enter = {…}, leave = {…}, closes = 3, stay = 2 }, … }, their conditions (at_least, less_than,
-- tail, calm, per_10000, below_entry, budget), and the check that a table rises.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local words = host.lib "words"
local catalog = host.lib "catalog"
local data = catalog.data
local levels = { env = {}, tables = {} }
local env, tables = levels.env, levels.tables
data.levels, data.level_tables = host.list {}, host.map {}

local function is_positive(x) return math.type(x) ~= nil and x > 0 end
local function is_whole(x) return math.type(x) == "integer" and x > 0 end
local function is_probability(x) return math.type(x) ~= nil and x > 0 and x < 1 end
levels.is_positive, levels.is_whole = is_positive, is_whole

-- ---- conditions: words, made tests by compile_test
function env.tail(p, options)
  local out = words.word("tail", { p, options })
  return out
end
function env.calm(p, options)
  local out = words.word("calm", { p, options })
  return out
end
function env.below_entry(share)
  local out = words.word("below_entry", { share })
  return out
end
function env.per_10000(condition)
  local out = words.word("per_10000", { condition })
  return out
end
-- budget { alarms = 1, every = "1d", streams = 4200 }: the probability at which so many quiet streams give so many false alarms.
function env.budget(row)
  local out = words.word("budget", { row })
  return out
end
local budget_keys = catalog.set_of("alarms", "every", "streams")
local function budget_of(w, where, what)
  local row = type(w.args[1]) == "table" and w.args[1] or {}
  catalog.reject_unknown(row, budget_keys, where, what .. ": budget")
  local every = units.duration(row.every)
  if not is_positive(row.alarms) or not every or not is_whole(row.streams) then
    errors.add(where, '%s: a budget is budget { alarms = 1, every = "1d", streams = 4200 }',
      '%s：误报预算应写成 budget { alarms = 1, every = "1d", streams = 4200 }', { what })
    return nil
  end
  return { alarms = row.alarms, every_ms = every, streams = row.streams }
end

local distributions = { poisson = true, negative_binomial = true }
local tail_keys = catalog.set_of("at_least", "distribution")
local function compile_tail(w, where, what)
  local p, options = w.args[1], w.args[2] or {}
  local out = { op = w.op }
  if words.is(p) and p.op == "budget" then
    out.budget = budget_of(p, where, what)
  elseif is_probability(p) then
    out.value = p
  else
    errors.add(where, "%s: %s needs a probability between 0 and 1 such as 1e-6, or budget { … }, not %s",
      "%s：%s 需要 0 与 1 之间的概率（如 1e-6）或 budget { … }，而不是 %s", { what, w.op, words.quoted(p) })
  end
  catalog.reject_unknown(options, tail_keys, where, what .. ": " .. w.op)
  if options.at_least ~= nil and not is_positive(options.at_least) then
    errors.add(where, "%s: at_least must be a number above 0, not %s", "%s：at_least 应为大于 0 的数，而不是 %s",
      { what, words.quoted(options.at_least) })
  end
  if options.distribution and not distributions[options.distribution] then
    errors.add(where, '%s: "%s" is not a distribution', "%s：“%s”不是可用的分布", { what, tostring(options.distribution) },
      options.distribution, distributions)
  end
  out.at_least = options.at_least or 1
  out.poisson = options.distribution == "poisson" or nil
  return out
end

local compare = { at_least = true, more_than = true, at_most = true, less_than = true }
local compile_test

local function compile_below(w, where, what)
  local share = w.args[1]
  if not is_positive(share) or share > 1 then
    errors.add(where, "%s: below_entry needs a share above 0 and up to 1 such as 0.5, not %s",
      "%s：below_entry 需要大于 0、不超过 1 的比例（如 0.5），而不是 %s", { what, words.quoted(share) })
  end
  return { op = "below_entry", value = share }
end

local function compile_rate(w, where, what)
  local inner = w.args[1]
  if not words.is(inner) or not compare[inner.op] then
    errors.add(where, "%s: write per_10000(at_least(3.5))", "%s：应写成 per_10000(at_least(3.5))", { what })
    return { op = "at_least", value = 0 }
  end
  local out = compile_test(inner, where, what)
  out.per_10000 = true
  return out
end

function compile_test(w, where, what)
  if words.is(w) then
    if w.op == "tail" or w.op == "calm" then return compile_tail(w, where, what) end
    if w.op == "below_entry" then return compile_below(w, where, what) end
    if w.op == "per_10000" then return compile_rate(w, where, what) end
    if compare[w.op] then
      if math.type(w.args[1]) == nil or w.args[1] < 0 then
        errors.add(where, "%s: %s needs a number, not %s", "%s：%s 需要数字，而不是 %s", { what, w.op, words.quoted(w.args[1]) })
      end
      return { op = w.op, value = w.args[1] }
    end
  end
  errors.add(where, "%s must be at_least(…), less_than(…), tail(…), calm(…), below_entry(…) or per_10000(…)",
    "%s 应写成 at_least(…)、less_than(…)、tail(…)、calm(…)、below_entry(…) 或 per_10000(…)", { what })
  return { op = "at_least", value = 0 }
end

-- { S15 = at_least(16), … }: all of them; any_of_these({…}, {…}): all of one of them.
local function compile_condition(said, where, what)
  local groups = {}
  for _, group in ipairs(words.is(said) and said.op == "any_of_these" and said.args or { said }) do
    local tests = {}
    if type(group) == "table" and not words.is(group) then
      for input, w in host.sorted_pairs(group) do
        local test = compile_test(w, where, what .. "." .. tostring(input))
        test.input = tostring(input)
        tests[#tests + 1] = test
      end
    end
    if #tests == 0 then
      errors.add(where, "%s must be { S15 = at_least(16) } or any_of_these({ … }, { … })",
        "%s 应写成 { S15 = at_least(16) } 或 any_of_these({ … }, { … })", { what })
    end
    groups[#groups + 1] = tests
  end
  return groups
end

-- ---- levels "recharge" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 }, … }
local row_keys = catalog.set_of("enter", "leave", "closes", "stay", "sign")
function env.levels(name)
  local where = host.where(2)
  return function(rows)
    local other = units.find(tables, name)
    if other then errors.add(where, 'levels "%s" stands twice: also at %s', "等级表“%s”出现了两次：另一处在 %s", { tostring(name), other.where }) end
    tables[#tables + 1] = { name = tostring(name), rows = rows, where = where }
  end
end

-- The line of a row: that of its first word.
local function place_of(row, otherwise)
  for _, side in ipairs { row.enter or false, row.leave or false } do
    if words.is(side) then return side.where end
    if type(side) == "table" then
      for _, w in host.sorted_pairs(side) do
        if words.is(w) then return w.where end
      end
    end
  end
  return otherwise
end

local function count_or(x, otherwise, where, what)
  if x == nil then return otherwise end
  if math.type(x) == "integer" and x >= 0 then return x end
  errors.add(where, "%s must be a whole number of bins, not %s", "%s 应为整数个时段，而不是 %s", { what, words.quoted(x) })
  return otherwise
end

local function compile_row(row, t)
  local where, what = place_of(row, t.where), string.format('levels "%s", %s', t.name, tostring(row[1]))
  catalog.reject_unknown(row, row_keys, where, what)
  local _, n = units.find(data.levels, row[1])
  if not n then
    errors.add(where, 'levels "%s": "%s" is not a declared level', "等级表“%s”：“%s”不是已声明的等级", { t.name, tostring(row[1]) },
      tostring(row[1]), units.names(data.levels))
  end
  for _, role in ipairs(row.sign or {}) do
    if not data.roles[role] then
      errors.add(where, '%s: sign: "%s" is not a role', "%s：sign：“%s”不是角色", { what, tostring(role) }, role, data.roles)
    end
  end
  return { level = n or 0, name = tostring(row[1]), where = where, sign = row.sign,
    enter = compile_condition(row.enter, where, what .. ": enter"), leave = compile_condition(row.leave, where, what .. ": leave"),
    closes = math.max(1, count_or(row.closes, 3, where, what .. ": closes")), stay = count_or(row.stay, 0, where, what .. ": stay") }
end

-- ---- what is not monotone
-- The only test of a condition's alternatives by input, op and kind: {input → {op → test}}.
local function alone(groups)
  local out = {}
  for _, tests in ipairs(groups) do
    if #tests == 1 then
      local t = tests[1]
      local key = t.input .. (t.per_10000 and " per 10000" or "")
      out[key] = out[key] or {}
      out[key][t.op] = t
    end
  end
  return out
end

-- A leave at or above its own enter flaps.
local function check_leave(row, t)
  local enters = alone(row.enter)
  for _, tests in ipairs(row.leave) do
    for _, test in ipairs(tests) do
      local key = test.input .. (test.per_10000 and " per 10000" or "")
      local enter = enters[key] and enters[key].at_least
      if enter and test.op == "less_than" and type(test.value) == "number" and type(enter.value) == "number" and test.value >= enter.value then
        errors.add(row.where, 'levels "%s", %s: leave %s < %s must be below enter %s >= %s, or the level would flap',
          "等级表“%s”的 %s：退出 %s < %s 必须低于进入 %s >= %s，否则等级会来回跳", { t.name, row.name, key, words.quoted(test.value), key, words.quoted(enter.value) })
      end
      local tail = enters[key] and enters[key].tail
      if tail and test.op == "calm" and tail.value and test.value and test.value <= tail.value then
        errors.add(row.where, 'levels "%s", %s: leave calm(%s) must be above enter tail(%s), or the level would flap',
          "等级表“%s”的 %s：退出 calm(%s) 必须大于进入 tail(%s)，否则等级会来回跳",
          { t.name, row.name, words.quoted(test.value), words.quoted(tail.value) })
      end
    end
  end
end

local function chance_of(test)
  return test.value or test.budget and test.budget.alarms / (test.budget.streams * test.budget.every_ms)
end

-- Of two levels the higher one must be harder to enter by the same input.
local function check_pair(low, high, t)
  local below, above = alone(low.enter), alone(high.enter)
  for key, ops in host.sorted_pairs(above) do
    local a, b = ops.at_least, below[key] and below[key].at_least
    if a and b and math.type(a.value) and math.type(b.value) and a.value <= b.value then
      errors.add(high.where, 'levels "%s": %s enters at %s >= %s, which is not above %s at %s >= %s',
        "等级表“%s”：%s 的进入值 %s >= %s 没有高于 %s 的 %s >= %s",
        { t.name, high.name, key, words.quoted(a.value), low.name, key, words.quoted(b.value) })
    end
    a, b = ops.tail, below[key] and below[key].tail
    if a and b and (a.budget ~= nil) == (b.budget ~= nil) and chance_of(a) and chance_of(b) and chance_of(a) >= chance_of(b) then
      errors.add(high.where, 'levels "%s": %s is as easy to enter by %s as %s: its probability must be smaller',
        "等级表“%s”：按 %s 进入 %s 不比 %s 更难：它的概率必须更小", { t.name, high.name, key, low.name },
        nil, nil, { t.name, key, high.name, low.name })
    end
  end
  below, above = alone(low.leave), alone(high.leave)
  for key, ops in host.sorted_pairs(above) do
    local a, b = ops.less_than, below[key] and below[key].less_than
    if a and b and math.type(a.value) and math.type(b.value) and a.value < b.value then
      errors.add(high.where, 'levels "%s": %s is left at %s < %s, which is below where %s is left (%s)',
        "等级表“%s”：%s 的退出值 %s < %s 低于 %s 的退出值（%s）",
        { t.name, high.name, key, words.quoted(a.value), low.name, words.quoted(b.value) })
    end
  end
end

local function compile_table(t)
  local rows = {}
  for _, row in ipairs(type(t.rows) == "table" and t.rows or {}) do
    if type(row) == "table" then rows[#rows + 1] = compile_row(row, t) end
  end
  if #rows == 0 then
    errors.add(t.where, 'levels "%s" has no row such as { "yellow", enter = { … }, leave = { … }, closes = 3, stay = 2 }',
      '等级表“%s”没有任何一行；每行应写成 { "yellow", enter = { … }, leave = { … }, closes = 3, stay = 2 }', { t.name })
  end
  for i, row in ipairs(rows) do
    local before = rows[i - 1]
    check_leave(row, t)
    if before and row.level > 0 and before.level >= row.level then
      errors.add(row.where, 'levels "%s": %s stands after %s; write the lowest level first', "等级表“%s”：%s 写在 %s 之后；请从最低等级写起",
        { t.name, row.name, before.name })
    elseif before then
      for k = 1, i - 1 do check_pair(rows[k], row, t) end
    end
  end
  t.compiled, t.places = rows, {} -- the catalog's rows lose their places
  for i, row in ipairs(rows) do t.places[i] = row.where end
  data.level_tables[t.name] = rows
end

-- ---- warning_levels { { "yellow", zh = "黄色", en = "yellow" }, … }, the lowest first
function env.warning_levels(rows)
  local where = host.where(2)
  data.levels = host.list {}
  for _, row in ipairs(rows) do
    data.levels[#data.levels + 1] = { name = tostring(row[1]), label = catalog.label(row, where, "warning_levels." .. tostring(row[1])) }
  end
  if #rows == 0 or #rows > 7 then
    errors.add(where, "warning_levels: there must be 1 to 7 levels, not %d", "warning_levels：应有 1 到 7 个等级，而不是 %d 个", { #rows })
  end
end

function levels.find(name) return (units.find(tables, name)) end

function levels.check()
  for _, t in ipairs(tables) do compile_table(t) end
end

levels.alone, levels.count_or = alone, count_or
return levels
