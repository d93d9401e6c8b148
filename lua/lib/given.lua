-- What a spec gives: a name that the catalog does not have, or a fact that no ticket has, would be looked at by no rule, and the spec would
-- pass for another reason than its own.
local host = ...
local errors = host.lib "errors"
local fields = host.lib "fields"
local sets = host.lib "sets"
local units = host.lib "units"
local data = host.lib("catalog").data
local given = {}

-- Where a name of the catalog stands, in whatever a spec gives.
local tables = { channel = "channels", city = "cities", category = "categories", queue = "queues", department = "departments", grade = "grades",
  form = "forms", status = "statuses", cluster = "clusters", kind = "kinds" }
local types = { text = "string", number = "number", bool = "boolean", time = "number" }
local shown = { text = { en = "a text", zh = "文字" }, number = { en = "a number", zh = "数字" },
  bool = { en = "true or false", zh = " true 或 false" }, time = { en = "a time in ms", zh = "毫秒时刻" } }
-- Of a ticket's row, besides what conditions ask about.
local of_row = units.set_of { "id", "no", "version", "missing", "subject", "customer", "clocks", "due", "advice", "updated", "fired", "fields",
  "outcome", "links",
  "contact_at", "last_contact", "been", "reply", "resolution", "cause", "satisfied", "closed", "late", "suspended", "escalation", "tags", "parent",
  "duplicate_of", "incident", "spent", "approval", "contacts", "created_by" }
local of_customer = units.set_of { "name", "brand", "star", "group", "vip", "age65" }

local function unknown(s, part, name, x, known)
  errors.add(s.where, 'spec "%s": %s.%s: "%s" is not known', "用例“%s”：%s.%s：不认识“%s”", { s.name, part, name, tostring(x) }, x, known)
end

