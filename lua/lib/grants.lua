-- grants "refund" { … }: how much money a person may give away by one ticket and in one day, without asking anybody. The pack says how
-- much; the core keeps what was given (facts.spent) and reserves it with the decision, so that two calls can never share one yuan.
local host = ...
local errors = host.lib "errors"
local catalog = host.lib "catalog"
local org = host.lib "org"
local ids = host.lib("fields").ids
local grants = { env = {}, rules = {} }
local data = catalog.data
data.grants = {}
local listed = {} -- of each grant its name and those of its fields, in order
local row_keys = { person = true, authority = true, role = true, ticket = true, day = true }
local ways = { "route", "refuse" }

local function check_amount(row, key, where, what)
  local x = row[key]
  if x ~= nil and (math.type(x) ~= "integer" or x < 0) then
    errors.add(where, '%s: %s must be an amount such as yuan "50.00", not %s', '%s：%s 应为金额，例如 yuan "50.00"，而不是 %s',
      { what, key, tostring(x) })
  end
end

local function add_row(list, row, where, what)
  if type(row) ~= "table" or not (row.person or row.authority or row.role) then
    errors.add(where, '%s: each row is { person = "…" | authority = 2 | role = "…", ticket = yuan "50.00", day = yuan "300.00" }',
      '%s：每一行应写成 { person = "…" | authority = 2 | role = "…", ticket = yuan "50.00", day = yuan "300.00" }', { what })
    return
  end
  catalog.reject_unknown(row, row_keys, where, what)
  check_amount(row, "ticket", where, what)
  check_amount(row, "day", where, what)
  list[#list + 1] = { person = row.person, authority = row.authority, role = row.role, ticket = row.ticket, day = row.day }
end

-- grants "refund" { zh = "退费", en = "refund", above = "route", { authority = 2, ticket = yuan "50.00", day = yuan "300.00" }, … }
-- The first row that means a person counts; without ticket or day there is no such limit; whom no row means may give nothing.
-- above = "route": what is too much goes to the next who may, with the reason; "refuse" (the default): it is refused, and says who may.
function grants.env.grants(name)
  local where = host.where(2)
  if type(name) ~= "string" then
    errors.add(where, 'grants need a name: grants "refund" { … }', '额度要有名称：grants "refund" { … }', nil, "grants")
  end
  return function(body)
    local what = "grants " .. tostring(name)
    catalog.reject_unknown(body, catalog.labelled { "above" }, where, what)
    if body.above ~= nil and body.above ~= "route" and body.above ~= "refuse" then
      errors.add(where, '%s: above = "%s" is none of route, refuse', "%s：above = “%s”不是 route、refuse 之一", { what, tostring(body.above) },
        tostring(body.above), ways)
    end
    local entry = { label = catalog.label(body, where, what), above = body.above or "refuse", rows = {} }
    for _, row in ipairs(body) do add_row(entry.rows, row, where, what) end
    catalog.declare("grants", name, where, entry)
  end
end

-- What can only be checked when persons, roles and kinds are known.
function grants.check()
  for name, g in host.sorted_pairs(data.grants) do
    local where, what = catalog.where("grants", name), "grants " .. name
    for _, row in ipairs(g.rows) do
      if row.person and not data.persons[row.person] then
        errors.add(where, '%s: "%s" is not a declared person', "%s：“%s”不是已声明的人员", { what, tostring(row.person) }, row.person, data.persons)
      end
      if row.role and not data.roles[row.role] then
        errors.add(where, '%s: "%s" is not a role', "%s：“%s”不是角色", { what, tostring(row.role) }, row.role, data.roles)
      end
    end
    listed[#listed + 1] = { name = name, left = "left." .. name, ticket_left = "ticket_left." .. name, day_left = "day_left." .. name }
    grants.rules[name] = { full = "grants/" .. name, where = where, because = g.label.en .. ": more than the grant of who acts" }
  end
  for kind, k in host.sorted_pairs(data.kinds) do
    for action, a in host.sorted_pairs(k.actions) do
      local where = catalog.where("actions", kind .. "." .. action)
      for name, key in host.sorted_pairs(a.spends or {}) do
        if not data.grants[name] then
          errors.add(where, 'action %s: spends: "%s" is not a declared grant', "操作 %s：spends：“%s”不是已声明的额度", { action, tostring(name) },
            name, data.grants)
        elseif not a.data[key] or a.data[key].type ~= "money" then
          errors.add(where, 'action %s: spends: data.%s must be of type "money"', "操作 %s：spends：data.%s 的类型应为 money", { action, tostring(key) })
        end
      end
      for _, name in ipairs(a.releases or {}) do
        if not data.grants[name] then
          errors.add(where, 'action %s: releases: "%s" is not a declared grant', "操作 %s：releases：“%s”不是已声明的额度",
            { action, tostring(name) }, name, data.grants)
        end
      end
    end
  end
end

local function means(row, name, person, roles)
  return row.person ~= nil and row.person == name or row.authority ~= nil and person ~= nil and person.authority == row.authority
    or row.role ~= nil and roles[row.role] == true
end

-- The row that counts for somebody, and its place; nil: nothing is granted.
local function row_of(g, name, roles)
  local person = data.persons[name]
  roles = roles or person and person.roles or {}
  for i = 1, #g.rows do
    if means(g.rows[i], name, person, roles) then return g.rows[i], i end
  end
end

-- What is left to who acts: left (now, on this ticket), ticket_left, day_left; a huge number where there is no limit.
local no_limit = 1 << 53
local function left_of(g, who, spent)
  local row = row_of(g, who.name, who.roles)
  if not row then return { left = 0, ticket_left = 0, day_left = 0 } end
  local of_ticket = row.ticket and math.max(0, row.ticket - (spent.ticket or 0)) or no_limit
  local of_day = row.day and math.max(0, row.day - (spent.day or 0)) or no_limit
  return { left = math.min(of_ticket, of_day), ticket_left = of_ticket, day_left = of_day, row = row }
end

-- The fields left.NAME, ticket_left.NAME, day_left.NAME and within_grant, before rules are asked about an action: of a grant that the
-- action spends now, or that the pack asks for by name.
function grants.view(v, action)
  local within
  for i = 1, #listed do
    local of = listed[i]
    local x = action and action.spends and host.at(v.h, "data", action.spends[of.name] or "")
    local is_spent = math.type(x) == "integer" and x > 0
    if is_spent or ids[of.left] or ids[of.ticket_left] or ids[of.day_left] then
      local l = left_of(data.grants[of.name], v.facts.who or {}, (v.facts.spent or {})[of.name] or {})
      v[of.left], v[of.ticket_left], v[of.day_left] = l.left, l.ticket_left, l.day_left
      if is_spent then within = within ~= false and x <= l.left end
    end
  end
  v.within_grant = within
end

local function amount_text(fen) return string.format("%d.%02d", fen // 100, fen % 100) end
grants.amount_text = amount_text

-- Persons whom a row means before any other row does, sorted by name, who are there on that date.
local function persons_of(g, place, date, except)
  local out = {}
  for name in host.sorted_pairs(data.persons) do
    local _, at = row_of(g, name)
    if at == place and name ~= except and org.present(name, date) == name then out[#out + 1] = name end
  end
  return out
end

-- Of those the one nearest to a department: in it, in the one above it, and so on; else the first.
local function nearest(names, department)
  local at = department
  for _ = 1, 8 do
    if not at or not data.departments[at] then break end
    for _, name in ipairs(names) do if data.persons[name].department == at then return name end end
    at = data.departments[at].above
  end
  return names[1]
end

-- Who may give so much: the smallest grant that suffices and has somebody there. → name, row
local function who_may(g, amount, spent, who, department, date)
  local mine = row_of(g, who.name, who.roles)
  local best, best_row
  for place, row in ipairs(g.rows) do
    local enough = row ~= mine and (not row.ticket or row.ticket >= amount + (spent.ticket or 0)) and (not row.day or row.day >= amount)
    if enough and mine and mine.ticket and row.ticket and row.ticket < mine.ticket then enough = false end
    if enough and not (best_row and (not row.ticket or best_row.ticket and best_row.ticket <= row.ticket)) then
      local names = persons_of(g, place, date, who.name)
      if #names > 0 then best, best_row = nearest(names, department), row end
    end
  end
  return best, best_row
end

local function title(row)
  if row.person then return { en = row.person, zh = data.persons[row.person].label.zh } end
  if row.authority then return { en = "authority " .. row.authority, zh = "权限等级" .. row.authority } end
  return { en = row.role, zh = data.roles[row.role].label.zh }
end

-- Why it is too much, in both languages.
local function reason(g, amount, spent, row)
  if not row then
    return { en = string.format("%s %s: nothing is granted to you", g.label.en, amount_text(amount)),
      zh = string.format("%s %s 元：您没有额度", g.label.zh, amount_text(amount)) }
  end
  if row.ticket and amount + (spent.ticket or 0) > row.ticket then
    local so_far = spent.ticket and spent.ticket > 0
    return { en = string.format("%s %s%s is above your grant of %s a ticket", g.label.en, amount_text(amount),
        so_far and " after " .. amount_text(spent.ticket) or "", amount_text(row.ticket)),
      zh = string.format("%s %s 元%s，超过您每单 %s 元的额度", g.label.zh, amount_text(amount),
        so_far and "（已用 " .. amount_text(spent.ticket) .. " 元）" or "", amount_text(row.ticket)) }
  end
  return { en = string.format("%s %s is above the %s left of your %s a day", g.label.en, amount_text(amount),
      amount_text(math.max(0, row.day - (spent.day or 0))), amount_text(row.day)),
    zh = string.format("%s %s 元，超过您今日剩余的 %s 元（每日 %s 元）", g.label.zh, amount_text(amount),
      amount_text(math.max(0, row.day - (spent.day or 0))), amount_text(row.day)) }
end

local function who_may_text(to, row)
  if not to then return { en = "; nobody's grant is so high", zh = "；没有人有这么高的额度" } end
  local t = title(row)
  return { en = string.format("; %s may (%s): %s", t.en, row.ticket and "up to " .. amount_text(row.ticket) or "no limit", to),
    zh = string.format("；%s可以（%s）：%s", t.zh, row.ticket and "每单 " .. amount_text(row.ticket) .. " 元以内" or "不限", data.persons[to].label.zh) }
end

-- What an action would spend: nil (nothing, or within the grant: d.reserve says so), or what is too much:
-- {name, to?, en, zh, amount}.
function grants.spend(v, action, d)
  local given, facts = v.facts.data or {}, v.facts
  local who = facts.who or {}
  for name, key in host.sorted_pairs(action.spends or {}) do
    local amount = given[key]
    if amount ~= nil and amount ~= 0 then
      local g, spent = data.grants[name], (facts.spent or {})[name] or {}
      local row = row_of(g, who.name, who.roles)
      if amount > left_of(g, who, spent).left then
        local why = reason(g, amount, spent, row)
        local to, their = who_may(g, amount, spent, who, v.department, v.date)
        local more = who_may_text(to, their)
        return { name = name, key = key, amount = amount, to = to, above = g.above, en = why.en .. more.en, zh = why.zh .. more.zh }
      end
      d.reserve = d.reserve or {}
      d.reserve[#d.reserve + 1] = { grant = name, amount = amount, ticket_max = row.ticket, day_max = row.day }
    end
  end
end

-- grant.list: facts {who, spent} → {grants = {NAME = {label, ticket?, day?, day_spent, day_left?}}}
function grants.now(facts)
  local out = {}
  for name, g in host.sorted_pairs(data.grants) do
    local row, spent = row_of(g, facts.who.name, facts.who.roles), (facts.spent or {})[name] or {}
    local one = { name = name, label = g.label, ticket = row and row.ticket or not row and 0 or nil, day = row and row.day or not row and 0 or nil,
      day_spent = spent.day or 0 }
    one.day_left = one.day and math.max(0, one.day - one.day_spent)
    out[#out + 1] = one
  end
  return { grants = host.list(out) }
end

return grants
