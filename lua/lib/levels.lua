-- Level tables: levels "name" { { "yellow", enter = {…}, leave = {…}, closes = 3, stay = 2 }, … }, their conditions (at_least, less_than,
-- tail, calm, per_10000, below_entry, budget), and the check that a table rises.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local words = host.lib "words"
local catalog = host.lib "catalog"
local monotone = host.lib "monotone"
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
local budget_keys = units.set_of { "alarms", "every", "streams" }
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
local tail_keys = units.set_of { "at_least", "distribution" }
local function compile_tail(w, where, what)
  local p, options = w.args[1], w.args[2] or {}
  local out = { op = w.op }
  if words.is(p) and p.op == "budget" then
    out.budget = budget_of(p, where, what)
  elseif is_probability(p) then
    out.value = p
  else
    errors.add(where, "%s: %s needs a probability between 0 and 1 such as 1e-6, or budget { … }, not %s",
      "%s：%s 需要 0 与 1 之间的概率（如 1e-6）或 budget { … }，而不是 %s", { what, w.op, errors.shown(p) })
  end
  catalog.reject_unknown(options, tail_keys, where, what .. ": " .. w.op)
  if options.at_least ~= nil and not is_positive(options.at_least) then
    errors.add(where, "%s: at_least must be a number above 0, not %s", "%s：at_least 应为大于 0 的数，而不是 %s",
      { what, errors.shown(options.at_least) })
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
      "%s：below_entry 需要大于 0、不超过 1 的比例（如 0.5），而不是 %s", { what, errors.shown(share) })
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
        errors.add(where, "%s: %s needs a number, not %s", "%s：%s 需要数字，而不是 %s", { what, w.op, errors.shown(w.args[1]) })
      end
      return { op = w.op, value = w.args[1] }
    end
  end
  errors.add(where, "%s must be at_least(…), less_than(…), tail(…), calm(…), below_entry(…) or per_10000(…)",
    "%s 应写成 at_least(…)、less_than(…)、tail(…)、calm(…)、below_entry(…) 或 per_10000(…)", { what })
  return { op = "at_least", value = 0 }
end

local needed = {
  enter = { en = "when it begins, such as enter = { S15 = at_least(16) }", zh = "何时进入该等级，例如 enter = { S15 = at_least(16) }" },
  leave = { en = "when it ends, such as leave = { S15 = less_than(8) }", zh = "何时离开该等级，例如 leave = { S15 = less_than(8) }" },
}

-- { S15 = at_least(16), … }: all of them; any_of_these({…}, {…}): all of one of them.
local function compile_condition(row, side, where, what)
  local said, groups = row[side], {}
  if said == nil then
    errors.add(where, "%s has no %s: write %s", "%s 没有写 %s：请写明%s", { what, side, needed[side].en },
      nil, nil, { what, side, needed[side].zh })
    return groups
  end
  what = what .. ": " .. side
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
  if #groups == 0 then
    errors.add(where, "%s: any_of_these() holds nothing: write any_of_these({ … }, { … })",
      "%s：any_of_these() 没有内容：应写成 any_of_these({ … }, { … })", { what })
  end
  return groups
end

