-- What BOSS tells us and what we make of it: signals { … }, component "…" { … }, fault "…" { … }, suspects { … }.
--   signals    kinds of signals, what each says of a number (number = "affected", "potential" or "fixed") or of a caller who heard a prompt
--              (heard = "hung_up" or "went_on"), how late and how many
--   component  the configuration database: a part of BOSS, what it depends on, who looks after it
--   fault      which signals and complaints belong to one fault: whose numbers are affected, whose will be
--   suspects   by which evidence components are ranked, and how much of it there must be
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local signals = { env = {} }
local data, env = catalog.data, signals.env
data.signals, data.components, data.faults = {}, {}, {}
local day = 86400000

-- What holds where the pack says nothing; the core has no numbers of its own. A fault that is gone from the pack has those of a fault.
data.signal_limits = { late_ms = day, ahead_ms = 60000, keep_ms = 7 * day, streams = 2000, numbers = 6000000, version_every_ms = 20000,
  number_keep_ms = 90 * day }
data.fault_defaults = { window_ms = 3600000, expires_ms = day }
data.suspects = { window_ms = 3600000, change_ms = day, order = host.list {}, most = 5, metrics = host.list {},
  minimum = { failed = 1, share = 0, times_usual = 0, metric = 0 } }

local says = { affected = true, potential = true, fixed = true }
local values = { number = true, state = true }
local stages = { fixed = true, told = true }
-- What each evidence is called where people read it, and what its number counts.
local criteria = {
  planned_change = { zh = "计划内割接（开始至今）", en = "planned work, time since its beginning", unit = "ms" },
  state = { zh = "组件状态", en = "state of the component" },
  metric = { zh = "指标恶化（与上一时段之比）", en = "a metric gone bad, of what it was in the window before", unit = "%" },
  share = { zh = "可解释的失败占比", en = "share of the failures it explains", unit = "%" },
  failures = { zh = "自身失败笔数", en = "failures of its own" },
  lead = { zh = "早于首个投诉", en = "time before the first complaint", unit = "ms" },
  overlap_cities = { zh = "失败地市重合度", en = "of the cities with failures, it fails in", unit = "%" },
  overlap_minutes = { zh = "失败时段重合度", en = "of the minutes with failures, it fails in", unit = "%" },
  distance = { zh = "依赖距离", en = "steps from the failing service" },
}

local function duration(row, key, where, what, least)
  if row[key] == nil then return nil end
  local ms = units.duration(row[key])
  if not ms or ms < (least or 1000) then
    errors.add(where, '%s: %s: "%s" is not a duration such as "30s", "4h" or "2d"', '%s：%s：“%s”不是时长，应写成 "30s"、"4h" 或 "2d"',
      { what, key, tostring(row[key]) }, row[key], units.meant_duration(row[key]))
  end
  return ms
end

local function whole(row, key, where, what)
  local n = row[key]
  if n ~= nil and (math.type(n) ~= "integer" or n < 0) then
    errors.add(where, "%s: %s must be a whole number, 0 or more", "%s：%s 应为不小于 0 的整数", { what, key })
    return nil
  end
  return n
end

local function texts(row, key, where, what)
  local list = row[key]
  if list == nil then return nil end
  local ok = type(list) == "table" and #list > 0
  for _, text in ipairs(ok and list or {}) do ok = ok and type(text) == "string" end
  if not ok then
    errors.add(where, '%s: %s must be a list of texts: { "…", "…" }', '%s：%s 应为文字列表：{ "…", "…" }', { what, key })
    return nil
  end
  return list
end

local function one_of(row, key, known, where, what)
  local x = row[key]
  if x ~= nil and not known[x] then
    local names = table.concat(errors.names(known), ", ")
    errors.add(where, '%s: %s = "%s" is none of %s', "%s：%s = “%s”不在 %s 之中", { what, key, tostring(x), names }, x, known)
  end
  return x
end

-- ---- signals { late = "24h", …, { "txn_failed", zh = …, en = …, number = "affected" }, … } -------------------------------------------------
local spans = { late = 1000, ahead = 0, keep = 60000, version_every = 1000, number_keep = 60000 }
local counts = { streams = true, numbers = true }
local kind_keys = catalog.labelled { "number", "value", "heard" }
local fates = { hung_up = true, went_on = true }

local function signal_kind(row, where)
  local name = type(row) == "table" and row[1] or nil
  local what = "signals." .. tostring(name)
  if name == nil then
    errors.add(where, 'signals: each kind is { "name", zh = "…", en = "…" }', 'signals：每一类信号应写成 { "name", zh = "…", en = "…" }', {})
    return
  end
  catalog.reject_unknown(row, kind_keys, where, what)
  catalog.declare("signals", name, where, { label = catalog.label(row, where, what), number = one_of(row, "number", says, where, what),
    value = one_of(row, "value", values, where, what), heard = one_of(row, "heard", fates, where, what) })
