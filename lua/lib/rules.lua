-- rules, rule, otherwise: noted while the pack's files run, compiled once everything is known, then only walked.
local host = ...
local errors = host.lib "errors"
local fields = host.lib "fields"
local words = host.lib "words"
local sets = host.lib "sets"
local units = host.lib "units"
local rules = { env = {}, sets = {}, list = {}, by_name = {}, names = {} }
local try = host.try or pcall -- host.try also survives a rule that loops
local noted, names_seen = {}, {}
local Row = {}

function rules.row(kind, name, where, body) return setmetatable({ kind = kind, name = name, where = where, body = body }, Row) end

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
  local ms = units.duration(span)
  if not ms or ms < 60000 then
    errors.add(host.where(2), 'every: "%s" is not a duration such as "30m", "4h" or "2d"',
      'every：“%s”不是时长，应写成 "30m"、"4h" 或 "2d"', { tostring(span) })
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
  local parts = {}
  for i, part in ipairs(w.args) do
    if type(part) == "function" then part = { part } end
    parts[i] = compile_when(part, at)
  end
  local function holds(part, v)
    for i = 1, #part do
      local t = part[i]
      if not t.test(v[t.field], v) then return false end
    end
    return true
  end
  local text = {}
  for i, part in ipairs(parts) do
    local said = {}
    for k, t in ipairs(part) do said[k] = t.field .. " " .. t.text end
    text[i] = "(" .. table.concat(said, ", ") .. ")"
  end
  local function any(_, v)
    for i = 1, #parts do if holds(parts[i], v) then return true end end
    return false
  end
  if w.op == "unless" then
    return { field = "kind", is_group = true, text = "unless " .. table.concat(text, " or "), test = function(_, v) return not any(_, v) end }
  end
  return { field = "kind", is_group = true, text = "any of " .. table.concat(text, ", "), test = any }
end

local function compile_positional(x, at)
  if words.is(x) and (x.op == "any_of_these" or x.op == "unless") then return compile_group(x, at) end
  if type(x) == "function" then
    return { field = "kind", is_group = true, is_function = true, text = "function", test = function(_, v) return x(fields.readonly(v)) end }
  end
  at("when: write field = condition, any_of_these(…), unless { … } or a function",
    "when：应写 字段 = 条件、any_of_these(…)、unless { … } 或函数")
end

function compile_when(when, at)
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
        at("when.%s is not a ticket field", "when.%s 不是工单字段", { tostring(key) }, key, fields.names())
      else
        local test, text, exact, limit, sign, list = words.bind(field, value, at)
        if test then
          tests[#tests + 1] = { field = key, test = test, text = text, exact = exact, limit = limit, op = words.is(value) and value.op,
            list = list,
            sign = sign or text, is_function = text == "function" }
        end
      end
    end
  end
  return tests
end

local function compile_valid(valid, at)
  if type(valid) ~= "table" then
    at('valid must be { from = "2026-01-01", to = "2026-12-31" }', 'valid 应写成 { from = "2026-01-01", to = "2026-12-31" }')
    return nil
  end
  local from, to = valid.from or "0000-00-00", valid.to or "9999-99-99"
  for _, name in ipairs { "from", "to" } do
    if valid[name] and not units.is_date(valid[name]) then
      at('valid.%s: "%s" is not a date such as "2026-01-31"', 'valid.%s：“%s”不是 "2026-01-31" 这样的日期', { name, tostring(valid[name]) })
    end
  end
  if from > to then at("valid: from is after to", "valid：from 晚于 to") end
  local text = "from " .. from .. " to " .. to
  return { field = "date", test = function(x) return x ~= nil and x >= from and x <= to end, text = text, sign = text }
end

-- The core's "start this clock", built once.
local function start_op(r)
  local out = r.out
  return { op = "start", name = out.clock, goal = out.goal, unit = out.unit or "hours", calendar = out.calendar,
    percents = out.percents or { 75, 100 }, statutory = out.statutory, from = out.from, source = out.source, rule = r.full }
