-- Reports that somebody outside is owed (to the regulator, by law): which clock each answers, to whom it goes, and its text with the
-- facts of the ticket and its case filled in. A draft is a draft: it says so in its first line, and names what is not known.
--   draft_facts { { "users", zh = "受影响用户数", en = "users affected", from = { "fields.users", "case.affected" } }, … }
--   draft "report_written" { zh = …, en = …, to = { zh = …, en = … }, text = { zh = "…{users}…", en = "…{users}…" } }
-- The name of a draft is the clock that it answers; `action` (else the same name) tells that it was made.
local host = ...
local errors = host.lib "errors"
local fields = host.lib "fields"
local rules = host.lib "rules"
local catalog = host.lib "catalog"
local units = host.lib "units"
local signals = host.lib "signals"
local data = catalog.data
local drafts = { env = {} }
local texts = {} -- draft → {zh, en}, its parts: words and {fact = name}
local facts_list, facts_by = {}, {}
local languages = { "zh", "en" }
data.drafts = {}

-- ---- while the pack loads ----------------------------------------------------------------------------------
local ways = units.set_of { "text", "time", "number", "list", "city", "cities", "category", "person", "persons", "count" }

function drafts.env.draft_facts(rows)
  local where = host.where(2)
  for _, row in ipairs(rows) do
    local what = "draft_facts." .. tostring(row[1])
    catalog.reject_unknown(row, catalog.labelled { "from", "as" }, where, what)
    local one = { name = tostring(row[1]), label = catalog.label(row, where, what), from = type(row.from) == "table" and row.from or {},
      as = row.as or "text" }
    if #one.from == 0 then
      errors.add(where, '%s: from must list where the fact stands, such as { "fields.users", "case.affected" }',
        '%s：from 应列出事实所在，如 { "fields.users", "case.affected" }', { what })
    end
    if not ways[one.as] then errors.add(where, '%s: as: "%s" is unknown', "%s：as：“%s”不认识", { what, tostring(one.as) }, tostring(one.as), ways) end
    if facts_by[one.name] == nil then facts_list[#facts_list + 1] = one.name end
    facts_by[one.name] = one
  end
end

-- "…{users}…" → { "…", { fact = "users" }, "…" }
local function parts_of(text)
  local out, at = {}, 1
  for from, name, to in text:gmatch("(){([%w_]+)}()") do
    out[#out + 1] = text:sub(at, from - 1)
    out[#out + 1] = { fact = name }
    at = to
  end
  out[#out + 1] = text:sub(at)
  return out
end

function drafts.env.draft(name)
  local where = host.where(2)
  return function(row)
    local what = "draft " .. tostring(name)
    catalog.reject_unknown(row, catalog.labelled { "to", "text", "action", "kinds" }, where, what)
    local text = type(row.text) == "table" and row.text or {}
    for _, language in ipairs(languages) do
      if type(text[language]) ~= "string" then
        errors.add(where, "%s: text.%s is missing", "%s：缺少 text.%s", { what, language })
        text[language] = ""
      end
    end
    texts[name] = { zh = parts_of(text.zh), en = parts_of(text.en), where = where }
    data.drafts[name] = { label = catalog.label(row, where, what), to = catalog.label(row.to, where, what .. ".to"), clock = name,
      action = row.action or name, kinds = row.kinds or {} }
  end
end

-- Always known; the rest is draft_facts.
local own = { title = true, no = true, now = true, due = true, to = true, class = true }

function drafts.check()
  for name, text in host.sorted_pairs(texts) do
    local d, where, what = data.drafts[name], text.where, "draft " .. name
    if not data.clocks[name] then
      errors.add(where, '%s: "%s" is not a declared clock', "%s：“%s”不是已声明的时限", { what, name }, name, data.clocks)
    end
    if #d.kinds == 0 then errors.add(where, "%s needs kinds = { … }, whose report it is", "%s 应写明 kinds = { … }，是哪类工单的报告", { what }) end
    for _, kind in ipairs(d.kinds) do
      local k = data.kinds[kind]
      if not k then
        errors.add(where, '%s: "%s" is not a kind', "%s：“%s”不是工单类型", { what, tostring(kind) }, tostring(kind), data.kinds)
      elseif not k.actions[d.action] then
        errors.add(where, '%s: "%s" is not an action of %s', "%s：“%s”不是 %s 的操作", { what, d.action, kind }, d.action, k.actions)
      end
    end
    for _, language in ipairs(languages) do
      for _, part in ipairs(text[language]) do
        if type(part) == "table" and not own[part.fact] and not facts_by[part.fact] then
          errors.add(where, "%s: text.%s: {%s} is not one of draft_facts", "%s：text.%s：{%s} 不在 draft_facts 之中",
            { what, language, part.fact }, part.fact, facts_by)
        end
      end
    end
  end
end

-- ---- when it is asked for --------------------------------------------------------------------------------------
-- A path into the ticket, or with "case." into its incident; "sized.NAME" is fields.NAME where a person said it (action "size").
local function find(facts, path)
  local x = path:sub(1, 5) == "case." and facts.case or facts.ticket
  if path:sub(1, 6) == "sized." then x = (facts.ticket.fields or {}).sized_by and facts.ticket.fields end
  for key in path:gsub("^case%.", ""):gsub("^sized%.", ""):gmatch("[^.]+") do
    if type(x) ~= "table" then return nil end
    x = x[key]
  end
  if x == "" or x == false or type(x) == "table" and #x == 0 and not x.zh then return nil end
  return x
end

local function time_text(ms)
  local at = host.civil(ms)
  return string.format("%s %02d:%02d", at.date, at.hour, at.minute)
end

local function named(of, name, language)
  local entry = data[of][name]
  return entry and entry.label and entry.label[language] or tostring(name)
end

local function joined(list, language, each)
  local out = {}
  for i, x in ipairs(type(list) == "table" and list or { list }) do out[i] = each(x) end
  return table.concat(out, language == "zh" and "、" or ", ")
end

local function person(name, language)
  local p = data.persons[name]
  if not p then return tostring(name) end
  return p.reach and named("persons", name, language) .. " " .. p.reach or named("persons", name, language)
end

-- What was done, by whom and when (an action's `log`).
local function done(x, language)
  if type(x) ~= "table" then return tostring(x) end
  return string.format(language == "zh" and "%s（%s，%s）" or "%s (%s, %s)", x.step or x.source or x.text, named("persons", x.by, language),
    time_text(x.at))
end

local shown = {
  text = function(x, language) return type(x) == "table" and x[language] or tostring(x) end,
  number = function(x) return tostring(x) end,
  count = function(x) return tostring(type(x) == "table" and #x or x) end,
  time = function(x) return time_text(x) end,
  list = function(x, language) return joined(x, language, function(one) return done(one, language) end) end,
  city = function(x, language) return named("cities", x, language) end,
  cities = function(x, language) return joined(x, language, function(one) return named("cities", one, language) end) end,
  category = function(x, language) -- also the service of a case that is about no category: the fault's name
    return data.categories[x] and named("categories", x, language) or (signals.fault_label(x) or {})[language] or tostring(x)
  end,
  person = function(x, language) return person(x, language) end,
  persons = function(x, language) return joined(x, language, function(one) return person(one, language) end) end,
}

-- A fact's text, nil when it stands nowhere.
local function fact_text(fact, facts, language)
  for _, path in ipairs(fact.from) do
    local x = find(facts, path)
    if x ~= nil then return shown[fact.as](x, language) end
  end
end

local function own_text(name, d, facts, class, language)
  if name == "title" then return d.label[language] end
  if name == "no" then return facts.ticket.no end
  if name == "now" then return time_text(facts.now) end
  if name == "to" then return d.to[language] end
  if name == "class" then return class and class[language] end
  local clock = (facts.clocks or {})[d.clock]
  return clock and clock.due and time_text(clock.due)
end

local own_labels = { class = { zh = "事故等级", en = "class of the accident" }, due = { zh = "报告时限", en = "when it is due" },
  no = { zh = "编号", en = "number" } }

local head = { zh = "【草稿，未报送】", en = "DRAFT, not sent: " }
local drill_head = { zh = "【演练】", en = "DRILL. " }
local gap = { zh = "【缺：%s】", en = "[missing: %s]" }

-- One language of a draft; `missing` takes what is not known, each once.
local function text_of(name, facts, class, language, missing)
  local d, out = data.drafts[name], {}
  for i, part in ipairs(texts[name][language]) do
    local text, label = part
    if type(part) == "table" then
      local fact = facts_by[part.fact]
      if fact then text, label = fact_text(fact, facts, language), fact.label
      else text, label = own_text(part.fact, d, facts, class, language), own_labels[part.fact] end
      if text == nil then
        text = string.format(gap[language], label[language])
        if not missing.seen[part.fact] then
          missing.seen[part.fact] = true
          missing.list[#missing.list + 1] = { name = part.fact, label = label }
        end
      end
    end
    out[i] = text
  end
  local is_drill = (facts.ticket.fields or {}).drill or facts.case and (facts.case.fields or {}).drill
  return (is_drill and drill_head[language] or "") .. head[language] .. d.label[language] .. "\n" .. table.concat(out)
end

-- "made", "running" or "none": whether the clock has begun, and whether the report was made.
local function state_of(clock)
  if not clock then return "none" end
  return clock.state == "stopped" and "made" or "running"
end

-- facts: {now, ticket, clocks, case?, draft?} → {drafts = [{name, label, to, action, state, due?, class?, zh, en, missing=[{name, label}]}]}
function drafts.point(facts)
  local v = fields.view(facts)
  local out = {}
  for _, name in ipairs(facts_list) do -- the class follows what the text says
    local field, x
    for _, path in ipairs(facts_by[name].from) do
      if x == nil then x = find(facts, path) end
      field = field or path:sub(1, 7) == "fields." and path
    end
    if field and x ~= nil then v[field] = x end
  end
  local said = rules.ask("class", v)
  local class = said and said.name
  for name, d in host.sorted_pairs(data.drafts) do
    local is_asked = facts.draft == nil or facts.draft == name
    for _, kind in ipairs(is_asked and d.kinds or {}) do
      if kind == v.kind then
        local missing, clock = { list = {}, seen = {} }, (facts.clocks or {})[d.clock]
        local one = { name = name, label = d.label, to = d.to, clock = d.clock, action = d.action, class = class, state = state_of(clock),
          due = clock and clock.state ~= "stopped" and clock.due or nil }
        for _, language in ipairs(languages) do one[language] = text_of(name, facts, class, language, missing) end
        one.missing = host.list(missing.list)
        out[#out + 1] = one
      end
    end
  end
  return { drafts = host.list(out), class = class, because = host.noted(v.h) }
end

return drafts