-- ---- levels "recharge" { { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) }, closes = 3, stay = 2 }, … }
local row_keys = units.set_of { "enter", "leave", "closes", "stay", "sign" }
function env.levels(name)
  local where = host.where(2)
  if type(name) ~= "string" or name == "" then
    errors.add(where, 'levels need a name of their own: levels "…" { … }', '等级表要有自己的名字：levels "…" { … }')
    return errors.blank
  end
  return function(rows)
    local other = units.find(tables, name)
    if other then errors.add(where, 'levels "%s" stands twice: also at %s', "等级表“%s”出现了两次：另一处在 %s", { name, other.where }) end
    tables[#tables + 1] = { name = name, rows = rows, where = where }
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
  errors.add(where, "%s must be a whole number of bins, not %s", "%s 应为整数个时段，而不是 %s", { what, errors.shown(x) })
  return otherwise
end

local function closes_of(row, where, what)
  local n = count_or(row.closes, 3, where, what)
  if n > 0 then return n end
  errors.add(where, "%s = 0 says after no quiet bin at all: write 1 to go down after the first one", "%s = 0 表示不需要任何平静时段：第一个平静时段后就降级请写 1",
    { what })
  return 1
end

-- Who may sign the level down: { "leader" } or "leader".
local function signers_of(row, where, what)
  local list = units.parts(row.sign)
  if row.sign ~= nil and (list == nil or #list == 0) then
    errors.add(where, '%s: sign names nobody: leave it out, or write sign = { "leader" }',
      '%s：sign 没有写任何角色：不需要签字就不写 sign，需要请写 sign = { "leader" }', { what })
    return nil
  end
  for _, role in ipairs(list or {}) do
    if not data.roles[role] then
      errors.add(where, '%s: sign: "%s" is not a role', "%s：sign：“%s”不是角色", { what, tostring(role) }, role, data.roles)
    end
  end
  return list
end

-- An entry that nothing is needed for, an exit that nothing can pass.
local function check_limits(groups, is_entry, where, what)
  for _, tests in ipairs(groups) do
    for _, t in ipairs(tests) do
      if is_entry and t.op == "at_least" and t.value == 0 then
        errors.add(where, "%s: %s >= 0 always holds", "%s：%s >= 0 总是成立", { what, t.input })
      elseif not is_entry and t.op == "less_than" and t.value == 0 then
        errors.add(where, "%s: %s < 0 never holds", "%s：%s < 0 永远不成立", { what, t.input })
      end
    end
  end
end

local function enters_by(row, input)
  for _, tests in ipairs(row.enter) do
    for _, t in ipairs(tests) do
      if t.input == input then return true end
    end
  end
end

-- below_entry looks at the row's own entry by the same input.
local function check_below(row, what)
  for _, tests in ipairs(row.leave) do
    for _, t in ipairs(tests) do
      if t.op == "below_entry" and not enters_by(row, t.input) then
        local names = {}
        for _, group in ipairs(row.enter) do
          for _, e in ipairs(group) do names[#names + 1] = e.input end
        end
        errors.add(row.where, '%s: leave.%s: the level is not entered by %s, so nothing is below that entry',
          "%s：leave.%s：该等级不按 %s 进入，谈不上低于它的进入值", { what, t.input, t.input }, t.input, names)
      end
    end
  end
end

local function compile_row(row, t)
  local said = errors.count()
  local where, what = place_of(row, t.where), string.format('levels "%s", %s', t.name, tostring(row[1]))
  catalog.reject_unknown(row, row_keys, where, what)
  local _, n = units.find(data.levels, row[1])
  if row[1] == nil then
    errors.add(where, 'levels "%s": a row begins with its level: { "yellow", enter = { … }, … }',
      '等级表“%s”：每行要以等级开头：{ "yellow", enter = { … }, … }', { t.name })
  elseif not n then
    errors.add(where, 'levels "%s": "%s" is not a declared level', "等级表“%s”：“%s”不是已声明的等级", { t.name, tostring(row[1]) },
      tostring(row[1]), units.names(data.levels))
  end
  local out = { level = n or 0, name = tostring(row[1]), where = where, sign = signers_of(row, where, what),
    enter = compile_condition(row, "enter", where, what), leave = compile_condition(row, "leave", where, what),
    closes = closes_of(row, where, what .. ": closes"), stay = count_or(row.stay, 0, where, what .. ": stay") }
  if errors.count() == said then
    check_limits(out.enter, true, where, what .. ": enter")
    check_limits(out.leave, false, where, what .. ": leave")
    monotone.check_directions(out.enter, true, where, what .. ": enter")
    monotone.check_directions(out.leave, false, where, what .. ": leave")
    check_below(out, what)
  end
  return out
end

local function compile_table(t)
  local rows, said = {}, errors.count()
  for _, row in ipairs(type(t.rows) == "table" and t.rows or {}) do
    if type(row) == "table" then rows[#rows + 1] = compile_row(row, t) end
  end
  if #rows == 0 then
    errors.add(t.where, 'levels "%s" has no row such as { "yellow", enter = { … }, leave = { … }, closes = 3, stay = 2 }',
      '等级表“%s”没有任何一行；每行应写成 { "yellow", enter = { … }, leave = { … }, closes = 3, stay = 2 }', { t.name })
  end
  t.is_sound = errors.count() == said
  for i, row in ipairs(rows) do
    local before = rows[i - 1]
    if before and row.level > 0 and before.level >= row.level then
      errors.add(row.where, 'levels "%s": %s stands after %s; write the lowest level first', "等级表“%s”：%s 写在 %s 之后；请从最低等级写起",
        { t.name, row.name, before.name })
    end
  end
  t.is_sound = t.is_sound and not monotone.check(rows, { what = string.format('levels "%s"', t.name) })
  t.compiled, t.places = rows, {} -- the catalog's rows lose their places
  for i, row in ipairs(rows) do t.places[i] = row.where end
  data.level_tables[t.name] = rows
end

-- ---- warning_levels { { "yellow", zh = "黄色", en = "yellow" }, … }, the lowest first
function env.warning_levels(rows)
  local where = host.where(2)
  data.levels = host.list {}
  for _, row in ipairs(rows) do
    if type(row) ~= "table" or type(row[1]) ~= "string" or row[1] == "none" or units.find(data.levels, row[1]) then
      errors.add(where, 'warning_levels: %s is no name of a level: each has one of its own, and "none" is below the lowest',
        'warning_levels：%s 不能作等级名：每级名称各不相同，"none" 是最低级之下', { errors.shown(type(row) == "table" and row[1] or row) })
      row = type(row) == "table" and row or {}
    end
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

levels.count_or = count_or
return levels