end

local function compile_row(set, row)
  local r = { name = row.name, full = set.name .. "/" .. row.name, where = row.where, out = {} }
  local function at(en, zh, args, word, known)
    r.is_broken = true
    if not en then return end -- the word itself was reported
    local name = row.kind == "rule" and string.format('rule "%s"', row.name) or "otherwise"
    local name_zh = row.kind == "rule" and string.format("规则“%s”", row.name) or "otherwise"
    errors.add(row.where, (name:gsub("%%", "%%%%")) .. ": " .. en, (name_zh:gsub("%%", "%%%%")) .. "：" .. zh, args, word, known)
  end
  local body = row.body
  if type(body) ~= "table" then
    at("needs a table of what it asks and says", "后面应是 { … }")
    return nil
  end
  r.tests = row.kind == "rule" and compile_when(body.when or {}, at) or {}
  for key, value in host.sorted_pairs(body) do
    if key == "when" then
      if row.kind == "otherwise" then at("takes no when: it is what is left", "不能有 when：它就是剩下的情况") end
    elseif key == "because" then
      if type(value) ~= "string" then at("because must be a text", "because 应为文字") else r.because = value end
    elseif key == "valid" then
      table.insert(r.tests, 1, compile_valid(value, at))
    else
      r.out[key] = sets.output(set, key, value, at)
      local pattern = set.outputs[key] == "queue" and sets.queue_pattern(value)
      if pattern then
        r.fill = pattern
        local asked = false
        for _, t in ipairs(r.tests) do asked = asked or t.field == pattern.field end
        if not asked then
          at('%s = "%s" needs %s: add %s = present to when', '%s = “%s”需要 %s：请在 when 里加 %s = present',
            { key, value, pattern.field, pattern.field })
        end
      end
    end
  end
  r.entry = { rule = r.full, because = r.because, line = row.where }
  for _, t in ipairs(r.tests) do r.asks_action = r.asks_action or t.field == "action" end
  if r.out.clock then r.start = start_op(r) end
  return r
end

-- Does every ticket that passes test b also pass test a? Only what can be known for sure.
local function implies(b, a)
  if a.field ~= b.field or a.is_group or a.is_function or b.is_function then return false end
  if a.sign == b.sign then return true end
  if b.exact and (a.exact or a.limit) then
    for x in pairs(b.exact) do if not a.test(x) then return false end end
    return true
  end
  if a.limit and b.limit then
    local up_a, up_b = a.op == "at_least" or a.op == "more_than", b.op == "at_least" or b.op == "more_than"
    if up_a ~= up_b then return false end
    if b.limit == a.limit then return b.op == a.op or a.op == "at_least" or a.op == "at_most" end
    return up_a and b.limit > a.limit or not up_a and b.limit < a.limit
  end
  return false
end

local function shadows(a, b)
  for _, ta in ipairs(a.tests) do
    local ok = false
    for _, tb in ipairs(b.tests) do ok = ok or implies(tb, ta) end
    if not ok then return false end
  end
  return true
end

local function check_reach(set)
  for i, b in ipairs(set.rows) do
    for k = 1, i - 1 do
      local a = set.rows[k]
      if not a.is_broken and not b.is_broken and shadows(a, b) then
        errors.add(b.where, 'rule "%s" is never reached: every ticket it means is taken by "%s" (%s)',
          "规则“%s”永远轮不到：它说的工单都被“%s”（%s）先拿走了", { b.name, a.name, a.where })
        break
      end
    end
  end
end

local function check_names(set)
  local seen = names_seen[set.name] or {}
  names_seen[set.name] = seen
  for _, r in ipairs(set.rows) do
    if seen[r.name] then
      errors.add(r.where, 'rule "%s" stands twice in "%s": also at %s', "规则“%s”在“%s”里出现了两次：另一处在 %s",
        { r.name, set.name, seen[r.name].where })
    end
    seen[r.name] = seen[r.name] or r
  end
