-- Which rules of a set are never reached, since an earlier one takes all that they mean. Only what can be known for sure.
local host = ...
local errors = host.lib "errors"
local has = host.lib("units").has
local reach = {}

-- The numbers (or dates) that a test holds for: {from, to, from_open, to_open}; nil where it is no such test.
local function interval(t)
  if t.op == "between" then return { from = t.limit, to = t.to } end
  if not t.is_limit then return nil end
  if t.op == "at_least" or t.op == "more_than" then return { from = t.limit, from_open = t.op == "more_than" } end
  return { to = t.limit, to_open = t.op == "less_than" }
end

local function is_inside(b, a)
  if a.from and not (b.from and (b.from > a.from or b.from == a.from and (b.from_open or not a.from_open))) then return false end
  return not a.to or b.to ~= nil and (b.to < a.to or b.to == a.to and (b.to_open or not a.to_open))
end

local function are_in(some, list)
  for _, x in ipairs(some) do if not has(list, x) then return false end end
  return true
end

-- Does test a hold for the value x?
local function holds_for(a, x)
  if a.exact then return a.exact[x] == true end
  if a.op == "none" then return not has(a.list, x) end
  local of = interval(a)
  return of ~= nil and type(x) == type(of.from or of.to) and is_inside({ from = x, to = x }, of)
end

local knows = { any = true, between = true, has_word = true, starts_with = true, at_least = true, at_most = true, more_than = true,
  less_than = true, within = true }

-- Does every ticket that passes test b also pass test a?
local function implies(b, a)
  if a.name ~= b.name or a.is_group or a.is_function or b.is_function then return false end
  if a.sign == b.sign then return true end
  if a.op == "present" then return knows[b.op] == true and not b.window end
  if b.exact then
    for x in pairs(b.exact) do if not holds_for(a, x) then return false end end
    return true
  end
  if a.says and b.says then return are_in(b.says, a.says) end
  if a.op == "none" and b.op == "none" then return are_in(a.list, b.list) end
  local of_a, of_b = interval(a), interval(b)
  return of_a ~= nil and of_b ~= nil and is_inside(of_b, of_a)
end

local function shadows(a, b)
  for _, ta in ipairs(a.tests) do
    local ok = false
    for _, tb in ipairs(b.tests) do ok = ok or implies(tb, ta) end
    if not ok then return false end
  end
  return true
end

-- The exact test of a row by which the fewest rows are looked up so far; nil without one.
local function narrowest(row, by_value)
  local best, least
  for _, t in ipairs(row.tests) do
    if t.exact and not t.is_group and next(t.exact) ~= nil then
      local of, n = by_value[t.name] or {}, 0
      for value in next, t.exact do n = n + 1 + #(of[value] or {}) end
      if not least or n < least then best, least = t, n end
    end
  end
  return best
end

-- The place of the first row before b that takes all that b means. Rows with an exact test are looked up by a value of it, since one
-- that takes all of b must hold for any value b names: a set of thousands of rows is not compared pair by pair.
local function shadow_of(set, b, by_value, general)
  local first
  local function try_all(places)
    for _, k in ipairs(places or {}) do
      if (not first or k < first) and shadows(set.rows[k], b) then first = k end
    end
  end
  try_all(general)
  for _, t in ipairs(b.tests) do
    local value = t.exact and next(t.exact)
    if value ~= nil then try_all(by_value[t.name] and by_value[t.name][value]) end
  end
  return first
end

function reach.check(set)
  local by_value, general = {}, {}
  for i, b in ipairs(set.rows) do
    local is_open = not b.is_broken and #b.tests == 0 and (i < #set.rows or set.otherwise)
    if is_open then
      errors.add(b.where, 'rule "%s" has no condition, so no rule behind it is ever reached', "规则“%s”没有条件，后面的规则永远轮不到", { b.name },
        "rule", { en = "say when = { … }, or write otherwise { … } at the end", zh = "请写上 when = { … }，或在末尾写 otherwise { … }" })
      b.is_broken = true
    end
    local k = not b.is_broken and shadow_of(set, b, by_value, general)
    if k then
      local a = set.rows[k]
      errors.add(b.where, 'rule "%s" is never reached: every ticket it means is taken by "%s" (%s)',
        "规则“%s”永远轮不到：它说的工单都被“%s”（%s）先拿走了", { b.name, a.name, a.where }, b.name)
    end
    local t = not b.is_broken and narrowest(b, by_value)
    if t then
      local of = by_value[t.name] or {}
      by_value[t.name] = of
      for value in next, t.exact do
        of[value] = of[value] or {}
        table.insert(of[value], i)
      end
    elseif not b.is_broken then
      general[#general + 1] = i
    end
  end
end

return reach
