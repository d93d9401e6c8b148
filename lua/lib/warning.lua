-- The words of early warning: watch, cluster, day_class, and inside them cusum, baseline, farrington (levels.lua has the others).
-- What they leave in the catalog is listed in include/tocsin/watch.h.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local words = host.lib "words"
local catalog = host.lib "catalog"
local calendar = host.lib "calendar"
local levels = host.lib "levels"
local monotone = host.lib "monotone"
local keys = host.lib "keys"
local data = catalog.data
local warning = { env = {} }
local env = warning.env
local watches = {} -- as written; compiled when all of the pack is known
data.watches, data.day_classes, data.clusters, data.retired = host.list {}, host.list {}, host.map {}, host.map {}
local is_positive, is_whole, count_or = levels.is_positive, levels.is_whole, levels.count_or

-- Numbers that are not counted in bins but handed in by their names.
local given = { affected = true, potential = true, failed = true, complained = true }

function env.cusum(row)
  local out = words.word("cusum", { row })
  return out
end
function env.baseline(row)
  local out = words.word("baseline", { row })
  return out
end
function env.farrington(row)
  local out = words.word("farrington", { row })
  return out
end

-- ---- cluster "payment" { zh = "支付", en = "payment", categories = { "recharge", "billing.overcharge" } }
local cluster_keys = catalog.labelled { "categories" }
function env.cluster(name)
  local where = host.where(2)
  return function(row)
    local what = "cluster " .. tostring(name)
    catalog.reject_unknown(row, cluster_keys, where, what)
    catalog.declare("clusters", name, where, { label = catalog.label(row, where, what), categories = row.categories or {} })
  end
end