end

function env.signals(rows)
  local where = host.where(2)
  for key in host.sorted_pairs(rows) do
    if math.type(key) == nil then
      if spans[key] then
        data.signal_limits[key .. "_ms"] = duration(rows, key, where, "signals", spans[key])
      elseif counts[key] then
        data.signal_limits[key] = whole(rows, key, where, "signals")
      else
        errors.add(where, "%s: %s is not a setting", "%s：没有 %s 这一项", { "signals", tostring(key) }, key,
          { "late", "ahead", "keep", "version_every", "number_keep", "streams", "numbers" })
      end
    end
  end
  for _, row in ipairs(rows) do signal_kind(row, where) end
end

-- ---- component "recharge_gateway" { … } -------------------------------------------------------------------------------------------
local component_keys = catalog.labelled { "service", "depends_on", "team", "rhythm" }

function env.component(name)
  local where = host.where(2)
  return function(row)
    local what = "component " .. tostring(name)
    catalog.reject_unknown(row, component_keys, where, what)
    local every = duration(row, "rhythm", where, what)
    if row.service ~= nil and type(row.service) ~= "string" or row.team ~= nil and type(row.team) ~= "string" then
      errors.add(where, "%s: service and team are texts", "%s：service 和 team 应为文字", { what })
    end
    catalog.declare("components", name, where, { label = catalog.label(row, where, what), service = row.service, team = row.team,
      depends_on = texts(row, "depends_on", where, what) or host.list {}, rhythm = every and { every_ms = every } or nil })
  end
end

-- ---- fault "recharge" { … } ---------------------------------------------------------------------------------------------------------
local fault_keys = catalog.labelled { "service", "components", "codes", "not_codes", "categories", "cities", "window", "expires", "potential",
  "closes_at", "publish" }
local potential_keys = { prefixes = true, subscribers = true }

local function potential(row, where, what)
  local p = row.potential
  if p == nil then return nil end
  if type(p) ~= "table" then
    errors.add(where, '%s: potential is a table such as { prefixes = { "1390755" } }', '%s：potential 应写成 { prefixes = { "1390755" } } 这样的表', { what })
    return nil
  end
  catalog.reject_unknown(p, potential_keys, where, what .. ": potential")
  for _, prefix in ipairs(texts(p, "prefixes", where, what) or {}) do
    if not prefix:match("^%d+$") then
      errors.add(where, '%s: prefix "%s" is not digits', "%s：号段“%s”不全是数字", { what, prefix })
    end
  end
  return { prefixes = p.prefixes, subscribers = p.subscribers == true }
end

function env.fault(name)
  local where = host.where(2)
  return function(row)
    local what = "fault " .. tostring(name)
    catalog.reject_unknown(row, fault_keys, where, what)
    if row.service == nil and row.components == nil then
      errors.add(where, "%s: says neither service nor components: which signals are its own?", "%s：既没有 service 也没有 components：哪些信号属于它？", { what })
    end
    catalog.declare("faults", name, where, { label = catalog.label(row, where, what), service = row.service,
      components = texts(row, "components", where, what), codes = texts(row, "codes", where, what),
      not_codes = texts(row, "not_codes", where, what), categories = texts(row, "categories", where, what) or host.list {},
      cities = texts(row, "cities", where, what), window_ms = duration(row, "window", where, what) or data.fault_defaults.window_ms,
      expires_ms = duration(row, "expires", where, what) or data.fault_defaults.expires_ms, potential = potential(row, where, what),
      publish = texts(row, "publish", where, what) or host.list { "incident" },
      closes_at = one_of(row, "closes_at", stages, where, what) or "fixed" })
  end
end

-- ---- suspects { window = "60m", change = "24h", order = { { by = "planned_change" }, … }, minimum = { failed = 20 } } -------------------
local suspect_keys = { window = true, change = true, order = true, minimum = true, most = true, metrics = true }
local minimum_keys = { failed = true, share = true, times_usual = true, metric = true }
local metric_keys = catalog.labelled { "worse", "times", "readings" }
local ways = { higher = true, lower = true }
local most_metrics = 16 -- as the core counts

