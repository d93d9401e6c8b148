-- rules, rule, otherwise: noted while the pack's files run, compiled once everything is known, then only walked.
local host = ...
local errors = host.lib "errors"
local fields = host.lib "fields"
local words = host.lib "words"
local sets = host.lib "sets"
local units = host.lib "units"
local reach = host.lib "reach"
local rules = { env = {}, sets = {}, list = {}, by_name = {}, names = {}, table = {}, replaced = {} }
local try = host.try or pcall -- host.try also survives a rule that loops
local noted, names_seen, made = {}, {}, {}
local Row = {}

function rules.row(kind, name, where, body)
  made[#made + 1] = setmetatable({ kind = kind, name = name, where = where, body = body }, Row)
  return made[#made]
end

function rules.env.rule(name)
  local where = host.where(2)
  if type(name) ~= "string" or name == "" or name == "otherwise" then
    errors.add(where, 'a rule needs a name of its own: rule "…" { … }', '规则要有自己的名字：rule "…" { … }')
    name = tostring(name)
  end
  return function(body) return rules.row("rule", name, where, body) end
end

function rules.env.otherwise(body) return rules.row("otherwise", "otherwise", host.where(2), body) end

-- every "4h", every("4h", { at_most = 3 })
function rules.env.every(span, options)
  local ms, where = units.duration(span), host.where(2)
  if not ms or ms < 60000 then
    errors.add(where, 'every: %s is not a duration of a minute or more, such as "30m", "4h" or "2d"',
      'every：%s 不是时长，应写成 "30m"、"4h" 或 "2d"，至少一分钟', { errors.shown(span) }, span, units.meant_duration(span))
  end
  if options ~= nil and type(options) ~= "table" then options = { [options] = true } end
  for key, x in host.sorted_pairs(options or {}) do
    if key ~= "at_most" or math.type(x) ~= "integer" or x < 1 then
      errors.add(where, "every: %s = %s is not at_most = 3, a whole number, 1 or more", "every：%s = %s 应为 at_most = 3，不小于 1 的整数",
        { tostring(key), errors.shown(x) }, key, { at_most = true })
    end
  end
  return { every_ms = ms or 60000, at_most = options and options.at_most }
end

function rules.note(name, mode, where, body) noted[#noted + 1] = { name = name, mode = mode, where = where, body = body } end

local function opener(mode)
  return function(name)
    local where = host.where(2)
    return function(body) rules.note(name, mode, where, body) end
  end
end
rules.env.rules = setmetatable({ first = opener "first", all = opener "all", before = opener "before" },
  { __call = function(_, name)
    local where = host.where(2)
    return function(body) rules.note(name, nil, where, body) end
  end })

local compile_when

-- any_of_these({…}, {…}) and unless {…}: whole conditions inside a condition.
local function compile_group(w, at)
  if #w.args == 0 then
    at("when: %s needs at least one { field = condition }", "when：%s 里至少要有一个 { 字段 = 条件 }", { w.op })
  end
  local parts, en, zh = {}, {}, {}
  for i, part in ipairs(w.args) do
    if type(part) == "function" then part = { part } end
    parts[i] = compile_when(part, at)
    if type(part) == "table" and next(part) == nil then
      at("when: %s { } says nothing: write { field = condition }", "when：%s { } 里没有条件：请写 { 字段 = 条件 }", { w.op })
    end
    local said, said_zh = {}, {}
    for k, t in ipairs(parts[i]) do
      local name = t.is_group and "" or t.name .. " "
      said[k], said_zh[k] = name .. t.text, name .. (t.zh or t.text)
    end
    en[i], zh[i] = "(" .. table.concat(said, ", ") .. ")", "(" .. table.concat(said_zh, ", ") .. ")"
  end
  local test = { op = w.op, name = "kind", field = fields.ids.kind, parts = parts, is_group = true }
  if w.op == "unless" then
    test.text, test.zh = "unless " .. table.concat(en, " or "), "以下不成立：" .. table.concat(zh, " 或 ")
  else
    test.text, test.zh = "any of " .. table.concat(en, ", "), table.concat(zh, ", ") .. " 之一"
  end
  return test
end

local function compile_positional(x, at)
  if type(x) == "boolean" and errors.any() then return at(nil) end -- a Lua comparison, which was reported
  if words.is(x) and (x.op == "any_of_these" or x.op == "unless") then return compile_group(x, at) end
  if type(x) == "function" then
    return { op = "call", name = "kind", field = fields.ids.kind, is_group = true, is_function = true, text = "function", zh = "函数成立",
      fn = function(h) return x(fields.readonly(h)) end }
  end
  at("when: write field = condition, any_of_these(…), unless { … } or a function",
    "when：应写 字段 = 条件、any_of_these(…)、unless { … } 或函数")
end

function compile_when(when, at, outputs)
  if type(when) == "function" or words.is(when) then when = { when } end
  if type(when) ~= "table" then
    at("when must be { field = condition, … }", "when 应写成 { 字段 = 条件, … }")
    return {}
  end
  local tests = {}
  for key, value in host.sorted_pairs(when) do
    if math.type(key) == "integer" then
      tests[#tests + 1] = compile_positional(value, at)
    else
      local field = fields.find(key)
      if rawequal(value, errors.blank) then
        at(nil)
      elseif not field then
        at("when.%s is not a ticket field", "when.%s 不是工单字段", { tostring(key) }, key, outputs and outputs[key] and
          { en = string.format("write %s beside when, not in it", key), zh = string.format("%s 应写在 when 外面", key) } or fields.names())
      elseif field.part == "under" and not host.lib("alarms").ranks()[field.key] then
        at('when.%s: "%s" is not a level', "when.%s：“%s”不是预警级别", { key, field.key }, field.key, host.lib("alarms").ranks())
      else
        local test = words.bind(field, value, at)
        if test then
          test.name, test.field, test.sign = key, fields.ids[key], test.sign or test.text
          tests[#tests + 1] = test
        end
      end
    end
  end
  return tests
end

local function compile_valid(valid, at)
  local is_said = type(valid) == "table" and next(valid) ~= nil
  for key, x in host.sorted_pairs(is_said and valid or {}) do
    if key ~= "from" and key ~= "to" then
      is_said = false
    elseif not units.is_date(x) then
      at('valid.%s: %s is not a date such as "2026-01-31"', 'valid.%s：%s 不是 "2026-01-31" 这样的日期', { key, errors.shown(x) }, x,
        units.meant_date(x))
      return nil
    end
  end
  if not is_said then
    at('valid must be { from = "2026-01-01", to = "2026-12-31" }', 'valid 应写成 { from = "2026-01-01", to = "2026-12-31" }', nil, "valid")
    return nil
  end
  local from, to = valid.from or "0000-00-00", valid.to or "9999-99-99"
  if from > to then at("valid: from is after to", "valid：from 晚于 to") end
  local text = "from " .. from .. " to " .. to
  return { op = "between", name = "date", field = fields.ids.date, limit = from, to = to, text = text, sign = text }
end

-- The core's "start this clock", built once.
local function start_op(r)
  local out = r.out
  return host.freeze { op = "start", name = out.clock, goal = out.goal, unit = out.unit or "hours", calendar = out.calendar,
    percents = out.percents or { 75, 100 }, statutory = out.statutory, from = out.from, source = out.source, rule = r.full }
end

-- The kinds of tickets that a rule is asked for, as far as they are known: {kind = true}, nil for all. A rule of the base is asked for what
-- the pack makes of its kinds.
local function kinds_for(set, tests, where)
  if host.lib("catalog").is_of_base(where) then return nil end
  for _, t in ipairs(tests) do
    if t.name == "kind" and t.exact and not t.is_group then return t.exact end
  end
  return set.kinds
end

local function compile_row(set, row)
  local r = { name = row.name, full = set.name .. "/" .. row.name, where = row.where, out = {} }
  local function at(en, zh, args, word, known, args_zh)
    r.is_broken = true
    if not en then return end -- the word itself was reported
    local name = row.kind == "rule" and string.format('rule "%s"', row.name) or "otherwise"
    local name_zh = row.kind == "rule" and string.format("规则“%s”", row.name) or "otherwise"
    errors.add(row.where, (name:gsub("%%", "%%%%")) .. ": " .. en, (name_zh:gsub("%%", "%%%%")) .. "：" .. zh, args, word, known, args_zh)
  end
  local body = row.body
  if type(body) ~= "table" then
    at("needs a table of what it asks and says", "后面应是 { … }")
    return nil
  end
  r.tests = row.kind == "rule" and compile_when(body.when or {}, at, set.outputs) or {}
  for key, value in host.sorted_pairs(body) do
    if rawequal(value, errors.blank) then
      at(nil)
    elseif math.type(key) == "integer" then
      at("entry %d has no name: write name = value", "第 %d 项没有名称：请写 名称 = 值", { key }, value)
    elseif key == "when" then
      if row.kind == "otherwise" then at("takes no when: it is what is left", "不能有 when：它就是剩下的情况") end
    elseif key == "because" then
      if type(value) ~= "string" then at("because must be a text", "because 应为文字") else r.because = value end
    elseif key == "valid" then
      table.insert(r.tests, 1, compile_valid(value, at))
    else
      r.out[key] = sets.output(set, key, value, at, kinds_for(set, r.tests, row.where))
      local pattern = set.outputs[key] == "queue" and sets.queue_pattern(value)
      if pattern then
        r.fill = pattern
        local asked = false
        for _, t in ipairs(r.tests) do asked = asked or t.name == pattern.field end
        if not asked then
          at('%s = "%s" needs %s: add %s = present to when', '%s = “%s”需要 %s：请在 when 里加 %s = present',
            { key, value, pattern.field, pattern.field })
        end
      end
    end
  end
  for _, t in ipairs(r.tests) do r.asks_action = r.asks_action or t.name == "action" end
  if r.is_broken then return r end
  sets.check_outputs(set, body, at)
  if r.out.clock then r.start = start_op(r) end
  if r.out.say then r.out.say = host.freeze(r.out.say) end
  return r
end

local function check_names(set)
  local seen = names_seen[set.name] or {}
  names_seen[set.name] = seen
  for _, r in ipairs(set.rows) do
    if seen[r.name] then
      errors.add(r.where, 'rule "%s" stands twice in "%s": also at %s', "规则“%s”在“%s”里出现了两次：另一处在 %s",
        { r.name, set.name, seen[r.name].where }, r.name)
    end
    seen[r.name] = seen[r.name] or r
  end
end

-- A set of nothing but has_word on one field is one look through the text for all words of all rules.
local function finder_of(set)
  local list, owner, field = {}, {}, nil
  for i, r in ipairs(set.rows) do
    local t = r.tests[1]
    if #r.tests ~= 1 or not t.says or (field and t.field ~= field) then return nil end
    field = t.field
    for _, w in ipairs(t.says) do list[#list + 1], owner[#owner + 1] = w, i end
  end
  if set.mode ~= "first" or #set.rows < 3 then return nil end
  return { words = host.words(list), owner = owner, field = field }
end

-- Sets whose rules say one thing each, as it goes into the decision: which, and what makes two of them the same.
local says = { clocks = function(r) return r.start, r.out.clock end, advice = function(r) return r.out.say end }

local function says_of(set)
  local of = says[set.name]
  if not of then return nil end
  local values, same, seen, n = {}, {}, {}, 0
  for i = 1, #set.rows + 1 do
    local r = set.rows[i] or set.otherwise
    local value, key = nil, nil
    if r then value, key = of(r) end
    if key and not seen[key] then n = n + 1 seen[key] = n end
    values[i], same[i] = value or false, seen[key or false] or 0
  end
  return { values = values, same = same }
end

local function build_matcher(set)
  local rows, numbers = {}, {}
  for i, r in ipairs(set.rows) do rows[i], numbers[i] = r.tests, r.number end
  numbers[#numbers + 1] = set.otherwise and set.otherwise.number or -1
  set.finder = finder_of(set) -- kept: the core does not keep its word list alive
  set.matcher, set.has_calls = host.matcher(rows, numbers, set.finder, says_of(set))
end

-- Every rule's place in one table for all: what `because` of a decision names. A category that stands for another counts as one.
local function number_rules(list)
  for code, c in host.sorted_pairs(words.catalog.categories) do
    if c.replaced_by then
      rules.replaced[code] = { full = "catalog/" .. code, because = "replaced by " .. table.concat(c.replaced_by, ", "),
        where = host.lib("catalog").where("categories", code) or "catalog.lua" }
      list[#list + 1] = rules.replaced[code]
    end
  end
  for _, r in host.sorted_pairs(host.lib("grants").rules) do list[#list + 1] = r end
  table.sort(list, function(a, b)
    if a.full ~= b.full then return a.full < b.full end
    return a.where < b.where
  end)
  for i, r in ipairs(list) do
    r.number = i - 1
    rules.table[i] = { rule = r.full, line = r.where, because = r.because }
  end
end

-- kinds = { "complaint" } in a set: it is asked for these kinds only. → array of kinds, {"*"} for all; nil when reported
local function kinds_of(note)
  local kinds = type(note.body) == "table" and note.body.kinds
  if not kinds then return { "*" } end
  if type(kinds) ~= "table" then
    errors.add(note.where, 'rules "%s": kinds must be a list such as { "complaint" }', '规则集“%s”：kinds 应为列表，如 { "complaint" }', { note.name },
      kinds)
    return { "*" }
  end
  for _, kind in ipairs(kinds) do
    if not words.catalog.kinds[kind] then
      errors.add(note.where, 'rules "%s": "%s" is not a declared kind', "规则集“%s”：“%s”不是已声明的工单类型",
        { note.name, tostring(kind) }, kind, words.catalog.kinds)
    end
  end
  return kinds
end

-- The kinds that rules "warning" open: what they act on is one of them.
local function opened()
  local out = {}
  for _, note in ipairs(noted) do
    local rows = note.name == "warning" and type(note.body) == "table" and (note.body.rows and note.body.rows() or note.body) or {}
    for _, row in ipairs(rows) do
      local kind = getmetatable(row) == Row and type(row.body) == "table" and row.body.open
      if words.catalog.kinds[kind] then out[kind] = true end
    end
  end
  return next(out) and out
end

local function new_set(note, schema, kinds)
  local set = { name = note.name, mode = schema.mode, outputs = schema.outputs, needs = schema.needs, with = schema.with, agree = schema.agree,
    is_partial = schema.is_partial, rows = {}, where = note.where,
    kinds = note.name == "warning" and opened() or kinds[1] ~= "*" and units.set_of(kinds) or nil }
  local by_kind = rules.sets[note.name] or {}
  rules.sets[note.name] = by_kind
  for _, kind in ipairs(kinds) do by_kind[kind] = set end
  rules.list[#rules.list + 1] = set
  return set
end

local function open_set(note)
  local schema = sets.list[note.name]
  if not schema then
    errors.add(note.where, 'no decision asks the rules "%s"', "没有任何决策会用到规则集“%s”", { tostring(note.name) }, note.name, sets.list)
    return nil
  end
  local mode = note.mode
  if mode ~= "before" and (mode or "first") ~= schema.mode then
    if schema.mode == "all" then
      errors.add(note.where, 'every rule of "%s" that holds counts: write rules.all "%s"',
        '“%s”里凡成立的规则都算数：请写 rules.all "%s"', { note.name, note.name })
    else
      errors.add(note.where, 'only the first rule of "%s" that holds counts: write rules.first "%s"',
        '“%s”里只有第一条成立的规则算数：请写 rules.first "%s"', { note.name, note.name })
    end
  end
  local kinds = kinds_of(note)
  local by_kind = rules.sets[note.name] or {}
  local set = by_kind[kinds[1]]
  local others = errors.names(by_kind)
  if not set and mode == "before" and kinds[1] == "*" and #others > 0 then
    errors.add(note.where, 'rules.before "%s" would not be asked for a %s: the set it should go before (%s) says kinds; say kinds = { "%s" }',
      'rules.before "%s" 不会用于 %s：它前面的规则集（%s）写了 kinds；请写 kinds = { "%s" }',
      { note.name, others[1], by_kind[others[1]].where, others[1] })
    set = by_kind[others[1]] -- so that its rows are checked as well
  end
  if not set then return new_set(note, schema, kinds) end
  if mode ~= "before" then
    errors.add(note.where, 'rules "%s" stand twice: also at %s; to add rules in front write rules.before "%s"',
      '规则集“%s”出现了两次：另一处在 %s；要在前面加规则请写 rules.before "%s"', { note.name, set.where, note.name })
    return nil
  end
  return set
end

local function fill_set(set, note)
  if type(note.body) ~= "table" then
    errors.add(note.where, 'rules "%s" must be followed by { … }', '规则集“%s”后面应是 { … }', { note.name })
    return
  end
  local rows, front = note.body.rows and note.body.rows() or note.body, {}
  for key in host.sorted_pairs(note.body) do
    if type(key) == "string" and key ~= "kinds" and key ~= "rows" then
      errors.add(note.where, 'rules "%s": %s is nothing a set has: it has kinds and rules', "规则集“%s”：没有 %s 这一项：这里只写 kinds 和规则",
        { note.name, key }, key, { kinds = true })
    end
  end
  if #rows == 0 then
    errors.add(note.where, 'rules "%s" say nothing: not one rule stands in them', "规则集“%s”没有内容：里面一条规则也没有", { note.name })
  end
  for i, row in ipairs(rows) do
    if getmetatable(row) == Row then row.is_taken = true end
    if type(row) == "function" then
      errors.add(note.where, 'rules "%s": entry %d is a rule without its { … }', "规则集“%s”：第 %d 项的规则后面缺少 { … }", { note.name, i }, nil,
        { en = "take the comma behind the rule's name away", zh = "请删去规则名后面的逗号" })
    elseif getmetatable(row) ~= Row then
      errors.add(note.where, 'rules "%s": entry %d is neither rule "…" { … } nor otherwise { … }',
        '规则集“%s”：第 %d 项既不是 rule "…" { … } 也不是 otherwise { … }', { note.name, i })
    else
      local r = compile_row(set, row)
      if row.kind == "otherwise" then
        if set.otherwise then
          errors.add(row.where, 'otherwise stands twice in "%s": also at %s', "otherwise 在“%s”里出现了两次：另一处在 %s",
            { note.name, set.otherwise.where })
        end
        set.otherwise = r
      elseif r then
        if set.otherwise and note.mode ~= "before" then
          errors.add(row.where, 'rule "%s" is never reached: it stands after otherwise (%s)', "规则“%s”永远轮不到：它在 otherwise（%s）之后",
            { r.name, set.otherwise.where })
        end
        front[#front + 1] = r
      end
    end
  end
  if note.mode == "before" then table.move(set.rows, 1, #set.rows, #front + 1, front) set.rows = front
  else table.move(front, 1, #front, #set.rows + 1, set.rows) end
end

-- The rows of a set that was reported are no findings of their own.
local function take_rows(note)
  for _, row in ipairs(type(note.body) == "table" and note.body or {}) do
    if getmetatable(row) == Row then row.is_taken = true end
  end
end

-- A rule that was written beside a set, not in it.
local function check_taken()
  for _, row in ipairs(made) do
    if not row.is_taken then
      errors.add(row.where, '%s stands in no set of rules', "%s 不在任何规则集里",
        { row.kind == "rule" and string.format('rule "%s"', row.name) or "otherwise" }, row.kind,
        { en = 'write it into rules.before "routing" { … } or another set, with commas between',
          zh = '请写进 rules.before "routing" { … } 等规则集里，用逗号隔开' })
    end
  end
end

-- Everything noted becomes sets that can be asked; every finding goes to errors.
function rules.compile()
  local every = {}
  fields.register(words.catalog)
  table.sort(noted, function(a, b) -- what goes in front comes last, so that the set it goes before exists
    if (a.mode == "before") ~= (b.mode == "before") then return b.mode == "before" end
    return a.where < b.where
  end)
  for _, note in ipairs(noted) do
    local set = open_set(note)
    if set then fill_set(set, note) else take_rows(note) end
  end
  check_taken()
  for _, set in ipairs(rules.list) do
    check_names(set)
    if set.mode == "first" then
      reach.check(set)
      if not set.otherwise and not set.is_partial then
        errors.add(set.where, 'rules "%s" has a gap: end it with otherwise { … }', "规则集“%s”有缺口：请以 otherwise { … } 结尾", { set.name })
      end
    end
    for _, r in ipairs(set.rows) do rules.by_name[r.full], every[#every + 1] = r, r end
    if set.otherwise then rules.by_name[set.otherwise.full], every[#every + 1] = set.otherwise, set.otherwise end
  end
  for name in host.sorted_pairs(rules.by_name) do rules.names[#rules.names + 1] = name end
  number_rules(every)
  if not errors.any() then
    for _, set in ipairs(rules.list) do build_matcher(set) end
  end
  fields.close()
end

-- Which rule raised: ask them one by one. The set then takes its otherwise.
local function fail(set, v, message)
  local name = set.name
  for i, r in ipairs(set.rows) do
    local ok, why = try(host.failed, set.matcher, v.h, i)
    if not ok then name, message = r.full, why break end
  end
  v.failed = v.failed or { rule = name, message = tostring(message) }
end

-- The set of that name for this kind of ticket.
local function find(name, v)
  local by_kind = rules.sets[name]
  return by_kind and (by_kind[v.kind_name] or by_kind["*"])
end
rules.find = find

local first, every = host.first, host.all

-- Which rule of a first-match set holds, and what it says; noted as a reason. nil when there is none. Never raises.
function rules.ask(name, v)
  local set = find(name, v)
  if not set then return nil end
  local ok, i = true
  if set.has_calls then ok, i = try(first, set.matcher, v.h) else i = first(set.matcher, v.h) end
  local r = ok and i and set.rows[i] or set.otherwise
  if not ok then
    fail(set, v, i)
    if r then host.note(v.h, r.number) end
  end
  if r then return r.out, r end
end

-- Every rule that holds, in order, into the list `found`, which is given back with their number; is_quiet leaves it to the caller
-- to note them. Never raises.
function rules.ask_all(name, v, found, is_quiet)
  local set = find(name, v)
  if not set then return found, 0 end
  local ok, n = true
  if set.has_calls then ok, n = try(every, set.matcher, v.h, found, set.rows, is_quiet)
  else n = every(set.matcher, v.h, found, set.rows, is_quiet) end
  local otherwise = set.otherwise
  if not ok then
    fail(set, v, n)
    n = 0
    if otherwise and not is_quiet then host.note(v.h, otherwise.number) end
  end
  if n == 0 and otherwise then found[1], n = otherwise, 1 end
  return found, n
end

local say = host.say

-- What every rule that holds says goes into list number `list` of the decision, noted. Never raises.
function rules.say_all(name, v, list)
  local set = find(name, v)
  if not set then return end
  if not set.has_calls then return say(set.matcher, v.h, list) end
  local ok, why = try(say, set.matcher, v.h, list)
  if not ok then fail(set, v, why) end
end

-- Fill a queue pattern: "city_support.CITY" → "city_support.shenzhen".
function rules.queue_of(r, v)
  local fill = r.fill
  if not fill then return r.out.to end
  local x = v[fill.field]
  return x and x ~= "" and fill.prefix .. x or nil
end

-- What of a row does not hold: {field, value, expected}; nil when it holds.
local function why_not(set, v, i)
  local ok, at = pcall(host.failed, set.matcher, v.h, i)
  if not ok then return { field = "when", expected = "no error: " .. tostring(at), expected_zh = "没有错误：" .. tostring(at) } end
  if not at then return nil end
  local t = set.rows[i].tests[at]
  if t.is_group then return { field = "when", expected = t.text, expected_zh = t.zh or t.text } end
  local value, field = v[t.name], fields.find(t.name)
  if field and field.type == "level" then value = host.lib("alarms").level_of(value) end
  return { field = t.name, value = value, expected = t.text, expected_zh = t.zh or t.text }
end

-- {rule, line, fired, because?, failed={field, value, expected}?} of each rule of a set, in order.
function rules.explain(name, v, only, out)
  local set = find(name, v)
  if not set then return end
  local taken, of_clock = nil, {}
  local function row(r, failed)
    local clock = name == "clocks" and r.out.clock -- of these the first rule of each clock counts
    local before = clock and of_clock[clock] or set.mode == "first" and taken
    if not failed and before then
      failed = { field = "order", value = before, expected = "no earlier rule that holds", expected_zh = "前面没有规则成立" }
    end
    if not failed then taken = taken or r.full end
    if not failed and clock then of_clock[clock] = r.full end
    if not only or only == r.full or only == r.name then
      out[#out + 1] = { rule = r.full, line = r.where, because = r.because, fired = not failed, failed = failed }
    end
  end
  for i, r in ipairs(set.rows) do row(r, why_not(set, v, i)) end
  if set.otherwise and (set.mode == "first" or not taken) then row(set.otherwise) end
end

return rules
