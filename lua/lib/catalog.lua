-- The words that declare: pack, channels, categories, cities, queues, grades, clocks, roles, forms, kinds, calendars, limits.
-- What they gather is the catalog: plain data for the core and for catalog.get.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = { env = {} }
local minute, hour, day = 60000, 3600000, 86400000
local data = {
  zone = "Asia/Shanghai", kinds = {}, channels = {}, categories = {}, cities = {}, queues = {}, grades = {}, clocks = {}, roles = {},
  inputs = {}, statuses = {}, forms = {}, posts = {}, tasks = {}, persons = {}, departments = {}, districts = {}, calendars = {},
  limits = { -- where the pack says nothing; the core has no numbers of its own
    history_ms = 30 * day, request_keep_ms = 7 * day, task_keep_ms = 7 * day, rule_failures = 5, rule_rest_ms = minute, avoided_ms = 2 * hour,
    held_ms = 10 * minute, ahead_ms = 5 * minute,
  },
  otherwise = { queue = "duty" },
}
local place = {} -- "channels.sms" → where it was declared
catalog.data = data
catalog.moving = {} -- clocks with moves = true
local stop_ops = {} -- by clock the operation that ends it
local stopping, nothing = {}, {} -- by stage the clocks that it ends, in order
-- Also of a clock that only an earlier pack declared, which a ticket may still have.
function catalog.stop_op(name) return stop_ops[name] or { op = "stop", name = name } end
function catalog.stopped_at(stage) return stopping[stage] or nothing end
catalog.said_kinds = {} -- every kind as it was written, also those that the pack's own stand for
local env = catalog.env

-- TMF621's eight; a pack may call them otherwise (statuses), it cannot add to them.
local statuses = {
  acknowledged = { label = { zh = "已受理", en = "acknowledged" } }, inProgress = { label = { zh = "处理中", en = "in progress" } },
  pending = { label = { zh = "挂起", en = "pending" } }, held = { label = { zh = "暂停", en = "held" } },
  resolved = { label = { zh = "已解决", en = "resolved" } }, closed = { label = { zh = "已关闭", en = "closed" } },
  rejected = { label = { zh = "不予受理", en = "rejected" } }, cancelled = { label = { zh = "已撤销", en = "cancelled" } },
}
for name, entry in pairs(statuses) do data.statuses[name] = entry end