-- { "latency_ms", zh = …, en = …, worse = "higher", times = 3, readings = 5 }
local function suspect_metric(row, where)
  local name = type(row) == "table" and row[1] or nil
  if type(name) ~= "string" then
    errors.add(where, 'suspects: metrics: each is { "name", zh = "…", en = "…", worse = "higher", times = 3 }',
      'suspects：metrics：每项应写成 { "name", zh = "…", en = "…", worse = "higher", times = 3 }', {})
    return nil
  end
  local what = "suspects: metric " .. name
  catalog.reject_unknown(row, metric_keys, where, what)
  local times = whole(row, "times", where, what) or 2
  if times < 2 then
    errors.add(where, "%s: times must be 2 or more: what stays as it was is no evidence", "%s：times 至少为 2：没有变化就不是证据", { what })
  end
  return { name = name, label = catalog.label(row, where, what), worse = one_of(row, "worse", ways, where, what) or "higher",
    times = times, readings = math.max(1, whole(row, "readings", where, what) or 3) }
end

local function criterion(row, where)
  if type(row) ~= "table" or not criteria[row.by] then
    errors.add(where, 'suspects: order: "%s" is not evidence', "suspects：order：“%s”不是证据", { tostring(type(row) == "table" and row.by or row) },
      type(row) == "table" and row.by or nil, criteria)
    return nil
  end
  local is_span = row.by == "lead" or row.by == "planned_change"
  local step = (is_span and duration or whole)(row, "step", where, "suspects: " .. row.by)
  local known = criteria[row.by]
  return { by = row.by, step = step or 1, label = { zh = known.zh, en = known.en }, unit = known.unit }
end

function env.suspects(row)
  local where = host.where(2)
  catalog.reject_unknown(row, suspect_keys, where, "suspects")
  local order, minimum = {}, row.minimum or {}
  for _, c in ipairs(row.order or {}) do order[#order + 1] = criterion(c, where) end
  if #order == 0 then
    errors.add(where, 'suspects: order must name evidence, first what counts most: order = { { by = "share", step = 20 }, … }',
      'suspects：order 应列出证据，最重要的在前：order = { { by = "share", step = 20 }, … }', {})
  end
  catalog.reject_unknown(minimum, minimum_keys, where, "suspects: minimum")
  local metrics = {}
  for _, m in ipairs(row.metrics or {}) do metrics[#metrics + 1] = suspect_metric(m, where) end
  if #metrics > most_metrics then
    errors.add(where, "suspects: metrics: %d are more than %d", "suspects：metrics：%d 项，最多 %d 项", { #metrics, most_metrics })
  end
  local said, was = { order = host.list(order), metrics = host.list(metrics), minimum = {} }, data.suspects
  said.window_ms = duration(row, "window", where, "suspects") or was.window_ms
  said.change_ms = duration(row, "change", where, "suspects") or was.change_ms
  said.most = whole(row, "most", where, "suspects") or was.most
  for key in host.sorted_pairs(minimum_keys) do said.minimum[key] = whole(minimum, key, where, "suspects: minimum") or was.minimum[key] end
  data.suspects = said
end

-- ---- what can only be checked when all is known -----------------------------------------------------------------------------------------
local function known(list, of, where, what)
  for _, name in ipairs(list or {}) do
    if not data[of][name] then
      errors.add(where, '%s: "%s" is not one of the %s', "%s：“%s”不在 %s 之中", { what, name, of }, name, data[of])
    end
  end
end

-- The way round from a component back to itself, nil when there is none.
local function cycle(from, name, way, seen)
  way[#way + 1] = name
  for _, below in ipairs(data.components[name] and data.components[name].depends_on or {}) do
    if below == from then return table.concat(way, " → ") .. " → " .. from end
    if not seen[below] then
      seen[below] = true
      local found = cycle(from, below, way, seen)
      if found then return found end
    end
  end
  way[#way] = nil
end

function signals.check()
  local services = {}
  for name, t in host.sorted_pairs(data.tasks) do one_of(t, "numbers", stages, catalog.where("tasks", name), "tasks." .. name) end
  for name, c in host.sorted_pairs(data.components) do
    local where = catalog.where("components", name)
    known(c.depends_on, "components", where, "component " .. name .. ": depends_on")
    local round = cycle(name, name, {}, {})
    if round then errors.add(where, "component %s depends on itself: %s", "组件 %s 依赖自身：%s", { name, round }) end
    if type(c.service) == "string" then services[c.service] = true end
  end
  data.services = services
  for name, f in host.sorted_pairs(data.faults) do
    local where, what = catalog.where("faults", name), "fault " .. name
    known(f.components, "components", where, what)
    known(f.categories, "categories", where, what)
    known(f.cities, "cities", where, what)
    if f.service and not services[f.service] then
      errors.add(where, '%s: no component has the service "%s"', "%s：没有组件属于服务“%s”", { what, tostring(f.service) }, f.service, services)
    end
  end
end

-- What a service's fault is called: {zh, en}; of several the first by name. nil: the pack knows no fault of it.
function signals.fault_label(service)
  for _, f in host.sorted_pairs(data.faults) do
    if f.service == service then return f.label end
  end
end

return signals
