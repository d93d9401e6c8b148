-- What a table of levels cannot mean: a level that a lower one brings about, a higher one that is easier to enter, an exit that holds where
-- the level is entered. Asked twice: of the table alone, and of each watch that has it, whose bins, cities and expectations make counts,
-- rates and probabilities comparable: all three become the least count that holds.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local monotone = {}

local symbols = { at_least = ">=", more_than = ">", at_most = "<=", less_than = "<" }
local rising = { at_least = true, more_than = true, tail = true }
monotone.symbols = symbols

-- A test as people read it.
local function shown(t)
  if symbols[t.op] then
    return string.format("%s %s %s%s", t.input, symbols[t.op], tostring(t.value), t.per_10000 and " per 10,000" or "")
  end
  local what = t.budget and "budget" or tostring(t.value)
  local least = t.op == "tail" and t.at_least > 1 and ", at_least " .. tostring(t.at_least) or ""
  return string.format("%s %s(%s%s)", t.input, t.op, what, least)
end

local function shown_all(tests)
  local out = {}
  for i, t in ipairs(tests) do out[i] = shown(t) end
  return table.concat(out, ", ")
end

-- The probability of a tail or calm; of a budget only where bins are known.
local function chance(t, at)
  if not t.budget then return t.value end
  if not at.bin_ms then return nil end
  return t.budget.alarms * at.bin_ms / (t.budget.every_ms * t.budget.streams)
end

local function bins_of(t, at)
  local input = at.inputs and units.find(at.inputs, t.input)
  return input and input.bins
end

-- The least count with that probability or less; nil where what is expected is not known.
local function least_by_chance(t, at, least)
  local p, bins = chance(t, at), bins_of(t, at)
  if not p or not bins or not at.mean then return nil end
  return host.tail_least(at.mean * bins, t.poisson and 1 or at.dispersion, p, least)
end

-- A limit as a count, from a rate where it is one; nil where the subscribers are not known.
local function limit(t, at)
  if not t.per_10000 then return t.value end
  return at.subscribers and t.value * at.subscribers / 10000
end

-- The least count that a rising test takes.
local function least(t, at)
  if t.op == "tail" then return least_by_chance(t, at, t.at_least) end
  local x = limit(t, at)
  if not x then return nil end
  local input = at.inputs and units.find(at.inputs, t.input)
  if input and input.kind == "cusum" then return x end
  return t.op == "more_than" and math.floor(x) + 1 or math.ceil(x)
end

-- The count from which on a falling test no longer holds.
local function ends(t, at)
  if t.op == "calm" then return least_by_chance(t, at, 1) end
  local x = limit(t, at)
  return x and (t.op == "at_most" and math.floor(x) + 1 or x)
end

-- Both are of the same probability; true, false, nil as below.
local function implies_tail(a, b, at)
  local p, q = chance(a, at), chance(b, at)
  if (a.budget ~= nil) ~= (b.budget ~= nil) and not (p and q) or (a.poisson and not b.poisson) then return nil end
  p, q = p or a.budget.alarms / (a.budget.every_ms * a.budget.streams), q or b.budget.alarms / (b.budget.every_ms * b.budget.streams)
  return p <= q and a.at_least >= b.at_least
end

-- Whether every count that passes rising test a passes rising test b: true, false (some does not), nil (not known).
local function implies(a, b, at)
  local a_bins, b_bins = bins_of(a, at), bins_of(b, at)
  local is_longer = a.input ~= b.input and a_bins ~= nil and b_bins ~= nil and b_bins > a_bins -- a longer sum is at least as large
  if a.input ~= b.input and not is_longer then return nil end
  if a.input == b.input and a.op == "tail" and b.op == "tail" then return implies_tail(a, b, at) end
  local x, y = least(a, at), least(b, at)
  if x and y and x >= y then return true end
  if is_longer then return nil end
  if x and y then return false end
  if a.per_10000 and b.per_10000 then
    return a.value > b.value or a.value == b.value and (a.op == b.op or a.op == "more_than")
  end
  if b.op == "tail" and x and x < b.at_least then return false end
  if a.op == "tail" and y and a.at_least >= y then return true end
  return nil
end

-- Every test of `to` follows from one of `from`.
local function group_implies(from, to, at)
  for _, b in ipairs(to) do
    local ok = false
    for _, a in ipairs(from) do ok = ok or implies(a, b, at) == true end
    if not ok then return false end
  end
  return true
end

local function find_input(tests, name)
  for _, t in ipairs(tests) do
    if t.input == name then return t end
  end
end

-- The pair of tests by which a group of the higher level is easier than one of the lower that asks at least for the same inputs; nil: none.
local function easier(high, low, at)
  for _, h in ipairs(high) do
    if not find_input(low, h.input) then return nil end
  end
  for _, h in ipairs(high) do
    local g = find_input(low, h.input)
    if implies(h, g, at) == false then return h, g end
  end
end

local function in_city(at) return at.place and string.format(" (%s)", at.place) or "" end

