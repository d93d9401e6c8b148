-- task "sms" { to = "{number}", text = "…{no}…" }: what other systems are asked to do. A text may name fields in braces: alone, "{number}"
-- is the field's value; among other text it is written out. {id} and {no} are the ticket's and are filled in by the core.
local host = ...
local fields = host.lib "fields"
local tasks = { env = {} }
local Task = {}
local of_core = { id = true, no = true }

function tasks.env.task(kind)
  return function(data) return setmetatable({ kind = kind, data = data }, Task) end
end

function tasks.is(x) return getmetatable(x) == Task end

-- "a {b} c" → { "a ", { "b" }, " c" }; a plain text stays as it is.
local function parts_of(text)
  local out, at = {}, 1
  while true do
    local from, to, name = text:find("{([%w_.]+)}", at)
    if not from then break end
    if not of_core[name] then
      if from > at then out[#out + 1] = text:sub(at, from - 1) end
      out[#out + 1] = { name }
      at = to + 1
    else
      out[#out + 1] = text:sub(at, to)
      at = to + 1
    end
  end
  if at <= #text then out[#out + 1] = text:sub(at) end
  return out
end

-- Braces around what is no name of a field, but was meant as one: "{ city }", "{地市}". What looks like JSON is left alone.
local function check_braces(text, at)
  for inside in text:gmatch("{([^{}\n]*)}") do
    local name = inside:match("^%s*(.-)%s*$")
    if name ~= "" and not name:find("[\"':,]") and (name ~= inside or not name:find("^[%w_.]+$")) then
      at("task: {%s} is not a ticket field", "task：{%s} 不是工单字段", { inside }, fields.called(name) or name, fields.names())
    end
  end
end

local function compile(x, at)
  if type(x) == "string" then
    if not x:find("{", 1, true) then return x end
    check_braces(x, at)
    local parts = parts_of(x)
    for _, part in ipairs(parts) do
      if type(part) == "table" and not fields.find(part[1]) then
        at("task: {%s} is not a ticket field", "task：{%s} 不是工单字段", { part[1] }, part[1], fields.names())
      end
    end
    return { parts = parts }
  elseif type(x) == "table" then
    local items, n = {}, 0
    for key, item in host.sorted_pairs(x) do items[key], n = compile(item, at), n + 1 end
    if #x > 0 and #x < n then
      at("task: a table is either a list or has names, not both", "task：一个表要么是列表，要么有名称，不能两样都有", {})
    end
    return { items = items }
  elseif type(x) == "function" then
    at("task: a function is not data", "task：不能用函数作数据", {})
    return nil
  end
  return x
end

-- What a rule says, checked and made ready; nil when it was reported.
function tasks.compile(x, at, known)
  if not tasks.is(x) then
    at('task must be task "sms" { … }', 'task 应写成 task "sms" { … }', {})
    return nil
  end
  if not known[x.kind] then
    at('task: "%s" is not a declared task', "task：“%s”不是已声明的任务", { tostring(x.kind) }, x.kind, known)
    return nil
  end
  if type(x.data) ~= "table" then
    at('task "%s" needs { … }, what the other side is told', 'task "%s" 后面应是 { … }，即要告诉对方的内容', { x.kind })
    return nil
  end
  return { kind = x.kind, data = compile(x.data, at) }
end

-- A field as it is said: levels by name, not by rank.
local function said_of(v, name)
  local x, field = v[name], fields.find(name)
  if x ~= nil and field and field.type == "level" then return host.lib("alarms").level_of(x) end
  return x
end

local function fill(x, v)
  if type(x) ~= "table" then return x end
  if x.items then
    local out = {}
    for key, item in host.sorted_pairs(x.items) do
      local value = fill(item, v)
      if value == nil and math.type(key) then value = "" end -- a list has no holes
      out[key] = value
    end
    return out
  end
  if #x.parts == 1 then
    local part = x.parts[1]
    if type(part) == "table" then return said_of(v, part[1]) end
    return part
  end
  local out = {}
  for i, part in ipairs(x.parts) do
    if type(part) == "table" then
      local said = said_of(v, part[1])
      part = (said == nil or type(said) == "table") and "" or tostring(said)
    end
    out[i] = part
  end
  return table.concat(out)
end

tasks.compile_data, tasks.fill_data = compile, fill

-- The task with the ticket's values in it, as the core takes it (decision.h).
function tasks.fill(t, v) return { kind = t.kind, data = fill(t.data, v) } end

return tasks