-- A category, or the name of a branch: something lies under it.
local function is_branch(code)
  if data.categories[code] then return true end
  for known in pairs(data.categories) do
    if known:sub(1, #code + 1) == code .. "." then return true end
  end
  return false
end

local function check_categories(list, where, what)
  for _, code in ipairs(list) do
    if not is_branch(tostring(code)) then
      errors.add(where, '%s: "%s" is not a declared category', "%s：“%s”不是已声明的分类", { what, tostring(code) }, tostring(code), data.categories)
    end
  end
end

-- ---- day_class "restday" { zh = "休息日", en = "day of rest", working = false, calendar = "china", like = "…" }
local class_keys = catalog.labelled { "dates", "month_days", "last_days", "weekdays", "working", "calendar", "like" }

local function days_in(list, last, where, what, key)
  local out = {}
  for _, n in ipairs(list or {}) do
    if math.type(n) ~= "integer" or n < 1 or n > last then
      errors.add(where, "%s: %s: %s is not a number from 1 to %d", "%s：%s：%s 不是 1 到 %d 的整数", { what, key, errors.shown(n), last })
    else
      out[#out + 1] = n
    end
  end
  return #out > 0 and out or nil
end

function env.day_class(name)
  local where = host.where(2)
  return function(row)
    local what = "day_class " .. tostring(name)
    catalog.reject_unknown(row, class_keys, where, what)
    if units.find(data.day_classes, name) then errors.add(where, 'day_class "%s" stands twice', "日期类别“%s”出现了两次", { tostring(name) }) end
    local out = { name = tostring(name), label = catalog.label(row, where, what), like = row.like, working = row.working, where = where,
      calendar = row.calendar or (row.working ~= nil and "china" or nil),
      month_days = days_in(row.month_days, 31, where, what, "month_days"), weekdays = days_in(row.weekdays, 7, where, what, "weekdays"),
      last_days = count_or(row.last_days, nil, where, what .. ": last_days") }
    if row.dates then out.dates = calendar.dates(row.dates, where, what) end
    if out.working == nil and not out.month_days and not out.weekdays and not out.last_days and not out.dates then
      errors.add(where, "%s: say which days: working = true, dates = \"…\", weekdays = { 6, 7 }, month_days = { 1 } or last_days = 3",
        "%s：请说明是哪些日子：working = true、dates = \"…\"、weekdays = { 6, 7 }、month_days = { 1 } 或 last_days = 3", { what })
    end
    data.day_classes[#data.day_classes + 1] = out
  end
end

-- The first class that a day falls into counts: behind one of the working days and one of the others of a calendar there is no day left.
local function check_class_order()
  local taken = {}
  for _, class in ipairs(data.day_classes) do
    local all
    for name, of in host.sorted_pairs(taken) do all = all or of[true] and of[false] and name end
    if all then
      errors.add(class.where, 'day_class %s: no day is left for it behind the working days and the others of "%s": write it in front of them',
        "日期类别 %s：“%s”的工作日和其他日子已在它前面，不会再有日子属于它：请写在它们前面", { class.name, all })
    end
    if class.working ~= nil then
      taken[class.calendar] = taken[class.calendar] or {}
      taken[class.calendar][class.working] = true
    end
  end
end

-- ---- the model of what is usual
local baseline_defaults = { slot = "30m", least_days = 3, memory_days = 28, borrow_days = 3, clip = 3, own_profile_from = 100,
  least_expected = 0.001, dispersion = 1.2, weekly = true, calibrated = true }
local farrington_defaults = { years = 5, half_width = 3, periods = 10, not_last = 26, reweight_above = 2.58, trend = true, year = 52,
  short = 52, least = 7 }

local least_setting = { memory_days = 1, clip = 1, dispersion = 1, years = 1, periods = 1, year = 1 } -- less cannot be meant

local also_known = { baseline = { "until_learned" } } -- has no default: nothing is expected

local function settings(w, defaults, where, what)
  local row, out = type(w.args[1]) == "table" and w.args[1] or {}, { kind = w.op }
  local known = units.set_of(also_known[w.op] or {})
  for key in host.sorted_pairs(defaults) do known[key] = true end
  catalog.reject_unknown(row, known, where, what .. ": " .. w.op)
  for key, usual in host.sorted_pairs(defaults) do
    local x = row[key]
    if x == nil then x = usual end
    if type(x) ~= type(usual) or type(x) == "number" and x < (least_setting[key] or 0) then
      errors.add(where, "%s: %s: %s must be like %s, not %s", "%s：%s：%s 应像 %s，而不是 %s",
        { what, w.op, key, errors.shown(usual), errors.shown(x) })
      x = usual
    end
    out[key] = x
  end
  return out
end

-- So many a bin: a number, or { shenzhen = 2.0, otherwise = 0.3 } → {value, cities?}; nil: it is neither. key: how it is called.
local function fixed_of(said, where, what, key)
  if is_positive(said) then return { value = said } end
  if type(said) ~= "table" or words.is(said) then return nil end
  local out = { value = said.otherwise, cities = host.map {} }
  for city, n in host.sorted_pairs(said) do
    if not is_positive(n) then
      errors.add(where, "%s: %s.%s: %s is not a number above 0", "%s：%s.%s：%s 不是大于 0 的数", { what, key, tostring(city), errors.shown(n) })
    elseif city ~= "otherwise" then
      if not data.cities[city] then
        errors.add(where, '%s: %s: "%s" is not a declared city', "%s：%s：“%s”不是已声明的地市", { what, key, tostring(city) }, tostring(city), data.cities)
      end
      out.cities[city] = n
    end
  end
  return out.value and out
end

-- What is expected until the stream has been learned.
local function until_learned_of(row, where, what)
  if row.until_learned == nil then return nil end
  local out = fixed_of(row.until_learned, where, what, "baseline: until_learned")
  if not out then
    errors.add(where, "%s: baseline: until_learned must be a number a bin, or { shenzhen = 2.0, otherwise = 0.3 }, not %s",
      "%s：baseline：until_learned 应为每时段的个数，或 { shenzhen = 2.0, otherwise = 0.3 }，而不是 %s", { what, errors.shown(row.until_learned) })
  end
  return out
end

local function compile_expected(said, where, what, bin_ms)
  if said == nil then return nil end
  if words.is(said) and said.op == "baseline" then
    local out = settings(said, baseline_defaults, where, what)
    out.until_learned = until_learned_of(type(said.args[1]) == "table" and said.args[1] or {}, where, what)
    local slot = units.duration(out.slot)
    if bin_ms > 86400000 then
      errors.add(where, "%s: baseline is for bins of a day or less; weeks take farrington { … }", "%s：baseline 只用于不超过一天的时段；按周请用 farrington { … }",
        { what })
      return nil
    end
    if not slot or slot % bin_ms ~= 0 and bin_ms < 86400000 or 86400000 % slot ~= 0 and slot < 86400000 then
      errors.add(where, '%s: baseline: slot = "%s" must be whole bins and part a day evenly, such as "30m"',
        '%s：baseline：slot = "%s" 应为整数个时段并能整除一天，如 "30m"', { what, tostring(out.slot) })
      slot = 86400000
    end
    out.slot, out.slot_ms = nil, slot
    return out
  elseif words.is(said) and said.op == "farrington" then
    return settings(said, farrington_defaults, where, what)
  end
  local fixed = fixed_of(said, where, what, "expected")
  if fixed then
    fixed.kind = "fixed"
    return fixed
  end
  errors.add(where, "%s: expected must be a number a bin, { shenzhen = 2.0, otherwise = 0.3 }, baseline { … } or farrington { … }",
    "%s：expected 应为每时段的个数、{ shenzhen = 2.0, otherwise = 0.3 }、baseline { … } 或 farrington { … }", { what })
end

-- ---- watch "recharge not credited" { categories = { "recharge.not_credited" }, by = { "city", "category" }, bin = "5m", … }
local watch_keys = catalog.labelled { "of", "categories", "kinds", "service", "component", "by", "cluster", "bin", "sums", "expected",
  "dispersion", "levels", "silent", "early" }
local by_names = units.set_of { "city", "category", "cluster", "service", "component", "kind" }
local of_names = { complaints = true, signals = true, series = true }

function env.watch(name)
  local where = host.where(2)
  if type(name) ~= "string" or name == "" then
    errors.add(where, 'a watch needs a name of its own: watch "…" { … }', '监视项要有自己的名字：watch "…" { … }')
    return errors.blank
  end
  return function(row)
    for _, other in ipairs(watches) do
      if other.name == name and catalog.is_of_base(other.where) == catalog.is_of_base(where) then
        errors.add(where, 'watch "%s" stands twice: also at %s', "监视项“%s”出现了两次：另一处在 %s", { name, other.where })
      end
    end
    watches[#watches + 1] = { name = name, row = row, where = where }
  end
end

-- ---- retire "old watch" { into = "new watch" }: its standing warnings go to that watch; retire "old watch" {}: they end with the next close.
-- retire "cluster:payment" {} and retire "silence" {}: so does what a roll-up of that key, or silence, made. Without it a pack that takes away
-- what makes a standing warning is refused.
local retired_keys, retired_at = { into = true }, {}
function env.retire(name)
  local where = host.where(2)
  return function(row)
    local what = string.format('retire "%s"', tostring(name))
    if type(name) ~= "string" or type(row) ~= "table" then
      errors.add(where, '%s must be retire "the old watch" { into = "the new one" }', '%s 应写成 retire "原监视项" { into = "新监视项" }', { what })
      return
    end
    catalog.reject_unknown(row, retired_keys, where, what)
    data.retired[name], retired_at[name] = { into = row.into }, where
  end
end

-- What makes levels besides watches, by the name it is retired by.
local function other_makers()
  local out = { silence = data.silence and true or nil }
  for _, one in ipairs(data.rollups) do out[one.key] = true end
  return out
end

local function check_retired()
  local known, others = warning.names(), other_makers()
  for name, row in host.sorted_pairs(data.retired) do
    if row.into ~= nil and not known[row.into] then
      errors.add(retired_at[name], 'retire "%s": there is no watch "%s"', "retire “%s”：没有监视项“%s”", { name, tostring(row.into) },
        tostring(row.into), known)
    elseif row.into == nil and known[name] then
      errors.add(retired_at[name], 'retire "%s": the watch is still there; write into = "%s" to let its warnings go on as its levels are now',
        "retire “%s”：该监视项仍在；要让它的预警按现在的等级表继续，请写 into = “%s”", { name, name })
    elseif others[name] then
      errors.add(retired_at[name], 'retire "%s": it is still there', "retire “%s”：它仍在规则包里", { name })
    end
  end
end

local function one_of(x, known, where, what, key)
  if not known[x] then
    errors.add(where, '%s: %s: "%s" is unknown', '%s：%s：“%s”不认识', { what, key, tostring(x) }, tostring(x), known)
  end
  return x
end

local function bin_of(row, where, what)
  local bin = units.duration(row.bin)
  if row.bin == "1w" then bin = 7 * 86400000 end
  if not bin or bin % 60000 ~= 0 or bin == 0 or 86400000 % bin ~= 0 and bin ~= 7 * 86400000 then
    errors.add(where, '%s: bin must be a length that parts a day evenly, such as "5m", "1h", "1d", or "1w", not %s',
      '%s：bin 应为能整除一天的时长，如 "5m"、"1h"、"1d"，或 "1w"，而不是 %s', { what, errors.shown(row.bin) })
    return 300000
  end
  return bin
end

local cusum_keys = units.set_of { "ratio", "cap" }
local function compile_input(name, said, bin_ms, where, what)
  if words.is(said) and said.op == "cusum" then
    local row = type(said.args[1]) == "table" and said.args[1] or {}
    catalog.reject_unknown(row, cusum_keys, where, what .. ": cusum")
    if not is_positive(row.ratio) or row.ratio <= 1 or not is_positive(row.cap) then
      errors.add(where, "%s: write %s = cusum { ratio = 1.5, cap = 20 } with a ratio above 1",
        "%s：应写成 %s = cusum { ratio = 1.5, cap = 20 }，ratio 大于 1",
        { what, name })
      return nil
    end
    return { name = name, kind = "cusum", ratio = row.ratio, cap = row.cap }
  end
  local span = units.duration(said)
  local bins = is_whole(said) and said or span and span % bin_ms == 0 and span // bin_ms
  if not bins or bins < 1 or bins > 4096 then
    errors.add(where, '%s: sums.%s must be a number of bins such as 3 or "15m", not %s', '%s：sums.%s 应为时段个数，如 3 或 "15m"，而不是 %s',
      { what, name, errors.shown(said) })
    return nil
  end
  return { name = name, kind = "sum", bins = bins }
end

-- Every stream that the watch may have, as far as it makes a difference: its subscribers, and what is usual in a bin (the least that a
-- baseline expects, where it is learned).
local function kinds_of_stream(row, expected)
  local usual = expected and (expected.kind == "fixed" and expected.value or expected.least_expected)
  local all, out = 0, {}
  for city, c in host.sorted_pairs(data.cities) do
    all = all + (c.subscribers or 0)
    local mean = expected and expected.kind == "fixed" and expected.cities and expected.cities[city] or usual
    out[#out + 1] = { place = city, subscribers = c.subscribers, mean = mean }
  end
  for _, by in ipairs(row.by or {}) do
    if by == "city" and #out > 0 then return out end
  end
  return { { subscribers = all > 0 and all or nil, mean = usual } }
end

-- What can only be said of the table and the watch together: whether it rises in every city.
local function check_rise(row, t, inputs, expected, bin_ms, what)
  if not t.is_sound then return end
  local dispersion = expected and expected.kind == "baseline" and expected.dispersion or row.dispersion or 1
  for _, at in ipairs(kinds_of_stream(row, expected)) do
    at.what, at.inputs, at.bin_ms, at.dispersion, at.is_least = what, inputs, bin_ms, dispersion, expected and expected.kind == "baseline"
    if monotone.check(t.compiled, at) then return end
  end
end

-- The sum that is kept for a slow climb is cut off at its cap: what lies above is never reached.
local function check_cap(input, test, row, where, what)
  if input.kind ~= "cusum" or test.op == "at_least" and test.value <= input.cap or test.op == "more_than" and test.value < input.cap then return end
  errors.add(where, "%s: %s ends at cap = %s, so %s %s %s is never reached: raise the cap, or lower the entry of %s",
    "%s：%s 的上限 cap = %s，永远达不到 %s %s %s：请提高 cap，或降低 %s 的进入值",
    { what, input.name, errors.shown(input.cap), input.name, monotone.symbols[test.op], errors.shown(test.value), row.name })
end

-- A rate needs to know of how many.
local function check_rate(row, test, level, t, what)
  if not test.per_10000 then return end
  for _, at in ipairs(kinds_of_stream(row)) do
    if at.subscribers then return end
  end
  errors.add(level.where, '%s: levels "%s", %s: per_10000 of %s, but no city says how many subscribers it has: cities { … subscribers … }',
    '%s：等级表“%s”的 %s：%s 用了 per_10000，但没有任何地市写明用户数：请在 cities { … } 里填写 subscribers',
    { what, t.name, level.name, test.input })
end

local needs_model = { tail = true, calm = true, below_entry = true }
local function check_inputs(watch, inputs, t, has_model, where, what)
  for _, row in ipairs(t.compiled) do
    for side_no, side in ipairs { row.enter, row.leave } do
      for _, tests in ipairs(side) do
        for _, test in ipairs(tests) do
          local input = units.find(inputs, test.input)
          if not input and given[test.input] then
            input = { name = test.input, kind = "given" }
            inputs[#inputs + 1] = input
          elseif not input then
            local names = errors.names(given)
            for _, known in ipairs(inputs) do names[#names + 1] = known.name end
            errors.add(row.where, '%s: levels "%s", %s: "%s" is not one of its sums', "%s：等级表“%s”的 %s：“%s”不在它的 sums 之中",
              { what, t.name, row.name, test.input }, test.input, names)
          end
          if needs_model[test.op] and input and (input.kind ~= "sum" or test.op ~= "below_entry" and not has_model) then
            errors.add(row.where, '%s: levels "%s", %s: %s of %s needs a sum and expected = …',
              '%s：等级表“%s”的 %s：%s 用于 %s 时，需要 sums 里的合计和 expected = …',
              { what, t.name, row.name, test.op, test.input })
          elseif input and side_no == 1 then
            check_cap(input, test, row, where, what)
          end
          check_rate(watch, test, row, t, what)
        end
      end
    end
  end
end

local function compile_inputs(row, bin_ms, has_model, where, what)
  local inputs = {}
  for name, said in host.sorted_pairs(type(row.sums) == "table" and row.sums or {}) do
    local input = compile_input(tostring(name), said, bin_ms, where, what)
    if input and input.kind == "cusum" and not has_model then
      errors.add(where, "%s: cusum needs expected = …", "%s：cusum 需要 expected = …", { what })
    end
    inputs[#inputs + 1] = input
  end
  if #inputs == 0 or #inputs > 6 then
    errors.add(where, '%s needs sums = { S15 = 3, S60 = 12 }: one to six', '%s 需要 sums = { S15 = 3, S60 = 12 }：一到六个', { what })
  end
  return inputs
end

-- By what streams are told apart: what is counted must have it, and each once.
local by_of = { complaints = { city = true, category = true, cluster = true },
  signals = { city = true, kind = true, service = true, component = true }, series = {} }

local function check_by(row, where, what)
  local of, seen = row.of or "complaints", {}
  if row.by == nil then return end
  if type(row.by) ~= "table" or words.is(row.by) or #row.by == 0 then
    errors.add(where, '%s: by tells streams apart, such as by = { "city", "category" }, not %s; for one stream of all leave it out',
      '%s：by 说明按什么区分，如 by = { "city", "category" }，而不是 %s；合在一起算就不写 by',
      { what, type(row.by) == "table" and "{}" or errors.shown(row.by) })
    row.by = nil
    return
  end
  for _, by in ipairs(row.by) do
    one_of(by, by_names, where, what, "by")
    if by_names[by] and by_of[of] and not by_of[of][by] then
      errors.add(where, "%s: by: %s have no %s", "%s：by：%s 没有 %s", { what, of, by }, by, by_of[of])
    elseif seen[by] then
      errors.add(where, "%s: by names %s twice", "%s：by 里 %s 写了两次", { what, by })
    elseif by == "cluster" and not row.cluster then
      errors.add(where, '%s: by cluster needs the cluster: cluster = "…"', '%s：by 写了 cluster，还要写明 cluster = "…"', { what })
    end
    seen[by] = true
  end
end

-- A list of texts that is left out or has something in it.
local function check_list(row, key, where, what)
  local list = row[key]
  if list == nil or type(list) == "table" and not words.is(list) and #list > 0 then return end
  errors.add(where, "%s: %s must be a list with something in it, such as { %s }, not %s; for all leave it out",
    "%s：%s 应为非空列表，如 { %s }，而不是 %s；不限就不写",
    { what, key, type(list) == "string" and errors.shown(list) or '"…"', type(list) == "table" and "{}" or errors.shown(list) })
  row[key] = nil
end

-- Settings that look at what this watch does not count would be passed over.
local only_of = { categories = "complaints", cluster = "complaints", kinds = "signals", service = "signals", component = "signals" }
local function check_scope(row, where, what)
  for key, of in host.sorted_pairs(only_of) do
    if row[key] ~= nil and by_of[row.of or "complaints"] and (row.of or "complaints") ~= of then
      errors.add(where, '%s: %s belongs to of = "%s"', '%s：%s 只用于 of = "%s"', { what, key, of })
    end
  end
  for _, kind in ipairs(row.kinds or {}) do
    if next(data.signals) and not data.signals[kind] then
      errors.add(where, '%s: "%s" is not a declared kind of signal', "%s：“%s”不是已声明的信号类型", { what, tostring(kind) }, tostring(kind), data.signals)
    end
  end
end

local function check_names(row, where, what)
  one_of(row.of or "complaints", of_names, where, what, "of")
  check_list(row, "categories", where, what)
  check_list(row, "kinds", where, what)
  check_by(row, where, what)
  check_scope(row, where, what)
  check_categories(row.categories or {}, where, what)
  if row.cluster and not data.clusters[row.cluster] then
    errors.add(where, '%s: "%s" is not a declared cluster', "%s：“%s”不是已声明的分类簇", { what, tostring(row.cluster) },
      tostring(row.cluster), data.clusters)
  end
  if row.dispersion ~= nil and (math.type(row.dispersion) == nil or row.dispersion < 1) then
    errors.add(where, "%s: dispersion must be 1 (Poisson) or more, not %s", "%s：dispersion 应不小于 1（泊松），而不是 %s",
      { what, errors.shown(row.dispersion) })
  end
  if row.silent ~= nil and not units.duration(row.silent) then
    errors.add(where, '%s: silent: "%s" is not a duration such as "10m"', '%s：silent：“%s”不是时长，应写成 "10m"', { what, tostring(row.silent) })
  end
end

local function check_silent(row, where, what)
  if row.silent and not data.silence then
    errors.add(where, '%s: silent needs a level: silence { level = "yellow" }', '%s：silent 需要先写明级别：silence { level = "yellow" }', { what })
  end
end

-- So long after signals came, what they have entered is told, though their bin has not ended.
local function early_of(row, bin_ms, where, what)
  local ms = row.early ~= nil and units.duration(row.early) or nil
  if row.early ~= nil and (row.of ~= "signals" or not ms or ms < 1000 or ms >= bin_ms) then
    errors.add(where, '%s: early must be a duration below its bin, such as "20s", and belongs to of = "signals"',
      '%s：early 应为短于时段的时长，如 "20s"，且只用于 of = "signals"', { what })
    return nil
  end
  return ms
end

local function compile_watch(w)
  local said = errors.count()
  local row, where, what = w.row, w.where, string.format('watch "%s"', w.name)
  catalog.reject_unknown(row, watch_keys, where, what)
  check_names(row, where, what)
  check_silent(row, where, what)
  local bin_ms = bin_of(row, where, what)
  local expected = compile_expected(row.expected, where, what, bin_ms)
  if expected and expected.kind == "farrington" and row.of ~= "series" and bin_ms < 86400000 then
    errors.add(where, "%s: farrington is for bins of a day or a week; shorter ones take baseline { … }",
      "%s：farrington 只用于一天或一周的时段；更短的请用 baseline { … }", { what })
  end
  local inputs = compile_inputs(row, bin_ms, row.expected ~= nil, where, what)
  local t = levels.find(row.levels)
  if row.levels == nil then
    errors.add(where, '%s: levels = "…" must name the levels it warns at', '%s：要用 levels = "…" 写明按哪个等级表预警', { what })
  elseif not t then
    errors.add(where, '%s: there is no levels "%s"', '%s：没有等级表“%s”', { what, tostring(row.levels) }, tostring(row.levels),
      units.names(levels.tables))
  else
    local before = errors.count()
    check_inputs(row, inputs, t, row.expected ~= nil, where, what)
    if errors.count() == before then check_rise(row, t, inputs, expected, bin_ms, what) end
  end
  data.watches[#data.watches + 1] = { name = w.name, label = row.zh and catalog.label(row, where, what) or nil, of = row.of or "complaints",
    categories = row.categories, kinds = row.kinds, service = row.service, component = row.component, by = row.by, cluster = row.cluster,
    bin_ms = bin_ms, inputs = inputs, expected = expected, dispersion = row.dispersion, levels = row.levels,
    silent_ms = row.silent and units.duration(row.silent) or nil, early_ms = early_of(row, bin_ms, where, what), where = where }
  w.is_sound = errors.count() == said
end

-- {name = true} of all watches, as written.
function warning.names()
  local out = {}
  for _, w in ipairs(watches) do out[w.name] = true end
  return out
end

-- What can only be checked when all of the pack is known. A watch or a table of the pack stands for the base's of the same name.
function warning.check()
  for name, cluster in host.sorted_pairs(data.clusters) do
    local where = catalog.where("clusters", name)
    if type(cluster.categories) ~= "table" or #cluster.categories == 0 then
      errors.add(where, 'cluster %s holds nothing together: categories = { "…", "…" }', '分类簇 %s 没有任何分类：请写 categories = { "…", "…" }', { name })
      cluster.categories = {}
    end
    check_categories(cluster.categories, where, "cluster " .. name)
  end
  check_class_order()
  for _, class in ipairs(data.day_classes) do
    if class.like and not units.find(data.day_classes, class.like) then
      errors.add(class.where, 'day_class %s: like "%s" is not a day_class', "日期类别 %s：like “%s”不是日期类别", { class.name, tostring(class.like) },
        tostring(class.like), units.names(data.day_classes))
    end
    if class.calendar and not data.calendars[class.calendar] then
      errors.add(class.where, 'day_class %s: "%s" is not a declared calendar', "日期类别 %s：“%s”不是已声明的日历", { class.name, tostring(class.calendar) },
        tostring(class.calendar), data.calendars)
    end
  end
  levels.check()
  local last = {}
  for i, w in ipairs(watches) do last[w.name] = i end
  local live = {}
  for i, w in ipairs(watches) do
    if last[w.name] == i then live[#live + 1] = w end
  end
  for _, w in ipairs(live) do
    catalog.stands("watches", w.name, w.where)
    if type(w.row) ~= "table" then
      errors.add(w.where, 'watch "%s" must be followed by { … }', "监视项“%s”后面应是 { … }", { w.name })
      w.row = {}
    end
    compile_watch(w)
  end
  keys.check(live)
  check_retired()
  local rows = { data.watches, data.day_classes } -- the catalog shows what there is, not where it is written
  for _, t in host.sorted_pairs(data.level_tables) do rows[#rows + 1] = t end
  for _, list in ipairs(rows) do
    for _, row in ipairs(list) do row.where = nil end
  end
end

return warning