local function not_above(low, high, at, h, g)
  errors.add(high.where, "%s: %s enters at %s, which is not above %s at %s%s: the higher level must take more",
    "%s：%s 的进入条件 %s 没有高于 %s 的 %s%s：更高的等级必须更难进入",
    { at.what, high.name, shown(h), low.name, shown(g), in_city(at) })
  return true
end

local function swallows(low, high, at, h, g)
  if #h == 1 and #g == 1 and h[1].input == g[1].input then return not_above(low, high, at, h[1], g[1]) end
  errors.add(high.where, "%s: %s enters at %s, which %s (%s) already brings about%s: the higher level must take more",
    "%s：%s 的进入条件 %s 在 %s（%s）时已经达到%s：更高的等级必须更难进入",
    { at.what, high.name, shown_all(h), low.name, shown_all(g), in_city(at) })
  return true
end

local function check_pair(low, high, at)
  for _, h in ipairs(high.enter) do
    local is_above, a, b = false, nil, nil
    for _, g in ipairs(low.enter) do
      if not at.is_least and group_implies(g, h, at) then return swallows(low, high, at, h, g) end
      is_above = is_above or group_implies(h, g, at)
      if not a then a, b = easier(h, g, at) end
    end
    if a and not is_above then return not_above(low, high, at, a, b) end
  end
  return false
end

-- Whether a rising and a falling test of one input can both hold: true, false, nil (not known).
local function meet(rise, fall, at)
  if fall.op == "below_entry" then return false end
  if rise.op == "tail" and fall.op == "calm" and not rise.poisson == not fall.poisson then
    local p, q = chance(rise, at), chance(fall, at)
    if p and q then return q <= p end
    return nil
  end
  local from, to = least(rise, at), ends(fall, at)
  if from and to then return to >= from end
  if rise.per_10000 and fall.per_10000 then return fall.value >= rise.value end
  return nil
end

-- An exit that holds while an entry does, as far as both look at the same inputs.
local function check_leave(row, at)
  for _, out in ipairs(row.leave) do
    for _, enter in ipairs(row.enter) do
      local a, b, is_apart = nil, nil, false
      for _, fall in ipairs(out) do
        local rise = find_input(enter, fall.input)
        local both = rise and meet(rise, fall, at)
        if both then a, b = a or fall, b or rise end
        is_apart = is_apart or rise ~= nil and not both
      end
      if a and not is_apart then
        errors.add(row.where, "%s, %s: leave %s is not below enter %s%s, so the level would flap: leave when less is seen",
          "%s 的 %s：退出 %s 没有低于进入 %s%s，等级会来回跳：应在数量更少时退出",
          { at.what, row.name, shown(a), shown(b), in_city(at) })
        return true
      end
    end
  end
  return false
end

-- A higher level that is left later than the lower one, by the same input alone.
local function check_exits(low, high, at)
  if #low.leave ~= 1 or #high.leave ~= 1 then return false end
  for _, a in ipairs(high.leave[1]) do
    local b = find_input(low.leave[1], a.input)
    if b and a.op ~= "below_entry" and b.op ~= "below_entry" then
      local is_below
      if a.op == "calm" and b.op == "calm" and not a.poisson == not b.poisson then
        is_below = (chance(a, at) or 0) > (chance(b, at) or 1)
      elseif a.per_10000 and b.per_10000 then
        is_below = a.value < b.value
      else
        local x, y = ends(a, at), ends(b, at)
        is_below = x and y and x < y
      end
      if is_below then
        errors.add(high.where, "%s: %s is left at %s, which is below where %s is left (%s)%s", "%s：%s 的退出条件 %s 低于 %s 的退出条件（%s）%s",
          { at.what, high.name, shown(a), low.name, shown(b), in_city(at) })
        return true
      end
    end
  end
  return false
end

-- rows: compiled, the lowest first. at: {what, place?, inputs?, bin_ms?, mean? (a bin), is_least? (others have more), dispersion?,
-- subscribers?}. True: something was said.
function monotone.check(rows, at)
  local found = false
  for i, row in ipairs(rows) do
    found = check_leave(row, at) or found
    for k = 1, i - 1 do
      local low = rows[k]
      if low.level < row.level then
        found = check_pair(low, row, at) or found
        found = check_exits(low, row, at) or found
      end
    end
  end
  return found
end

-- Which way a condition must look: an entry at what rises, an exit at what falls.
function monotone.check_directions(groups, is_entry, where, what)
  for _, tests in ipairs(groups) do
    for _, t in ipairs(tests) do
      if is_entry and not rising[t.op] then
        errors.add(where, "%s: %s holds when little is seen, but a level is entered when much is: write at_least, more_than or tail",
          "%s：%s 在数量少时成立，而进入等级应看数量多：请写 at_least、more_than 或 tail", { what, shown(t) })
        return false
      elseif not is_entry and rising[t.op] then
        errors.add(where, "%s: %s holds when much is seen, but a level is left when little is: write less_than, at_most, below_entry or calm",
          "%s：%s 在数量多时成立，而退出等级应看数量少：请写 less_than、at_most、below_entry 或 calm", { what, shown(t) })
        return false
      end
    end
  end
  return true
end

return monotone
