-- spec "name" { given = ticket {…}, at = "2026-09-22T10:00", expect = {…} }: examples that every load must pass.
local host = ...
local errors = host.lib "errors"
local rules = host.lib "rules"
local points = host.lib "points"
local units = host.lib "units"
local sets = host.lib "sets"
local series = host.lib "series"
local giving = host.lib "given"
local data = host.lib("catalog").data
local spec = { env = {} }
local all, reached = {}, {}
local keys = { given = true, at = true, action = true, data = true, note = true, who = true, roles = true, contact = true, timer = true,
  task = true, warning = true, cases = true, number = true, history = true, clocks = true, subscriber = true, duty = true, spent = true,
  series = true, draft = true, case = true, caller = true, hit = true, raised = true, expect = true }
local special = { by = true, refuse = true, clocks = true, missing = true, duplicate_of = true, say = true, notice = true, fails = true,
  pauses = true, resumes = true, stops = true, moves = true, timers = true, not_by = true, tasks = true, reserves = true, releases = true,
  incident = true, news = true, withdrawn = true, jobs = true, acts = true, opens = true, does = true, calls = true,
  prompt = true }

function spec.env.spec(name)
  local where = host.where(2)
  return function(body)
    if type(body) ~= "table" then body = {} end
    for key in host.sorted_pairs(body) do
      if not keys[key] then
        errors.add(where, 'spec "%s": %s is nothing a spec has', "用例“%s”：没有 %s 这一项", { name, tostring(key) }, key, keys)
      end
    end
    for _, other in ipairs(all) do
      if other.name == name and other.where:match("^[^:]*") == where:match("^[^:]*") then -- those of other files may be copies
        errors.add(where, 'spec "%s" stands twice: also at %s', "用例“%s”出现了两次：另一处在 %s", { tostring(name), other.where }, name,
          { en = "give it a name of its own", zh = "请另起一个名字" })
      end
    end
    all[#all + 1] = { name = name, where = where, body = body }
  end
end

-- ticket { … }: the facts of a ticket; names of customer facts may stand flat (star = 5).
local customer_keys = { brand = true, star = true, vip = true, age65 = true, group = true }
function spec.env.ticket(row)
  local t = {}
  for key, x in host.sorted_pairs(row or {}) do
    if customer_keys[key] then
      t.customer = t.customer or {}
      t.customer[key] = x
    else
      t[key] = x
    end
  end
  return t
end

-- warning = { key = "shenzhen/recharge.not_credited", from = "none", to = "yellow" }: what happened to it; event is "change" unless said.
-- With cases = { { id = 7, city = "shenzhen" } } of which of these it is evidence: expect = { incident = 7 }, or false.
local function warning_facts(s, facts)
  local w, ranks = {}, host.lib("alarms").ranks()
  for k, x in host.sorted_pairs(s.body.warning) do w[k] = x end
  w.event, w.rung = w.event or "change", w.rung or 1
  w.rank, w.was = ranks[w.to], ranks[w.from]
  if not w.rank or not w.was then error(s.where .. ": warning needs from and to, names of levels", 0) end
  w.case_rank = w.incident and (ranks[w.case_level] or w.rank) or nil
  if w.incident and w.case_moved == nil then w.case_moved = w.from ~= w.to end
  facts.ticket = { city = w.city, category = w.category }
  facts.warning = w
  return facts
end

local function facts_of(s)
  local b = s.body
  local now = units.instant(b.at or "2026-09-22T10:00")
  if not now then error(s.where .. ': at must look like "2026-09-22T10:00"', 0) end
  local t = { kind = "complaint" }
  for k, x in host.sorted_pairs(b.given or {}) do t[k] = x end
  local kind = data.kinds[t.kind] or error(s.where .. ": no kind " .. tostring(t.kind), 0)
  local civil = host.civil(now)
  local facts = { now = now, ["local"] = civil, ticket = t, who = b.who or { name = "spec", roles = {} }, action = b.action, data = b.data,
    note = b.note, contact = b.contact, timer = b.timer, history = b.history, clocks = b.clocks, subscriber = b.subscriber,
    task = b.task, cases = b.cases, number = b.number, spent = b.spent }
  for _, c in ipairs(b.cases or {}) do c.created = c.created or now end
  for _, role in ipairs(b.roles or {}) do facts.who.roles[role] = true end
  local point = b.action and "act" or b.contact and "contact" or b.timer and "timer" or b.task and "task" or b.warning and "warning" or
    b.caller and "prompt" or b.hit and "declare" or "create"
  if point == "warning" then return b.cases and "evidence" or point, warning_facts(s, facts) end
  if point == "prompt" then t.customer = b.caller end -- number.check: the caller is the case's customer
  if point == "declare" then -- hit = { affected = 120000, lasts = "20m" }: an open incident, and what it became before
    facts.hit = { affected = b.hit.affected or 0, complainers = b.hit.complainers or 0, began = now - (units.duration(b.hit.lasts) or 0) }
    facts.raised = b.raised or {}
  end
  if point ~= "create" then
    t.stage = t.stage or kind.first.stage
    t.status = t.status or (kind.stages[t.stage] or kind.first).status
    t.created = t.created or now
    t.id = t.id or 1
  end
  if b.history then
    for _, h in ipairs(b.history.tickets or {}) do
      h.kind, h.status, h.id = h.kind or "complaint", h.status or "inProgress", h.id or 1
      h.created = h.created or now - (units.duration(h.age or "1h") or 0)
    end
    b.history.n_tickets = b.history.n_tickets or #(b.history.tickets or {})
  end
  return point, facts
end

-- What differs, in both languages.
local function say(en, zh, ...)
  return { en = string.format(en, ...), zh = string.format(zh, ...) }
end

local function show(x)
  if type(x) == "table" then
    local out = {}
    for i, item in ipairs(x) do out[i] = tostring(item) end
    return "{" .. table.concat(out, ", ") .. "}"
  end
  return type(x) == "string" and '"' .. x .. '"' or tostring(x)
end

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, x in pairs(a) do if not equal(x, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

-- {rule, line} of each rule a decision names.
local function because(d)
  local out = {}
  for i, number in ipairs(d.because or {}) do out[i] = rules.table[number + 1] end
  return out
end

local function fired(d, name)
  for _, e in ipairs(because(d)) do
    if e.rule == name or e.rule:match("^[^/]*/(.*)$") == name then return e end
  end
end

-- The rule that gave a field its value, for messages.
local set_of = { queue = "routing", department = "routing", owner = "routing", grade = "grade", priority = "grade", category = "classify" }
local function cause(d, key)
  for _, e in ipairs(because(d)) do
    if e.rule:match("^[^/]*") == set_of[key] then
      return say(' (rule "%s", %s)', "（规则“%s”，%s）", e.rule:match("^[^/]*/(.*)$"), e.line)
    end
  end
  return { en = "", zh = "" }
end

local function last_rules(d)
  local out = {}
  for i, e in ipairs(because(d)) do out[i] = e.rule end
  return #out > 0 and table.concat(out, ", ") or "no rule"
end

local function names_of(list, key, op)
  local out = {}
  for _, x in ipairs(list or {}) do
    if not op or x.op == op then out[#out + 1] = x[key] end
  end
  return out
end

local function check_clocks(d, want, op)
  local got = {}
  for _, c in ipairs(d.clocks or {}) do
    if c.op == op then got[c.name] = c end
  end
  for name, goal in host.sorted_pairs(want) do
    if math.type(name) == "integer" then name, goal = goal, true end
    if goal == false then
      if got[name] then return say('expected no clock "%s", got %s', '不应有时限“%s”，却是 %s', name, show(got[name].goal)) end
    elseif not got[name] then
      return say('expected clock "%s" to %s, got %s', '时限“%s”应有操作 %s，实际只有 %s', name, op, show(host.lib("errors").names(got)))
    elseif goal ~= true then
      local said = string.format("%g %s", got[name].goal, got[name].unit)
      local span = got[name].unit == "hours" and units.duration(goal) -- "10d" is "240 hours"
      if said ~= goal and span ~= got[name].goal * 3600000 then
        return say('expected clock "%s" of "%s", got "%s" (rule "%s")',
          '时限“%s”应为“%s”，实际是“%s”（规则“%s”）', name, goal, said, got[name].rule)
      end
    end
  end
end

local special_check = {}
function special_check.by(d, want)
  for _, name in ipairs(type(want) == "table" and want or { want }) do
    if not fired(d, name) then return say('expected rule "%s" to fire, got %s', '规则“%s”应当成立，实际成立的是 %s', name, last_rules(d)) end
  end
end
function special_check.not_by(d, want)
  local e = fired(d, want)
  if e then return say('expected rule "%s" not to fire (%s)', '规则“%s”不应成立（%s）', want, e.line) end
end
function special_check.refuse(d, want)
  if want == false then
    return d.refuse and say("expected no refusal, got %s", "不应拒绝，实际被拒绝：%s", show(d.refuse.message))
  end
  if not d.refuse then return say("expected a refusal, got none", "应当拒绝，实际没有") end
  if want ~= true and d.refuse.message ~= want and d.refuse.message_zh ~= want then
    return say("expected refusal %s, got %s", "应当拒绝并说 %s，实际说的是 %s", show(want), show(d.refuse.message))
  end
end
function special_check.clocks(d, want) return check_clocks(d, want, "start") end
-- true: all of them; a name, or a list of names
local function clock_names(want)
  if type(want) == "table" then return want end
  return { want == true and "*" or want }
end
function special_check.pauses(d, want) return check_clocks(d, clock_names(want), "pause") end
function special_check.resumes(d, want) return check_clocks(d, clock_names(want), "resume") end
function special_check.stops(d, want) return check_clocks(d, want, "stop") end
function special_check.moves(d, want) return check_clocks(d, want, "regoal") end
function special_check.missing(d, want)
  local got = d.set.missing or {}
  if not equal(got, want) then return say("expected missing %s, got %s", "缺项应为 %s，实际是 %s", show(want), show(got)) end
end
function special_check.duplicate_of(d, want)
  local got = d.links and d.links[1] and d.links[1].type == "duplicate_of" and d.links[1].id or false
  if got ~= want then return say("expected duplicate_of %s, got %s", "duplicate_of 应为 %s，实际是 %s", show(want), show(got)) end
end
function special_check.say(d, want)
  for _, s in ipairs(d.advice or {}) do if s.zh == want or s.en == want then return nil end end
  return say("expected advice %s, got %s", "应提示 %s，实际是 %s", show(want), show(names_of(d.advice, "en")))
end
function special_check.notice(d, want)
  local got = {}
  for i, n in ipairs(d.notices or {}) do got[i] = n.data.rung end
  if not equal(got, want) then return say("expected notices to %s, got %s", "应通知 %s，实际是 %s", show(want), show(got)) end
end
-- Of a warning: kinds opened, actions on its incident, persons called.
local function check_names(got, want, en, zh)
  if not equal(got, want) then return say(en, zh, show(want), show(got)) end
end
function special_check.opens(d, want)
  return check_names(names_of(d.open, "kind"), want, "expected to open %s, got %s", "应新建 %s，实际是 %s")
end
function special_check.does(d, want)
  return check_names(names_of(d.act, "action"), want, "expected actions %s, got %s", "应执行操作 %s，实际是 %s")
end
function special_check.calls(d, want)
  return check_names(names_of(d.call, "person"), want, "expected to call %s, got %s", "应通知 %s，实际是 %s")
end
function special_check.timers(d, want)
  local got = names_of(d.timers, "after_ms")
  for i, span in ipairs(want) do want[i] = units.duration(span) or span end
  if not equal(got, want) then return say("expected timers after %s, got %s", "定时应为 %s，实际是 %s", show(want), show(got)) end
end
function special_check.tasks(d, want)
  local got = names_of(d.tasks, "kind")
  if not equal(got, table.move(want, 1, #want, 1, {})) then return say("expected tasks %s, got %s", "外发任务应为 %s，实际是 %s", show(want), show(got)) end
  for kind, expected in host.sorted_pairs(want) do -- tasks = { "sms", sms = { to = "…" } }
    if type(kind) == "string" then
      for key, x in host.sorted_pairs(expected) do
        for _, t in ipairs(d.tasks) do
          if t.kind == kind and not equal(t.data[key], x) then
            return say("expected task %s with %s = %s, got %s", "外发任务 %s 的 %s 应为 %s，实际是 %s", kind, key, show(x), show(t.data[key]))
          end
        end
      end
    end
  end
end
-- reserves = { refund = 3000 }; releases = { "refund" }
function special_check.reserves(d, want)
  local got = {}
  for _, r in ipairs(d.reserve or {}) do got[r.grant] = r.amount end
  for name, amount in host.sorted_pairs(want) do
    if got[name] ~= amount then return say("expected %s of %s, got %s", "应从额度 %s 支出 %s，实际是 %s", show(amount), name, show(got[name])) end
  end
end
function special_check.releases(d, want)
  if not equal(d.release or {}, want) then return say("expected %s given back, got %s", "应退回额度 %s，实际是 %s", show(want), show(d.release or {})) end
end
function special_check.incident(d, want)
  local got = d.incident or false -- of a warning
  for _, link in ipairs(d.links or {}) do
    if link.type == "parent" or link.type == "incident" then got = link.id end
  end
  if got ~= want then return say("expected incident %s, got %s", "应归入事件 %s，实际是 %s", show(want), show(got)) end
end
function special_check.news(d, want) -- the topics told, in order
  local got = {}
  for _, n in ipairs(d.notices or {}) do
    if not n.data.rung then got[#got + 1] = n.topic end
  end
  if not equal(got, want) then return say("expected news to %s, got %s", "应推送 %s，实际是 %s", show(want), show(got)) end
end
function special_check.withdrawn(d, want)
  local got = names_of(d.cancel_tasks, "kind")
  if not equal(got, want) then return say("expected tasks %s taken back, got %s", "应撤回任务 %s，实际是 %s", show(want), show(got)) end
end
function special_check.jobs(d, want)
  local got = names_of(d.jobs, "kind")
  if not equal(got, want) then return say("expected jobs %s, got %s", "批量任务应为 %s，实际是 %s", show(want), show(got)) end
end
function special_check.acts(d, want) -- "ID ACTION" each
  local got = {}
  for i, a in ipairs(d.acts or {}) do got[i] = a.id .. " " .. a.action end
  if not equal(got, want) then return say("expected acts %s, got %s", "对其他工单的操作应为 %s，实际是 %s", show(want), show(got)) end
end
function special_check.prompt(d, want)
  if d.prompt ~= want then return say("expected prompt %s, got %s", "是否播放提示应为 %s，实际是 %s", show(want), show(d.prompt)) end
end
function special_check.fails(d, want)
  local got = d.failed and d.failed.rule or false
  if got ~= want then return say("expected failed rule %s, got %s", "出错的规则应为 %s，实际是 %s", show(want), show(got)) end
end

local function compare_one(d, key, want, given)
  if special_check[key] then return special_check[key](d, want) end
  if d.refuse then return say("expected %s %s, got the refusal %s", "%s 应为 %s，实际被拒绝：%s", key, show(want), show(d.refuse.message)) end
  local got = d.set and d.set[key]
  if got == nil then got = given[key] end
  if equal(got, want) then return nil end
  local by = cause(d, key)
  return { en = string.format("expected %s %s, got %s%s", key, show(want), show(got), by.en),
    zh = string.format("%s 应为 %s，实际是 %s%s", key, show(want), show(got), by.zh) }
end

local function compare(d, expect, given)
  if d.failed and expect.fails == nil then return say("rule %s failed: %s", "规则 %s 出错：%s", d.failed.rule, d.failed.message) end
  for _, special_turn in ipairs { false, true } do -- fields first: they say most
    for key, want in host.sorted_pairs(expect) do
      if (special_check[key] ~= nil) == special_turn then
        local why = compare_one(d, key, want, given)
        if why then return why end
      end
    end
  end
end

-- duty = { department = "…", city = "…" }: who is on duty then; expect on_duty, next, next_at, by.
local duty_keys = { on_duty = true, next = true, next_at = true, by = true }
local function run_duty(s)
  local now = units.instant(s.body.at or "2026-09-22T10:00")
  if not now then error(s.where .. ': at must look like "2026-09-22T10:00"', 0) end
  local row = points.duty { now = now, ["local"] = host.civil(now), city = s.body.duty.city, department = s.body.duty.department }.duty[1]
  if not row then return say("there is no department %s", "没有部门 %s", tostring(s.body.duty.department)) end
  local next_at = row.next and host.civil(row.next.from)
  local got = { on_duty = row.on_duty and row.on_duty.name, by = row.by, next = row.next and row.next.name,
    next_at = next_at and string.format("%sT%02d:%02d", next_at.date, next_at.hour, next_at.minute) }
  for key, want in host.sorted_pairs(s.body.expect) do
    if got[key] ~= want then return say("expected %s %s, got %s", "%s 应为 %s，实际是 %s", key, show(want), show(got[key])) end
  end
end

-- draft = "report_written", case = { … }: the report as it would be drafted; expect class, missing (names), says (a piece of the text).
local draft_keys = { class = true, missing = true, says = true, state = true }
local function run_draft(s)
  local point, facts = facts_of(s)
  assert(point == "create")
  facts.draft, facts.case = s.body.draft, s.body.case
  local answer = points.draft(facts)
  local d = answer.drafts[1]
  if not d then return say("there is no draft %s of this kind", "这类工单没有报告 %s", tostring(s.body.draft)) end
  for _, e in ipairs(because(answer)) do reached[e.rule] = true end
  local names = {}
  for i, m in ipairs(d.missing) do names[i] = m.name end
  local got = { class = d.class and d.class.zh or false, missing = names, state = d.state }
  for key, want in host.sorted_pairs(s.body.expect) do
    if key == "says" then
      if not d.zh:find(want, 1, true) and not d.en:find(want, 1, true) then
        return say("expected the draft to say %s, got %s", "草稿应写有 %s，实际是 %s", show(want), show(d.zh))
      end
    elseif not equal(got[key], want) then
      return say("expected %s %s, got %s", "%s 应为 %s，实际是 %s", key, show(want), show(got[key]))
    end
  end
end

local function run_one(s)
  if not s.body.expect then return say("expect is missing", "没有写 expect") end
  if s.body.duty then return run_duty(s) end
  if s.body.series then return series.run(s) end
  if s.body.draft then return run_draft(s) end
  local point, facts = facts_of(s)
  local d, h = points[point](facts)
  if h then d = host.whole(d, h) end
  for _, e in ipairs(because(d)) do reached[e.rule] = true end
  return compare(d, s.body.expect, facts.ticket)
end

-- Asked for a spec there is none of.
local function unknown(name)
  local names = {}
  for i, s in ipairs(all) do names[i] = s.name end
  local meant, meant_zh = errors.meant(name, names)
  return { { name = name, line = "", ok = false, message = string.format('there is no spec "%s"%s', name, meant),
    message_zh = string.format("没有用例“%s”%s", name, meant_zh) } }
end

local function outcome(s, ok, why)
  local en, zh = why, why
  if type(why) == "table" then en, zh = why.en, why.zh end
  return { name = s.name, line = s.where, ok = ok and not why,
    message = why and string.format("%s: %s: %s", s.where, s.name, tostring(en)) or nil,
    message_zh = why and string.format("用例“%s”没有通过：%s", s.name, tostring(zh)) or nil }
end

-- The specs, or those of a name, in an order shuffled by seed (0: as written).
function spec.run(seed, only)
  local order, out = {}, {}
  for _, s in ipairs(all) do
    if only == nil or s.name == only then order[#order + 1] = s end
  end
  if only and #order == 0 then return unknown(only) end
  local state = seed or 0
  if state ~= 0 then
    for i = #order, 2, -1 do
      state = (state * 1103515245 + 12345) % 2147483648
      local k = state // 65536 % i + 1
      order[i], order[k] = order[k], order[i]
    end
  end
  for i, s in ipairs(order) do
    local ok, why = pcall(run_one, s)
    out[i] = outcome(s, ok, why)
  end
  for i, s in ipairs(only and {} or order) do
    local why = out[i].ok and giving.odd_field(s)
    if why then out[i] = outcome(s, true, why) end
  end
  return out
end

-- Names in expect are checked at load: a misspelt one would never fail.
local set_keys = { category = true, city = true, grade = true, priority = true, queue = true, department = true, owner = true, stage = true,
  status = true, complete = true, reply = true, resolution = true, cause = true, tags = true, urges = true, transfers = true, reopened = true,
  number = true, first_owner = true, ping_pong = true, been = true, merged_into = true, satisfied = true, suspended = true, customer = true,
  fields = true, approval = true }

-- A rule that there is none of would never fire, and not_by it would always hold.
local function check_rules(s, key, want)
  local known = {}
  for _, r in ipairs(rules.table) do known[r.rule], known[r.rule:match("^[^/]*/(.*)$") or r.rule] = true, true end
  for _, name in ipairs(type(want) == "table" and want or { want }) do
    if not known[name] then
      errors.add(s.where, 'spec "%s": %s: there is no rule "%s"', "用例“%s”：%s：没有规则“%s”", { s.name, key, tostring(name) }, name, known)
    end
  end
end

function spec.check()
  local known = {}
  for k in pairs(special) do known[k] = true end
  for k in pairs(set_keys) do known[k] = true end
  for _, s in ipairs(all) do
    local expect = s.body.expect
    giving.check(s)
    if type(expect) ~= "table" or next(expect) == nil then
      errors.add(s.where, 'spec "%s" expects nothing', "用例“%s”没有写 expect", { s.name })
    elseif s.body.series then
      series.check(s)
    else
      local of = s.body.duty and duty_keys or s.body.draft and draft_keys or known
      for key, x in host.sorted_pairs(expect) do
        if not of[key] then
          errors.add(s.where, 'spec "%s": expect.%s is nothing a decision has', "用例“%s”：决定里没有 %s 这一项", { s.name, tostring(key) }, key, of)
        elseif key == "queue" and not sets.is_queue(x) then
          errors.add(s.where, 'spec "%s": "%s" is not a declared queue', "用例“%s”：“%s”不是已声明的队列", { s.name, tostring(x) }, x, data.queues)
        elseif (key == "by" or key == "not_by") and not s.body.duty then
          check_rules(s, key, x)
        end
      end
    end
  end
end

-- Rules and levels no spec has reached so far, and where they stand; those of the base are left to the base.
function spec.coverage()
  local out, places = {}, {}
  local base = (host.lib("catalog").base_name or "") .. "/"
  local function is_own(where) return base == "/" or where:sub(1, #base) ~= base end
  for _, name in ipairs(rules.names) do
    if not reached[name] and is_own(rules.by_name[name].where) then
      out[#out + 1], places[#places + 1] = name, rules.by_name[name].where
    end
  end
  series.uncovered(is_own, out, places)
  return out, places
end

return spec