-- Whether "default/alarms.lua:4" stands in the base's files: what the pack says stands for what its base says of the same name.
function catalog.is_of_base(where)
  local name = catalog.base_name
  return name ~= nil and tostring(where):sub(1, #name + 1) == name .. "/"
end

local function declare(of, name, where, row)
  if type(name) ~= "string" or not name:match("^[%a][%w_.]*$") then
    errors.add(where, '%s: "%s" is not a name (letters, digits, _ and .)', "%s：“%s”不是名称（字母、数字、_ 和 .）", { of, tostring(name) })
    return nil
  end
  local key = of .. "." .. name
  if place[key] and catalog.is_of_base(place[key]) == catalog.is_of_base(where) then
    errors.add(where, '%s: "%s" stands twice: also at %s', "%s：“%s”出现了两次：另一处在 %s", { of, name, place[key] })
  end
  place[key] = where
  data[of][name] = row
  return row
end
catalog.declare = declare

function catalog.where(of, name) return place[of .. "." .. name] or "pack.lua" end

-- Where a watch or a drill stands, which are no rows of `data` by name: said when all is known.
function catalog.stands(of, name, where) place[of .. "." .. name] = where end

-- Where what may be in use stands, for the core, which names it when another pack does not have it.
function catalog.places()
  data.places = {}
  for _, of in ipairs { "kinds", "faults", "drills", "watches" } do data.places[of] = {} end
  for key, where in host.sorted_pairs(place) do
    local of, name = key:match("^(%a+)%.(.*)$")
    if data.places[of] and type(where) == "string" then data.places[of][name] = where end
  end
end

local function label(row, where, what)
  if type(row.zh) ~= "string" or type(row.en) ~= "string" then
    errors.add(where, '%s needs a label in both languages: zh = "…", en = "…"', '%s 需要中英文名称：zh = "…"，en = "…"', { what })
  end
  return { zh = row.zh or what, en = row.en or what }
end
catalog.label = label

local function reject_unknown(row, allowed, where, what)
  for key in host.sorted_pairs(row) do
    if math.type(key) ~= "integer" and not allowed[key] then
      errors.add(where, "%s: %s is not a setting", "%s：没有 %s 这一项", { what, tostring(key) }, key, allowed)
    end
  end
end
catalog.reject_unknown = reject_unknown

-- What a thing with a label may have: that, and these.
local function labelled(names)
  local out = units.set_of(names)
  out.zh, out.en = true, true
  return out
end
catalog.labelled = labelled

-- channels { { "sms", zh = "短信", en = "text message" }, … } and its like: name first, labels, then what the table allows.
local function table_word(of, allowed, convert)
  allowed = labelled(allowed)
  env[of] = function(rows, from)
    local where = from or host.where(2)
    if type(rows) ~= "table" then rows = { rows } end
    for key in host.sorted_pairs(rows) do
      if type(key) == "string" then
        errors.add(where, '%s: %s = …: each entry is { "name", zh = "…", en = "…" }', '%s：%s = …：每一项应写成 { "name", zh = "…", en = "…" }',
          { of, key }, key, { en = string.format('write { "%s", zh = "…", en = "…" }', key),
            zh = string.format('请写成 { "%s", zh = "…", en = "…" }', key) })
      end
    end
    for _, row in ipairs(rows) do
      if type(row) ~= "table" then
        errors.add(where, '%s: each entry is { "name", zh = "…", en = "…" }', '%s：每一项应写成 { "name", zh = "…", en = "…" }', { of })
      else
        local what = of .. "." .. tostring(row[1])
        reject_unknown(row, allowed, where, what)
        local entry = { label = label(row, where, what) }
        for key, x in host.sorted_pairs(row) do
          if key ~= 1 and key ~= "zh" and key ~= "en" then entry[key] = x end
        end
        if convert then convert(entry, where, what) end
        declare(of, row[1], where, entry)
      end
    end
  end
end

-- rhythm = "30m", or { every = "5m", from = "08:00", to = "22:00" }: how often a channel that lives is heard, and in which hours.
table_word("channels", { "bypass", "rhythm" }, function(entry, where, what)
  local said = entry.rhythm
  if said == nil then return end
  if type(said) ~= "table" then said = { every = said } end
  local every, from, to = units.duration(said.every), units.minute_of_day(said.from or "00:00"), units.minute_of_day(said.to or "24:00")
  if not every or every < 1000 or not from or not to then
    errors.add(where, '%s: rhythm must be "30m" or { every = "5m", from = "08:00", to = "22:00" }',
      '%s：rhythm 应写成 "30m" 或 { every = "5m", from = "08:00", to = "22:00" }', { what })
    return
  end
  entry.rhythm = { every_ms = every, from_minute = from, to_minute = to }
end)
-- subscribers: how many there are, for rates per 10,000. As a table of its own: cities { csv = "cities.csv" }
table_word("cities", { "area_code", "adcode", "subscribers" }, function(entry, where, what)
  local n = entry.subscribers
  if n ~= nil and (math.type(n) ~= "integer" or n < 1) then
    errors.add(where, '%s: subscribers: "%s" is not a whole number above 0', "%s：subscribers：“%s”不是大于 0 的整数", { what, tostring(n) })
    entry.subscribers = nil
  end
end)

-- A table of a pack's own instead of the rows: columns are the settings, the first is the name.
local function from_table(word, columns, numbers)
  local rows_word = env[word]
  env[word] = function(rows)
    if type(rows) ~= "table" or rows.csv == nil then return rows_word(rows, host.where(2)) end
    units.each_row(rows.csv, columns, host.where(2), function(cells, at)
      local row = { cells[columns[1]] }
      for key, text in host.sorted_pairs(cells) do
        if key ~= columns[1] then row[key] = numbers[key] and tonumber(text) or text end
      end
      rows_word({ row }, at)
    end)
  end
end
from_table("cities", { "name", "zh", "en", "area_code", "adcode", "subscribers" }, { subscribers = true })

-- districts { csv = "districts.csv" }: code, label and city of each district; fields.district of a ticket names one by its code.
function env.districts(row)
  local where = host.where(2)
  units.each_row(row.csv, { "code", "zh", "en", "city" }, where, function(cells, at)
    if not data.cities[cells.city] then
      errors.add(at, '"%s" is not a declared city', "“%s”不是已声明的地市", { tostring(cells.city) }, cells.city, data.cities)
    end
    data.districts[cells.code] = { label = { zh = cells.zh, en = cells.en or cells.zh }, city = cells.city }
  end)
end
table_word("queues", { "department", "id" })
table_word("grades", { "rank" })
table_word("roles", {})
table_word("forms", {})
table_word("inputs", {}) -- what actions ask for (their data), as people call it
table_word("statuses", {}, function(_, where, what)
  local name = what:match("%.(.*)")
  if not statuses[name] then
    errors.add(where, '%s: status "%s" is none of TMF621\'s eight', "%s：状态“%s”不在 TMF621 的八种之内", { "statuses", name }, name, statuses)
  end
end)
table_word("posts", { "rank" })
-- moves = true: the limit follows the facts, also after it began (lua/lib/clocks.lua)
table_word("clocks", { "stops", "pausable", "moves" }, function(entry, where, what)
  for _, key in ipairs { "pausable", "moves" } do
    if entry[key] ~= nil and type(entry[key]) ~= "boolean" then
      errors.add(where, "%s: %s must be true or false, not %s", "%s：%s 应为 true 或 false，而不是 %s", { what, key, errors.shown(entry[key]) })
    end
  end
  entry.pausable = entry.pausable ~= false
  catalog.moving[what:match("%.(.*)")] = entry.moves or nil
end)

-- tasks { { "sms", zh = "短信", en = "text message", lease = "60s", attempts = 5, backoff = "10s", backoff_max = "10m", expires = "24h" } }
-- quiet hours do not count as time in which a task expires
-- alarm = "45s": the duty desk is told when one is not done so long; quiet = { from = "22:00", to = "08:00" }: none goes out then.
local task_spans = { "lease", "backoff", "backoff_max", "expires", "alarm" }
table_word("tasks", { "lease", "attempts", "backoff", "backoff_max", "expires", "alarm", "quiet", "numbers" }, function(entry, where, what)
  local said = entry.quiet
  if said ~= nil then
    local from, to = type(said) == "table" and units.minute_of_day(said.from), type(said) == "table" and units.minute_of_day(said.to)
    if not from or not to or from == to then
      errors.add(where, '%s: quiet must be { from = "22:00", to = "08:00" }', '%s：quiet 应写成 { from = "22:00", to = "08:00" }', { what })
      entry.quiet = nil
    else
      entry.quiet = { from_minute = from, to_minute = to }
    end
  end
  for _, key in ipairs(task_spans) do
    if entry[key] ~= nil then
      local ms = units.duration(entry[key])
      if not ms or ms < 1000 then
        errors.add(where, '%s: %s: "%s" is not a duration such as "30s", "4h" or "2d"', '%s：%s：“%s”不是时长，应写成 "30s"、"4h" 或 "2d"',
          { what, key, tostring(entry[key]) }, entry[key], units.meant_duration(entry[key]))
      end
      entry[key .. "_ms"], entry[key] = ms, nil
    end
  end
  if entry.attempts ~= nil and (math.type(entry.attempts) ~= "integer" or entry.attempts < 1) then
    errors.add(where, "%s: attempts must be a whole number, 1 or more", "%s：attempts 应为不小于 1 的整数", { what })
  end
end)

local pack_keys = { base = true, name = true, zone = true, version = true, zh = true, en = true }
function env.pack(row)
  reject_unknown(row, pack_keys, "pack.lua", "pack")
  data.zone = row.zone or data.zone
  data.name = row.name or data.name
  data.version = row.version or data.version
end

-- limits { history = "90d", request_keep = "7d" } → limits.history_ms
local limit_keys = { history = true, request_keep = true, task_keep = true, rule_failures = true, rule_rest = true, avoided = true, held = true,
  ahead = true }
function env.limits(row)
  local where = host.where(2)
  local failures = row.rule_failures
  if failures ~= nil and (math.type(failures) ~= "integer" or failures < 1) then
    errors.add(where, "limits.rule_failures: %s is not a number of failures such as 5", "limits.rule_failures：%s 不是失败次数，应写成 5 这样的整数",
      { tostring(failures) })
  end
  data.limits.rule_failures = failures or data.limits.rule_failures
  reject_unknown(row, limit_keys, where, "limits")
  for key, span in host.sorted_pairs(row) do
    local ms = key ~= "rule_failures" and units.duration(span)
    if not ms and key ~= "rule_failures" then
      errors.add(where, 'limits.%s: "%s" is not a duration such as "30m", "4h" or "2d"',
        'limits.%s：“%s”不是时长，应写成 "30m"、"4h" 或 "2d"', { key, tostring(span) }, span, units.meant_duration(span))
    elseif ms then
      data.limits[key .. "_ms"] = ms
    end
  end
end

local function part(kind)
  return function(name)
    local where = host.where(2)
    return function(row)
      row.part, row.name, row.where = kind, name, where
      return row
    end
  end
end
env.stage, env.action = part "stage", part "action"

local stage_keys = labelled { "status", "part", "name", "where" }
local effects = host.lib "effects"
local action_keys = labelled { "from", "to", "roles", "data", "copy", "pause", "resume", "stop", "status", "link", "unlink", "count", "part",
  "name", "where", "assign", "takes", "returns", "void", "spends", "releases", "offered" }
for _, key in ipairs(effects.keys) do action_keys[key] = true end
local data_types = { text = true, queue = true, department = true, person = true, ticket = true, money = true, number = true, category = true,
  city = true, grade = true, level = true, time = true, future = true, boolean = true,
  map = true, list = true, cities = true, count = true, minutes = true, numbers = true }

local function action_data(row, what)
  local out = {}
  for key, said in host.sorted_pairs(row.data or {}) do
    local type_name, mark = tostring(said):match("^(%a+)(%??)$")
    if not data_types[type_name] then
      errors.add(row.where, '%s: data.%s: "%s" is not a type', "%s：data.%s：“%s”不是类型", { what, key, tostring(said) }, type_name, data_types)
    end
    out[key] = { type = type_name, required = mark == "" }
  end
  return out
end

local function kind_part(kind, entry, name)
  local what = string.format("kind %s, %s %s", name, entry.part, entry.name)
  if entry.part == "stage" then
    reject_unknown(entry, stage_keys, entry.where, what)
    if not statuses[entry.status] then
      errors.add(entry.where, '%s: status "%s" is none of TMF621\'s eight', "%s：状态“%s”不在 TMF621 的八种之内",
        { what, tostring(entry.status) }, entry.status, statuses)
    end
    kind.stages[entry.name] = { status = entry.status, label = label(entry, entry.where, what) }
    kind.order[#kind.order + 1] = entry.name
    return
  end
  reject_unknown(entry, action_keys, entry.where, what)
  if kind.actions[entry.name] then
    errors.add(entry.where, "%s stands twice", "%s 出现了两次", { what })
  else
    kind.action_order[#kind.action_order + 1] = entry.name
  end
  kind.actions[entry.name] = {
    label = label(entry, entry.where, what), from = entry.from or {}, to = entry.to, roles = entry.roles, data = action_data(entry, what),
    copy = entry.copy, pause = entry.pause, resume = entry.resume, stop = entry.stop, status = entry.status,
    link = entry.link, unlink = entry.unlink, count = entry.count, assign = entry.assign,
    takes = entry.takes, returns = entry.returns, void = entry.void, spends = entry.spends, releases = entry.releases,
    offered = entry.offered,
  }
  for _, key in ipairs(effects.keys) do kind.actions[entry.name][key] = entry[key] end
  place[string.format("actions.%s.%s", name, entry.name)] = entry.where
end

-- kind "complaint" { prefix = "C", first = "accepted", zh=…, en=…, stage "accepted" {…}, action "accept" {…}, … }
-- roles: who may open one (everybody who may create tickets, unless said); given: fields of its actions that may be said when it is opened.
function env.kind(name)
  local where = host.where(2)
  return function(row)
    reject_unknown(row, labelled { "prefix", "first", "roles", "given" }, where, "kind " .. tostring(name))
    local kind = { prefix = row.prefix or "T", stages = {}, actions = {}, order = {}, action_order = {}, roles = row.roles,
      given = row.given, label = label(row, where, "kind " .. tostring(name)) }
    for _, entry in ipairs(row) do
      if type(entry) == "table" and entry.part then
        kind_part(kind, entry, name)
      else
        errors.add(where, 'kind %s: an entry is neither stage "…" { … } nor action "…" { … }',
          'kind %s：有一项既不是 stage "…" { … } 也不是 action "…" { … }', { tostring(name) })
      end
    end
    local first = kind.stages[row.first]
    if first then
      kind.first = { stage = row.first, status = first.status }
    else
      errors.add(where, 'kind %s: first = "%s" is not one of its stages', "kind %s：first = “%s”不是它的环节",
        { tostring(name), tostring(row.first) }, row.first, kind.stages)
    end
    catalog.said_kinds[#catalog.said_kinds + 1] = kind
    declare("kinds", name, where, kind)
  end
end

-- What an action asks for is called as `inputs` says, else like the ticket's field of that name.
local function input_label(key)
  local field = data.inputs[key] or host.lib("fields").find(key)
  if not field then return { zh = key, en = key } end
  return field.label or { zh = field.zh or key, en = field.en or key }
end

local function check_kind(name, kind)
  for action, a in host.sorted_pairs(kind.actions) do
    for key, asked in host.sorted_pairs(a.data) do asked.label = input_label(key) end
    local where = catalog.where("actions", name .. "." .. action)
    local function need(stage, key)
      if stage and not kind.stages[stage] then
        errors.add(where, 'action %s: %s = "%s" is not a stage of %s', "操作 %s：%s = “%s”不是 %s 的环节",
          { action, key, tostring(stage), name }, stage, kind.stages)
      end
    end
    need(a.to, "to")
    effects.check(kind, a, where, string.format("kind %s, action %s", name, action))
    for _, stage in ipairs(a.from) do need(stage, "from") end
    for _, clock in ipairs(a.stop or {}) do
      if not data.clocks[clock] then
        errors.add(where, 'action %s: stop: "%s" is not a declared clock', "操作 %s：stop：“%s”不是已声明的时限", { action, clock }, clock, data.clocks)
      end
    end
    for _, role in ipairs(a.roles or {}) do
      if not data.roles[role] then
        errors.add(where, 'action %s: "%s" is not a role', "操作 %s：“%s”不是角色", { action, role }, role, data.roles)
      end
    end
  end
end

local function check_opening(name, kind)
  local where, names, under = catalog.where("kinds", name), effects.own(kind)
  for _, role in ipairs(kind.roles or {}) do
    if not data.roles[role] then
      errors.add(where, 'kind %s: "%s" is not a role', "kind %s：“%s”不是角色", { name, role }, role, data.roles)
    end
  end
  local given = next(kind.given or {}) and host.map {} or nil
  for _, field in ipairs(kind.given or {}) do
    given[field] = effects.type_of(kind, field)
    if not names[field] then
      errors.add(where, 'kind %s: given: no action writes fields.%s, so that anybody may give it', "kind %s：given：没有操作写入 fields.%s，谁都可以填写",
        { name, field }, field, names)
    end
    names[field] = nil
  end
  kind.given, kind.own, kind.own_under = given, host.list {}, host.list {}
  for field in host.sorted_pairs(names) do kind.own[#kind.own + 1] = field end
  for start in host.sorted_pairs(under) do kind.own_under[#kind.own_under + 1] = start end
end

-- What can only be checked when all of the pack is known.
function catalog.check()
  if not next(data.kinds) then
    errors.add("pack.lua", 'the pack declares no kind of ticket; write base = "default" in pack.lua or kind "complaint" { … }',
      '规则包没有声明任何工单类型；请在 pack.lua 写 base = "default"，或写 kind "complaint" { … }')
  end
  for name, kind in host.sorted_pairs(data.kinds) do
    check_kind(name, kind)
    check_opening(name, kind)
  end
  for name, clock in host.sorted_pairs(data.clocks) do
    stop_ops[name] = host.freeze { op = "stop", name = name }
    for _, stage in ipairs(clock.stops or {}) do
      stopping[stage] = stopping[stage] or {}
      table.insert(stopping[stage], name)
    end
  end
  for name, q in host.sorted_pairs(data.queues) do
    if q.department and not data.departments[q.department] then
      errors.add(catalog.where("queues", name), 'queue %s: "%s" is not a declared department', "队列 %s：“%s”不是已声明的部门",
        { name, q.department }, q.department, data.departments)
    end
  end
  if not data.queues[data.otherwise.queue] then
    errors.add("pack.lua", 'there must be a queue "%s": it takes what no rule can place', "必须有队列“%s”：规则放不下的工单都归它",
      { data.otherwise.queue })
  end
end

return catalog