end

local function plain(r, without)
  local tests, names = {}, {}
  for _, t in ipairs(r.tests) do
    if t.field ~= without or not t.exact then tests[#tests + 1], names[#names + 1] = t.test, t.field end
  end
  return { rule = r, n = #tests, tests = tests, fields = names }
end

-- Rules that ask for exact values of one field are found by it: most creates then look at a handful of rules.
local function build_index(set)
  local count, best = {}, nil
  for _, r in ipairs(set.rows) do
    for _, t in ipairs(r.tests) do
      if t.exact then count[t.field] = (count[t.field] or 0) + 1 end
    end
  end
  for field, n in host.sorted_pairs(count) do
    if n >= 3 and (not best or n > count[best]) then best = field end
  end
  set.key, set.rest = best or "kind", {}
  local values = {}
  for _, r in ipairs(set.rows) do
    for _, t in ipairs(r.tests) do
      if t.field == best and t.exact then for x in pairs(t.exact) do values[x] = {} end end
    end
  end
  set.index = values
  for _, r in ipairs(set.rows) do
    local exact
    for _, t in ipairs(r.tests) do if t.field == best and t.exact then exact = t.exact end end
    local p = plain(r, best)
    for x, bucket in pairs(values) do
      if not exact or exact[x] then bucket[#bucket + 1] = p end
    end
    if not exact then set.rest[#set.rest + 1] = p end
  end
end

-- A set of nothing but has_word on one field is one look through the text for all words of all rules.
local function build_finder(set)
  local list, owner, field = {}, {}, nil
  for _, r in ipairs(set.rows) do
    local t = r.tests[1]
    if #r.tests ~= 1 or not t.list or (field and t.field ~= field) then return end
    field = t.field
    for _, w in ipairs(t.list) do list[#list + 1], owner[#owner + 1] = w, r end
  end
  if set.mode == "first" and #set.rows >= 3 then set.find, set.owner, set.find_in = host.words(list), owner, field end
end

-- kinds = { "complaint" } in a set: it is asked for these kinds only. → array of kinds, {"*"} for all; nil when reported
local function kinds_of(note)
  local kinds = type(note.body) == "table" and note.body.kinds
  if not kinds then return { "*" } end
  for _, kind in ipairs(kinds) do
    if not words.catalog.kinds[kind] then
      errors.add(note.where, 'rules "%s": "%s" is not a declared kind', "规则集“%s”：“%s”不是已声明的工单类型",
        { note.name, tostring(kind) }, kind, words.catalog.kinds)
    end
  end
  return kinds
end

local function new_set(note, schema, kinds)
  local set = { name = note.name, mode = schema.mode, outputs = schema.outputs, is_partial = schema.is_partial, rows = {}, where = note.where }
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
  local set = (rules.sets[note.name] or {})[kinds[1]]
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
  for i, row in ipairs(rows) do
    if getmetatable(row) ~= Row then
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

-- Everything noted becomes sets that can be asked; every finding goes to errors.
function rules.compile()
  table.sort(noted, function(a, b) -- what goes in front comes last, so that the set it goes before exists
    if (a.mode == "before") ~= (b.mode == "before") then return b.mode == "before" end
    return a.where < b.where
  end)
  for _, note in ipairs(noted) do
    local set = open_set(note)
    if set then fill_set(set, note) end
  end
  for _, set in ipairs(rules.list) do
    check_names(set)
    if set.mode == "first" then
      check_reach(set)
      if not set.otherwise and not set.is_partial then
        errors.add(set.where, 'rules "%s" has a gap: end it with otherwise { … }', "规则集“%s”有缺口：请以 otherwise { … } 结尾", { set.name })
      end
    end
    build_index(set)
    build_finder(set)
    for _, r in ipairs(set.rows) do rules.by_name[r.full] = r end
    if set.otherwise then rules.by_name[set.otherwise.full] = set.otherwise end
  end
  for name in host.sorted_pairs(rules.by_name) do rules.names[#rules.names + 1] = name end
end

local function holds(p, v)
  local tests, names = p.tests, p.fields
  for i = 1, p.n do
    if not tests[i](v[names[i]], v) then return false end
  end
  return true
end

local function first(set, v)
  if set.find then
    local text = v[set.find_in]
    local i = type(text) == "string" and set.find(text)
    return i and set.owner[i] or set.otherwise
  end
  local bucket = set.index[v[set.key]] or set.rest
  for i = 1, #bucket do
    local p = bucket[i]
    if p.n == 0 or holds(p, v) then return p.rule end
  end
  return set.otherwise
end

local function all(set, v, out)
  local bucket = set.index[v[set.key]] or set.rest
  for i = 1, #bucket do
    local p = bucket[i]
    if p.n == 0 or holds(p, v) then out[#out + 1] = p.rule end
  end
  if #out == 0 then out[1] = set.otherwise end
  return out
end

-- Which rule raised: ask them one by one. The set then takes its otherwise.
local function fail(set, v, message)
  local name = set.name
  for _, r in ipairs(set.rows) do
    local ok, why = try(holds, plain(r), v)
    if not ok then name, message = r.full, why break end
  end
  v._failed = v._failed or { rule = name, message = tostring(message) }
end

-- The set of that name for this kind of ticket.
local function find(name, v)
  local by_kind = rules.sets[name]
  return by_kind and (by_kind[v.kind] or by_kind["*"])
end
rules.find = find

-- The rule of a first-match set that holds, noted in v._because; nil when there is none. Never raises.
function rules.ask(name, v)
  local set = find(name, v)
  if not set then return nil end
  local ok, r = try(first, set, v)
  if not ok then
    fail(set, v, r)
    r = set.otherwise
  end
  if r then
    local because = v._because
    because[#because + 1] = r.entry
    return r.out, r
  end
end

-- Every rule that holds, in order; is_quiet leaves it to the caller to note them. Never raises.
function rules.ask_all(name, v, is_quiet)
  local set = find(name, v)
  if not set then return {} end
  local ok, found = try(all, set, v, {})
  if not ok then
    fail(set, v, found)
    found = { set.otherwise }
  end
  if is_quiet then return found end
  local because = v._because
  for i = 1, #found do because[#because + 1] = found[i].entry end
  return found
end

-- Fill a queue pattern: "city_support.CITY" → "city_support.shenzhen".
function rules.queue_of(r, v)
  local fill = r.fill
  if not fill then return r.out.to end
  local x = v[fill.field]
  return x and x ~= "" and fill.prefix .. x or nil
end

-- {rule, line, fired, because?, failed={field, value, expected}?} of each rule of a set, in order.
function rules.explain(name, v, only, out)
  local set = find(name, v)
  if not set then return end
  local taken
  local function say(r)
    local row = { rule = r.full, line = r.where, because = r.because, fired = true }
    for _, t in ipairs(r.tests) do
      local ok, held = pcall(t.test, v[t.field], v)
      if not ok or not held then
        row.fired = false
        row.failed = { field = not t.is_group and t.field or "when", value = not t.is_group and v[t.field] or nil,
          expected = ok and t.text or "no error: " .. tostring(held) }
        break
      end
    end
    if row.fired and taken and set.mode == "first" then
      row.fired, row.failed = false, { field = "order", value = taken, expected = "no earlier rule that holds" }
    end
    if row.fired then taken = taken or r.full end
    if not only or only == r.full then out[#out + 1] = row end
  end
  for _, r in ipairs(set.rows) do say(r) end
  if set.otherwise and (set.mode == "first" or not taken) then say(set.otherwise) end
end

return rules
