-- The decision points: what the core asks, answered by asking the rule sets one after another. decision.h has the shapes.
local host = ...
local fields = host.lib "fields"
local rules = host.lib "rules"
local org = host.lib "org"
local sets = host.lib "sets"
local numbers = host.lib "numbers"
local catalog = host.lib "catalog"
local tasks = host.lib "tasks"
local grants = host.lib "grants"
local actions = host.lib "actions"
local news = host.lib "news"
local effects = host.lib "effects"
local cases = host.lib "cases"
local evidence = host.lib "evidence"
local warned = host.lib "warned"
local declared = host.lib "declared"
local clocks = host.lib "clocks"
local drills = host.lib "drills"
local data = host.lib("catalog").data
local points = {}
local is_from, refuse, check_action = actions.is_from, actions.refuse, actions.check

local function put(list, item)
  list = list or {}
  list[#list + 1] = item
  return list
end

local get, blank, set_field, decide = host.get, host.blank, host.set, host.decide
local CLOCKS, ADVICE = 0, 1 -- lists of the decision that whole sets fill
local ids = fields.ids
local needed, wanted, followed = {}, {}, {} -- lists that the sets fill anew for every question

-- What is required and absent, in the order asked; nil when nothing is.
local function missing(v)
  local found, n = rules.ask_all("complete", v, needed)
  local h = v.h
  local list, seen
  for i = 1, n do
    local need = found[i].out.need or {}
    for k = 1, #need do
      local name = need[k]
      if (blank(h, ids[name]) or name == "number" and not numbers.is_number(get(h, ids.number))) and not (seen and seen[name]) then
        seen = seen or {}
        seen[name] = true
        list = put(list, name)
      end
    end
  end
  return list
end

local function same(ticket, v, names)
  for i = 1, #names do
    if ticket[names[i]] ~= v[names[i]] then return false end
  end
  return true
end

-- The open ticket this one repeats, by the `duplicate` rules; without a subject nothing is compared.
local function find_duplicate(v)
  if get(v.h, ids.tickets) == 0 then return nil end
  local list = v.facts.history.tickets
  local out = rules.ask("duplicate", v)
  if not out or out.check == false or not out.same then return nil end
  local since = v.now - (out.within or 86400000)
  for i = 1, #list do
    local t = list[i]
    if t.kind == v.kind and t.created >= since and t.status ~= "closed" and t.status ~= "cancelled" and t.status ~= "rejected"
      and same(t, v, out.same) then
      return t
    end
  end
end

-- Department and person on duty of a queue, as far as not given.
local function place(v, queue, department, owner)
  local q = data.queues[queue] or data.queues[sets.pattern_of(queue)]
  department = department or q and q.department or data.queues[data.otherwise.queue].department
  return department, owner or department and org.on_duty_now(department, v.now, v.facts, get(v.h, ids.city))
end

local function assign_in(set, v, department, owner)
  set.department, set.owner = place(v, set.queue, department, owner)
end

-- → queue, and what else the rule says
local function route(v)
  local out, r = rules.ask("routing", v)
  local queue = r and rules.queue_of(r, v)
  if not queue then
    local of_kind = rules.find("routing", v)
    local last = of_kind and of_kind.otherwise
    out, queue = last and last.out or {}, last and last.out.to or data.otherwise.queue
  end
  if v.failed and v.failed.rule:sub(1, 8) == "routing/" then queue = data.otherwise.queue end
  return queue, out
end

-- What other systems are to do, and the rule that failed: the end of every decision.
local function order(v, d)
  if not v.waits then
    local found, n = rules.ask_all("outbox", v, wanted)
    for i = 1, n do
      local out = found[i].out
      local task = out.task and tasks.fill(out.task, v)
      if task and out.of then -- a batch, or several, with those numbers of the case
        d.jobs = put(d.jobs, { kind = "numbers", of = out.of, task = task.kind, batch = out.batch, again_ms = out.again,
          once = out.once and tostring(tasks.fill_data(out.once, v) or ""), data = host.map(task.data) })
      elseif task then
        d.tasks = put(d.tasks, task)
      end
      if out.news then news.put(out.news, v, d) end
      for k = 1, #(out.withdraw or {}) do d.cancel_tasks = put(d.cancel_tasks, { kind = out.withdraw[k] }) end
    end
  end
  d.failed = v.failed or nil
  return d
end

local function close(v, d)
  order(v, d).because = host.noted(v.h)
  return d
end

-- An outdated code becomes what it was replaced by, and the record says so; one that nothing stands for is refused.
-- → the code or nil for the same, refusal or nil
local function current_category(v, given)
  local code, why = catalog.current(given, v.date)
  if why then
    return nil, close(v, { refuse = { message = why.en, message_zh = why.zh, allowed = why.allowed, argument = "category", value = given } })
  end
  if code == given then return nil end
  host.note(v.h, rules.replaced[given].number)
  return code
end

-- Category and city of what came in without, found by its words and its number.
local function classify(v, given)
  local h = v.h
  local city = get(h, ids.city)
  local out = given == nil and rules.ask("classify", v)
  if out and out.category then decide(h, ids.category, out.category) end
  if city ~= nil then return end
  local district = data.districts[v["fields.district"]]
  city = out and out.city or district and district.city or numbers.city_of(get(h, ids.number) or get(h, ids.caller))
  if city then decide(h, ids.city, city) end
end

local function grade(v)
  local h, out = v.h, rules.ask("grade", v)
  if not out then return end
  decide(h, ids.grade, out.grade)
  if out.priority and get(h, ids.priority) == nil then decide(h, ids.priority, out.priority) end
end

local function assign(v, queue, department, owner)
  local h = v.h
  department, owner = place(v, queue, department, owner)
  decide(h, ids.queue, queue)
  decide(h, ids.department, department)
  decide(h, ids.owner, owner)
end

local function duplicate(v, d, twin)
  local h = v.h
  set_field(h, ids.duplicate, true)
  decide(h, ids.stage, "closed")
  decide(h, ids.status, "closed")
  assign(v, twin.queue)
  d.links = { { type = "duplicate_of", id = twin.id } }
  local case = cases.find(v)
  if case then
    d.links[2] = { type = "incident", id = case.id }
    cases.again(v, d, case)
  end
  d.advice = { { zh = "重复投诉，已并入 " .. (twin.no or twin.id), en = "duplicate, joined to " .. (twin.no or twin.id) } }
  return order(v, d), h
end

-- What is said to happen in time to come is a slip of whoever wrote it: the complaint is kept, that time is not (the words of rules "advice"
-- say so), and fields.occurred_said has it.
local function drop_slip(v, set)
  local h = v.h
  local occurred = get(h, ids.occurred)
  if occurred == nil or occurred <= v.now + data.limits.ahead_ms then return end
  set.fields = set.fields or {}
  set.fields.occurred_said = occurred
  v["fields.occurred_said"] = occurred
  decide(h, ids.occurred, nil)
end

-- The hottest point: what it decides goes to the core field by field (host.decide), and from there into the decision.
function points.create(facts)
  local v = fields.view(facts)
  local h = v.h
  local kind = data.kinds[v.kind_name] or data.kinds.complaint
  if not kind then error("pack.lua: no kind " .. tostring(v.kind_name) .. " is declared", 0) end
  local wrong = kind.given and actions.check_given(kind, v)
  if wrong then return close(v, { refuse = wrong }) end
  local set = {}
  local d = { set = set, links = nil, advice = nil, tasks = nil, failed = nil }
  decide(h, ids.stage, kind.first.stage)
  decide(h, ids.status, kind.first.status)
  local crm, who = facts.subscriber, get(h, ids.who)
  if crm then numbers.fill(v, crm, set) end
  drop_slip(v, set)
  local given = get(h, ids.category)
  if given ~= nil then
    local code, no = current_category(v, given)
    if no then return no end
    if code then
      set.fields = set.fields or {}
      set.fields.category_was = given
      v["fields.category_was"] = given
      decide(h, ids.category, code)
    end
  end
  if data.persons[who] then decide(h, ids.first_owner, who) end
  classify(v, given)
  set.missing = missing(v)
  decide(h, ids.complete, set.missing == nil)
  grade(v)
  local twin = find_duplicate(v)
  if twin and kind.stages.closed then return duplicate(v, d, twin) end
  local queue, out = route(v)
  if out.priority then decide(h, ids.priority, out.priority) end
  set.tags = out.tags
  assign(v, queue, out.department, out.owner)
  if v.kind_name == "incident" then
    cases.open(v, d)
  else
    local case = cases.find(v)
    cases.heard(v, d)
    if case then
      cases.attach(d, case)
      cases.again(v, d, case)
      d.advice = put(d.advice, cases.advice(case))
    end
  end
  rules.say_all("clocks", v, CLOCKS)
  rules.say_all("advice", v, ADVICE)
  return order(v, d), h
end

-- Who takes it first stays answerable to the customer (首问负责), and gets it back to tell the answer.
local function take_first(action, v, set)
  local who = get(v.h, ids.who)
  if action.assign == "self" then set.owner = who
  elseif action.assign == "first" and v.first_owner then set.owner = v.first_owner end
  if action.takes and v.first_owner == nil and data.persons[who] then set.first_owner, v.first_owner = who, who end
end

-- Departments a ticket has been in; coming back to one of them counts.
local function count_return(action, v, set)
  local t = v.facts.ticket
  local been, from = {}, t.department
  for i = 1, #(t.been or been) do been[i] = t.been[i] end
  if set.department == from then return end
  for i = 1, #been do
    if been[i] == set.department then
      set[action.returns] = (t[action.returns] or 0) + 1
      v[action.returns] = set[action.returns]
      break
    end
  end
  for i = 1, #been do if been[i] == from then return end end
  if from then been[#been + 1] = from end
  set.been = been
end

-- The effects of an action that may be done.
local function perform(kind, v, name, d)
  local action, facts = kind.actions[name], v.facts
  local given, set = facts.data or {}, d.set
  local before = v.stage
  local stage = action.to or before
  local copied = effects.plans[action].copy
  for i = 1, #copied do
    local target = copied[i][1]
    local x = given[copied[i][2]]
    if x ~= nil then
      if target == "category" then x = catalog.current(x, v.date) or x end
      set[target], v[target] = x, x
    end
  end
  if type(set.fields) == "table" then
    for key, x in host.sorted_pairs(set.fields) do v["fields." .. key] = x end
  end
  if set.category or get(v.h, ids.complete) == false and next(set) then
    set.missing = missing(v) or {}
    set.complete = #set.missing == 0
    v.complete = set.complete
    local clock = set.complete and facts.clocks and facts.clocks.completion
    if clock and clock.state ~= "stopped" then d.clocks = put(d.clocks, catalog.stop_op "completion") end
  end
  effects.apply(action, v, d, given)
  if action.gather then cases.gather(v, d, set.fields and set.fields.cities or (facts.ticket.fields or {}).cities) end
  if action.merging then cases.merge[action.merging](v, d, given) end
  if action.add and action.add.maintainers then cases.move(v, d, given[action.add.maintainers]) end
  if action.count then set[action.count] = (facts.ticket[action.count] or 0) + 1 end
  if stage ~= before then
    set.stage, v.stage = stage, stage
  end
  if stage ~= before or action.resume or action.status then
    set.status = action.status or kind.stages[stage].status
    v.status = set.status
  end
  take_first(action, v, set)
  if set.queue or action.assign == "duty" then
    set.queue = set.queue or v.queue
    assign_in(set, v, set.department, set.owner)
  end
  if action.returns then count_return(action, v, set) end
  if action.pause then d.clocks = put(d.clocks, { op = "pause", name = "*", cause = given.cause or given.reason or name }) end
  if action.resume then
    d.clocks = put(d.clocks, { op = "resume", name = "*", void_from = action.void and given[action.void],
      cause = action.void and given[action.void] and action.void })
  end
  if action.stop then clocks.stop(v, action.stop, d) end
  if stage ~= before then clocks.stop_at(v, stage, d) end
  if stage ~= before or set.category then
    clocks.start(v, d, action.unlink ~= nil)
    if set.status == "closed" or set.status == "cancelled" or set.status == "rejected" then d.cancel_timers = { "*" } end
  end
  for i = 1, action.releases and #action.releases or 0 do d.release = put(d.release, action.releases[i]) end
  if action.link and given.ticket ~= nil then d.links = { { type = action.link, id = given.ticket } } end
  if action.unlink then d.unlinks = { { type = action.unlink, id = given.ticket } } end
end

local function notices(v, r, d, extra, rungs)
  rungs = rungs or r.out.notice
  if not rungs then return end
  for i = 1, #rungs do
    local rung = rungs[i]
    local t = v.facts.ticket
    local n = { ticket = t.id, no = t.no, rung = rung, rule = r.full, queue = v.queue,
      to = rung ~= "queue" and org.rung(rung, v.department, v.owner, v.facts["local"], v.first_owner) or nil }
    for k, x in host.sorted_pairs(extra or {}) do n[k] = x end
    d.notices = put(d.notices, { topic = "duty", data = n })
  end
end

local function apply_outputs(v, r, d)
  local out, set = r.out, d.set
  if out.grade then set.grade, v.grade = out.grade, out.grade end
  if out.priority then set.priority = out.priority end
  if out.raise then
    set.priority = math.max(1, (v.priority or 5) - out.raise)
    v.priority = set.priority
  end
  local queue = out.to and rules.queue_of(r, v)
  if queue and queue ~= v.queue then
    set.queue, v.queue = queue, queue
    assign_in(set, v, out.department)
  end
  if out.say then d.advice = put(d.advice, out.say) end
  for _, grant in ipairs(out.release or {}) do d.release = put(d.release, grant) end
end

-- More than the grant of who acts: it goes to the next who may, with the reason, and is not done; or it is refused.
local function over_grant(kind, v, name, over)
  host.note(v.h, grants.rules[over.name].number)
  if over.above == "refuse" or not over.to then return refuse(kind, v, over.en, over.zh, "data." .. over.key, tostring(over.amount)) end
  local t, who = v.facts.ticket, get(v.h, ids.who)
  local d = { set = { owner = over.to, department = data.persons[over.to].department,
    approval = { action = name, grant = over.name, amount = over.amount, by = who, to = over.to, en = over.en, zh = over.zh } } }
  d.advice = { { en = over.en, zh = over.zh } }
  d.notices = { { topic = "duty", data = { ticket = t.id, no = t.no, rung = "approval", rule = grants.rules[over.name].full, queue = v.queue,
    to = over.to, grant = over.name, amount = over.amount, by = who } } }
  return close(v, d)
end

-- What follows an action; one further action of the same ticket may be among it.
local function follow(v, d)
  local further
  local found, n = rules.ask_all("follow", v, followed)
  for i = 1, n do
    local r = found[i]
    apply_outputs(v, r, d)
    notices(v, r, d)
    further = further or r.out.act
  end
  local kind = data.kinds[v.kind]
  if not further or not kind.actions[further] or not is_from(kind.actions[further], v.stage) then return end
  v.action = further
  perform(kind, v, further, d)
  found, n = rules.ask_all("follow", v, followed)
  for i = 1, n do
    apply_outputs(v, found[i], d)
    notices(v, found[i], d)
  end
end

-- An open complaint and a case that may be its own: the core's job asks it.
function points.attach(facts)
  local v = fields.view(facts)
  return close(v, cases.point(v, { set = {} }))
end

-- number.check: whether the prompt of the number's case is for this caller. The ticket is the case, with the caller as its customer.
function points.prompt(facts)
  local v = fields.view(facts)
  local out = rules.ask("prompt", v)
  return { prompt = not (out and out.prompt == false), because = host.noted(v.h), failed = v.failed or nil }
end

function points.act(facts)
  local v = fields.view(facts)
  local kind = data.kinds[v.kind]
  if not kind then error("pack.lua: no kind " .. tostring(v.kind) .. " is declared", 0) end
  local no = check_action(kind, v, facts.action)
  if no then return no end
  local action = kind.actions[facts.action]
  grants.view(v, action)
  local out = rules.ask("refuse", v)
  if out then return refuse(kind, v, out.say.en, out.say.zh, "action", facts.action) end
  local set = { stage = nil, status = nil, owner = nil, department = nil, queue = nil, reply = nil, resolution = nil, cause = nil } -- room
  local d = { set = set, clocks = nil, advice = nil, notices = nil, failed = nil }
  local over = action.spends and grants.spend(v, action, d)
  if over then return over_grant(kind, v, facts.action, over) end
  perform(kind, v, facts.action, d)
  follow(v, d)
  clocks.move(v, d)
  return order(v, d), v.h
end

function points.contact(facts)
  local v = fields.view(facts)
  local kind = data.kinds[v.kind]
  if not kind then error("pack.lua: no kind " .. tostring(v.kind) .. " is declared", 0) end
  local d = { set = {} }
  local contact, t = facts.contact, facts.ticket
  if contact.kind == "urge" then
    d.set.urges = (t.urges or 0) + 1
    v.urges = d.set.urges
  elseif contact.kind == "add_info" and not t.complete then
    if t.number == nil and contact.number then d.set.number, v.number = contact.number, contact.number end
    d.set.missing = missing(v) or {}
    d.set.complete = #d.set.missing == 0
    if d.set.complete and (facts.clocks or {}).completion then d.clocks = { catalog.stop_op "completion" } end
  end
  if cases.is_again(v) and kind.actions.again and is_from(kind.actions.again, v.stage) then
    v.action = "again"
    perform(kind, v, "again", d)
    cases.count_again(d, t)
    follow(v, d)
    v.action = nil
  end
  for _, r in ipairs((rules.ask_all("contact", v, {}))) do
    local act = r.out.act
    if act and kind.actions[act] and is_from(kind.actions[act], v.stage) then perform(kind, v, act, d) end
    apply_outputs(v, r, d)
    notices(v, r, d, { contact = contact.kind })
  end
  clocks.move(v, d)
  return close(v, d)
end

-- A task of the ticket has ended: done, or given up.
function points.task(facts)
  local v = fields.view(facts)
  local kind = data.kinds[v.kind]
  local d = { set = {} }
  for _, r in ipairs((rules.ask_all("answer", v, {}))) do
    local act = r.out.act
    if act and kind and kind.actions[act] and is_from(kind.actions[act], v.stage) then perform(kind, v, act, d) end
    apply_outputs(v, r, d)
    notices(v, r, d, { task = facts.task.id, kind = facts.task.kind, state = facts.task.state })
  end
  clocks.move(v, d)
  d.because, d.failed = host.noted(v.h), v.failed or nil
  return d
end

-- A warning without a case, and the open cases that it may be evidence of.
function points.evidence(facts) return evidence.point(fields.view(facts)) end

-- What a case is about, asked of what was counted: {categories=[…]}, those below them too; {all=true}.
function points.about(facts)
  local list = evidence.about(facts.case)
  return list and { categories = host.list(table.move(list, 1, #list, 1, {})) } or { all = true }
end

-- A warning's level changed, waits for a signature, was not answered, or its incident recovers.
points.warning = warned.point

-- An open incident, with how many are hit and for how long.
points.declare = declared.point

-- Who a notice of a rung is for, and the department.
local function recipient(v, rung)
  if rung == "queue" then return nil, (place(v, v.queue)) end
  return org.rung(rung, v.department, v.owner, v.facts["local"], v.first_owner), v.department
end

-- A round of notices: who may be told now, and who later, each with the ms it takes until then.
local function sort_out(v, r, rungs)
  local timer = v.facts.timer
  local clock = v.facts.clocks and v.facts.clocks[timer.clock]
  local at_once = r.out.statutory or clock and clock.statutory
  local now, later, soonest = {}, {}, nil
  for i = 1, #rungs do
    local who, department = recipient(v, rungs[i])
    local wait = at_once and 0 or org.until_hours(who, department, v.facts["local"])
    if wait == 0 then
      now[#now + 1] = rungs[i]
    else
      later[#later + 1] = { rung = rungs[i], wait = wait }
      soonest = math.min(soonest or wait, wait)
    end
  end
  return now, later, soonest
end

local told_later = " to "

-- People's hours: who cannot be told now is told when the own hours begin; when that is everybody, the whole round waits for the first.
local function escalate(v, r, d)
  local timer = v.facts.timer
  local name = string.format("%s %s %s", r.full, timer.clock or "", timer.percent or "")
  local only = timer.kind == "rule" and timer.name and timer.name:sub(1, #name + #told_later) == name .. told_later
    and timer.name:sub(#name + #told_later + 1)
  local round = timer.round or 0
  local now, later, soonest = sort_out(v, r, only and { only } or r.out.notice or {})
  local function arm(suffix, wait, count)
    d.timers = put(d.timers, { name = name .. suffix, after_ms = wait, rule = r.full, round = count, clock = timer.clock, percent = timer.percent })
  end
  if #now == 0 and soonest then
    arm(only and told_later .. only or "", soonest, round)
    v.waits = true
    return
  end
  for i = 1, #later do arm(told_later .. later[i].rung, later[i].wait, round) end
  notices(v, r, d, { clock = timer.clock, percent = timer.percent, round = round }, now)
  if only then return end
  apply_outputs(v, r, d)
  local again = r.out.again
  if again and (not again.at_most or round < again.at_most) then arm("", again.every_ms, round + 1) end
end

function points.timer(facts)
  local v = fields.view(facts)
  local d = { set = {} }
  local timer = facts.timer
  local clock = facts.clocks and facts.clocks[timer.clock]
  if clock and clock.state == "stopped" then return close(v, d) end
  if drills.timer(v, d, timer.rule, warned.in_drill(facts)) then return close(v, d) end
  local act = effects.timed(timer.rule)
  if act then
    local kind = data.kinds[v.kind]
    if kind and kind.actions[act] and is_from(kind.actions[act], v.stage) then
      v.action = act
      local refused = rules.ask("refuse", v)
      local why = refused and (refused.say or {}) or timer.refused -- by a rule, or by the core, which was asked before
      v.waits = why ~= nil
      if v.waits then
        effects.held(v, d, act, why, data.limits.held_ms)
      else
        perform(kind, v, act, d)
        follow(v, d)
        clocks.move(v, d)
      end
    end
    return close(v, d)
  end
  if timer.kind == "rule" then
    local r = rules.by_name[timer.rule]
    if r then
      host.note(v.h, r.number)
      escalate(v, r, d)
    else -- the rule is gone from the pack: the duty queue is told
      d.notices = { { topic = "duty", data = { ticket = facts.ticket.id, rung = "duty", rule = timer.rule, clock = timer.clock,
        queue = data.otherwise.queue } } }
    end
    return close(v, d)
  end
  for _, r in ipairs((rules.ask_all("escalation", v, {}))) do escalate(v, r, d) end
  return close(v, d)
end

return points
