-- Drills (演练): a recorded outage is played again against tonight's rules and roster. The core has worked out at which minutes which level
-- would be entered (drill.start); here is what then happens: persons are called as a real warning would call them, and everything that is
-- said is marked. Nothing else is touched: no customer, no other case, no count, no task.
--   drill "recharge_outage" { zh = …, en = …, csv = "recharge_outage", bin = "5m" }    a table: bin,city,category,n
--   its further columns: what = complaints (else), signals (with kind, service, component) or affected (numbers hit by then)
-- The ticket: an incident with fields.drill = true and fields.replay = { speed, events = [{at, key, from, to, seen, expected?, …}] }.
-- As a real case it has several keys, and the level of the worst of them.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local alarms = host.lib "alarms"
local catalog = host.lib "catalog"
local data = catalog.data
local drills = { env = {} }
data.drills = {}

-- What a row counts: complaints and signals that came in within the bin, numbers that are affected by its end.
local parts = { complaints = { "city", "category" }, signals = { "city", "kind", "service", "component" }, affected = { "city", "category" } }
local columns = { "bin", "what", "city", "category", "kind", "service", "component", "n" }
local of_part = { city = "cities", category = "categories", kind = "signals", service = "services", component = "components" }

local function stream_of(d, what, cells)
  for _, s in ipairs(d.streams) do
    local is_same = s.what == what:sub(1, 1)
    for _, part in ipairs(parts[what]) do is_same = is_same and s[part] == cells[part] end
    if is_same then return s end
  end
  local s = { what = what:sub(1, 1), counts = {} }
  for _, part in ipairs(parts[what]) do s[part] = cells[part] end
  d.streams[#d.streams + 1] = s
  return s
end

local function known(of, x, at)
  if not data[of][x] then errors.add(at, '%s: "%s" is unknown', "%s：“%s”不认识", { of, tostring(x) }, x, data[of]) end
end

local function check_cells(cells, what, at)
  for _, part in ipairs(parts[what]) do
    local is_needed = part == "city" or part == "category" or part == "kind"
    if cells[part] ~= nil or is_needed then known(of_part[part], cells[part], at) end
  end
  if what == "signals" and not (cells.service or cells.component) then
    errors.add(at, "signals need a service or a component", "信号要写明业务或组件")
  end
end

local function load(d, csv, where)
  units.each_row(csv, columns, where, function(cells, at)
    local bin, n, what = math.tointeger(tonumber(cells.bin)), math.tointeger(tonumber(cells.n)), cells.what or "complaints"
    if not bin or bin < 0 or bin > 2000 or not n or n < 0 or n > 1000000 then
      errors.add(at, "bin must be a whole number from 0 to 2000, n one from 0 to 1000000", "bin 应为 0 到 2000 的整数，n 应为 0 到 1000000 的整数")
      return
    elseif not parts[what] then
      errors.add(at, 'what: "%s" is none of complaints, signals, affected', "what：“%s”不是 complaints、signals 或 affected", { what }, what, parts)
      return
    end
    local component = cells.component and data.components[cells.component]
    cells.service = cells.service or component and component.service
    check_cells(cells, what, at)
    local counts = stream_of(d, what, cells).counts
    for i = #counts + 1, bin + 1 do counts[i] = what == "affected" and counts[i - 1] or 0 end -- numbers stay until it is said otherwise
    counts[bin + 1] = what == "affected" and n or counts[bin + 1] + n
    d.bins = math.max(d.bins, bin + 1)
  end)
end

-- Numbers are affected until the end unless a row says otherwise.
local function fill_affected(d)
  for _, s in ipairs(d.streams) do
    for i = #s.counts + 1, s.what == "a" and d.bins or 0 do s.counts[i] = s.counts[i - 1] or 0 end
  end
end

function drills.env.drill(name)
  local where = host.where(2)
  return function(row)
    local what = "drill " .. tostring(name)
    catalog.reject_unknown(row, catalog.labelled { "csv", "bin" }, where, what)
    local bin = units.duration(row.bin)
    if not bin or bin < 60000 or bin % 60000 ~= 0 then
      errors.add(where, '%s: bin must be a length of whole minutes such as "5m"', '%s：bin 应为整分钟的时长，如 "5m"', { what })
      bin = 300000
    end
    catalog.stands("drills", tostring(name), where)
    data.drills[name] = { label = catalog.label(row, where, what), bin_ms = bin, bins = 0, streams = {}, csv = row.csv, where = where }
  end
end

function drills.check()
  for name, d in host.sorted_pairs(data.drills) do
    load(d, d.csv or name, d.where)
    fill_affected(d)
    if d.bins == 0 then errors.add(d.where, "drill %s: its table holds nothing", "演练 %s：它的表里没有内容", { name }) end
    d.csv, d.where = nil, nil
  end
end

-- ---- while it is played ----------------------------------------------------------------------------------------
local function field(v, name) return (v.facts.ticket.fields or {})[name] end

local function put(d, v, name, x)
  d.set.fields = d.set.fields or {}
  d.set.fields[name] = x
  v["fields." .. name] = x
end

local function arm(d, rule, at_ms)
  d.timers = d.timers or {}
  d.timers[#d.timers + 1] = { name = rule, rule = rule, at_ms = at_ms, round = 0 }
end

-- A drill begins: what would happen when.
function drills.open(v, d)
  local replay = field(v, "replay")
  if not replay then return end
  for i, e in ipairs(replay.events) do arm(d, "drill:" .. i, e.at) end
  arm(d, "drill:end", replay.ends)
end

local function tell(d, topic, data_of)
  data_of.drill, data_of.label = true, "演练 DRILL"
  d.notices = d.notices or {}
  d.notices[#d.notices + 1] = { topic = topic, data = data_of }
end

-- Each person once for a level, as for a real warning.
local function call(v, d, list, level, rung, key)
  local called, was = {}, field(v, "replay_calls") or {}
  for i = 1, #was do called[i] = was[i] end
  for _, p in ipairs(alarms.people(list, v.facts, v.city)) do
    local is_new = true
    for i = 1, #called do is_new = is_new and not (called[i].person == p.person and called[i].level == level) end
    if is_new then
      called[#called + 1] = { at = v.now, person = p.person, level = level, rung = rung }
      tell(d, "duty", { event = "call", ticket = v.facts.ticket.id, no = v.facts.ticket.no, key = key, level = level, person = p.person,
        reach = p.reach, rung = p.rung, department = p.department })
    end
  end
  put(d, v, "replay_calls", host.list(called))
end

local function rises(from, to)
  local rank = alarms.ranks()
  return (rank[to] or 0) > (rank[from] or 0)
end

local function again_at(v, level)
  local alarm = data.alarms[level]
  return alarm and alarm.again_ms and v.now + alarm.again_ms // field(v, "replay").speed
end

-- The level of the worst key by now; none when all are over.
local function worst(v, d, e)
  local of, ranks, level = {}, alarms.ranks(), "none"
  for key, x in host.sorted_pairs(field(v, "replay_keys") or {}) do of[key] = x end
  of[e.key] = e.to
  put(d, v, "replay_keys", of)
  for _, x in host.sorted_pairs(of) do
    if (ranks[x] or 0) > (ranks[level] or 0) then level = x end
  end
  return level
end

-- A level is entered or left. `say` asks the pack's rules "warning" (points.warning).
local function change(v, d, e, say)
  local levels = {}
  for i, x in ipairs(field(v, "replay_levels") or {}) do levels[i] = x end
  levels[#levels + 1] = { at = v.now, key = e.key, from = e.from, to = e.to, seen = e.seen, expected = e.expected, affected = e.affected,
    cities = e.cities }
  put(d, v, "replay_levels", host.list(levels))
  local level = worst(v, d, e)
  put(d, v, "level", level)
  if rises(field(v, "highest"), level) then put(d, v, "highest", level) end
  if e.affected then put(d, v, "affected", e.affected) end
  local answer = say(e)
  local alarm = data.alarms[e.to] or data.alarms[e.from]
  for _, to in ipairs(alarm and alarm.to or {}) do
    tell(d, "bulletin", { event = "change", to = to, key = e.key, level = e.to, from = e.from, seen = e.seen, expected = e.expected, p = e.p,
      incident = v.facts.ticket.id, say = answer.say })
  end
  if rises(e.from, e.to) then
    call(v, d, answer.called, e.to, 1, e.key)
    put(d, v, "replay_rung", 1)
    local at = again_at(v, e.to)
    if at then arm(d, "drill:again", at) end
  end
end

-- Nobody has acted: the next rung.
local function again(v, d)
  local level, rung = field(v, "level"), (field(v, "replay_rung") or 1) + 1
  local alarm = data.alarms[level]
  if field(v, "taken_at") or not alarm or not alarm.call[rung] then return end
  call(v, d, alarm.call[rung], level, rung, field(v, "key"))
  put(d, v, "replay_rung", rung)
  local at = again_at(v, level)
  if at then arm(d, "drill:again", at) end
end

-- Whether this timer is a drill's; then its effects are in d.
function drills.timer(v, d, rule, say)
  local which = type(rule) == "string" and rule:match("^drill:(%w+)$")
  local replay = which and field(v, "replay")
  if not replay then return which ~= nil and which ~= false end
  if which == "again" then again(v, d)
  elseif which == "end" then
    put(d, v, "replay_ended_at", v.now)
    tell(d, "duty", { event = "drill_ended", ticket = v.facts.ticket.id, no = v.facts.ticket.no })
  else
    change(v, d, replay.events[math.tointeger(tonumber(which))], say)
  end
  return true
end

return drills