-- A category is known, too, where declared ones stand below it.
local function is_category(x)
  if data.categories[x] then return true end
  for code in host.sorted_pairs(data.categories) do
    if code:sub(1, #x + 1) == x .. "." then return true end
  end
end

local function check_name(s, part, name, x)
  local known = data[tables[name]] or {}
  if type(x) ~= "string" or x == "*" or known[x] then return end
  if name == "queue" and sets.is_queue(x) or name == "category" and is_category(x) then return end
  unknown(s, part, name, x, known)
end

-- The names in a map of facts.
local function check_names(s, part, facts)
  for name in host.sorted_pairs(type(facts) == "table" and tables or {}) do
    if facts[name] ~= nil then check_name(s, part, name, facts[name]) end
  end
end

local function check_type(s, part, name, x)
  local field = fields.find(name)
  local want = field and types[field.type]
  if want and type(x) ~= want then
    errors.add(s.where, 'spec "%s": %s.%s must be %s, not %s', "用例“%s”：%s.%s 应为%s，而不是 %s",
      { s.name, part, name, shown[field.type].en, errors.shown(x) }, nil, nil, { s.name, part, name, shown[field.type].zh, errors.shown(x) })
  end
end

-- The facts that a ticket can have, by the names that ticket { … } takes.
local facts
local function ticket_facts()
  if facts then return facts end
  local out = {}
  for name in host.sorted_pairs(of_row) do out[name] = true end
  for name in host.sorted_pairs(of_customer) do out[name] = name ~= "name" or nil end
  for _, name in ipairs(fields.names()) do
    local path = fields.find(name).read.path
    if path and #path == 2 and path[1] == "ticket" then out[path[2]] = true end
  end
  facts = out
  return out
end

local function no_fact(s, name, known)
  errors.add(s.where, 'spec "%s": given.%s is no fact of a ticket', "用例“%s”：工单没有 %s 这一项", { s.name, tostring(name) }, name, known)
end

local function check_ticket(s, t)
  local known = ticket_facts()
  for name, x in host.sorted_pairs(t) do
    if of_customer[name] and known[name] then
      errors.add(s.where, 'spec "%s": given.%s is a fact of the customer: write given = ticket { %s = … }',
        "用例“%s”：%s 是客户的一项：应写成 given = ticket { %s = … }", { s.name, name, name })
    elseif not known[name] then
      no_fact(s, name, known)
    elseif name ~= "customer" then
      check_type(s, "given", name, x)
    end
  end
  for name, x in host.sorted_pairs(type(t.customer) == "table" and t.customer or {}) do
    if not of_customer[name] then no_fact(s, name, of_customer)
    elseif name ~= "name" then check_type(s, "given", name, x) end
  end
  check_names(s, "given", t)
end

-- Of `fields`, what the words and the core read by themselves, whatever the pack says.
local of_fields = units.set_of { "affected", "again", "amount", "apart", "began", "category_was", "cities", "class", "cluster", "component",
  "district", "drill", "fault", "follows", "heard_incident", "heard_version", "highest", "incident", "key", "keys", "level", "level_at",
  "maintainers", "merged", "occurred_said", "recovery", "relapse", "replay", "replay_calls", "replay_ended_at", "replay_keys", "replay_levels",
  "replay_rung", "script", "script_version", "service", "sized_by", "suspect", "taken_at", "told_at", "users" }

local function fields_of(kind)
  local out = {}
  for _, names in ipairs { of_fields, fields.asked, units.set_of(kind and kind.own or {}), kind and kind.given or {} } do
    for name in host.sorted_pairs(names) do out[name] = true end
  end
  for _, action in host.sorted_pairs(kind and kind.actions or {}) do
    for name in host.sorted_pairs(action.log or {}) do out[name] = true end
  end
  return out
end

-- A name in given.fields that nothing reads or writes: the spec would pass for another reason than its own. Known once every spec has
-- run, since functions say what they read when they run. → why not, in both languages; nil
function given.odd_field(s)
  local of = type(s.body.given) == "table" and s.body.given or {}
  local kind = data.kinds[of.kind or "complaint"]
  if type(of.fields) ~= "table" then return nil end
  local known
  for name in host.sorted_pairs(of.fields) do
    known = known or fields_of(kind)
    local is_under = false
    for _, start in ipairs(kind and kind.own_under or {}) do is_under = is_under or tostring(name):sub(1, #start) == start end
    if not known[name] and not is_under then
      local meant, meant_zh = errors.meant(name, known)
      return { en = string.format("given.fields.%s: no rule and no action has to do with it%s", tostring(name), meant),
        zh = string.format("given.fields.%s：没有任何规则或操作用到它%s", tostring(name), meant_zh) }
    end
  end
end

-- What is done with it. That there is no such action a spec may expect in so many words.
local function check_act(s, of)
  local kind, refuse = data.kinds[of.kind or "complaint"], type(s.body.expect) == "table" and s.body.expect.refuse
  if kind and of.stage ~= nil and not kind.stages[of.stage] then unknown(s, "given", "stage", of.stage, kind.stages) end
  if kind and s.body.action ~= nil and not kind.actions[s.body.action] and type(refuse) ~= "string" then
    errors.add(s.where, 'spec "%s": "%s" is not an action of %s', "用例“%s”：“%s”不是%s的操作", { s.name, tostring(s.body.action), of.kind or "complaint" },
      s.body.action, kind.actions, { s.name, tostring(s.body.action), kind.label.zh })
  end
end

function given.check(s)
  local b = s.body
  if b.at ~= nil and not units.instant(b.at) then
    errors.add(s.where, 'spec "%s": at: "%s" is not a time such as "2026-09-22T10:00"', "用例“%s”：at：“%s”不是时刻，应写成 2026-09-22T10:00",
      { s.name, tostring(b.at) })
  end
  for _, part in ipairs { "warning", "subscriber", "duty" } do check_names(s, part, b[part]) end
  for _, one in ipairs(b.cases or {}) do check_names(s, "cases", one) end
  for _, one in ipairs(b.history and b.history.tickets or {}) do check_names(s, "history.tickets", one) end
  for _, role in ipairs(b.roles or {}) do
    if not data.roles[role] then
      errors.add(s.where, 'spec "%s": roles: "%s" is not a role', "用例“%s”：roles：“%s”不是角色", { s.name, tostring(role) }, role, data.roles)
    end
  end
  if type(b.contact) == "table" then
    local kinds = fields.values(fields.contact, data)
    if b.contact.channel ~= nil then check_name(s, "contact", "channel", b.contact.channel) end
    if b.contact.kind ~= nil and not kinds[b.contact.kind] then unknown(s, "contact", "kind", b.contact.kind, kinds) end
  end
  if type(b.given) == "table" then check_ticket(s, b.given) end
  check_act(s, type(b.given) == "table" and b.given or {})
end

return given
