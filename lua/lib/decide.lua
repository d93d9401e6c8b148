-- decide "grade" { csv = "grade.csv" } or with rows inline: a rule set as a table. Columns that start with ">" are what a row says.
local host = ...
local errors = host.lib "errors"
local rules = host.lib "rules"
local sets = host.lib "sets"
local units = host.lib "units"
local words = host.lib("words").env
local decide = { env = {} }

local function trim(x) return tostring(x):match("^%s*(.-)%s*$") end

local function split(text)
  local out = {}
  for part in (text .. "|"):gmatch("(.-)|") do out[#out + 1] = trim(part) end
  return out
end

local function value(text)
  if text == "true" then return true elseif text == "false" then return false end
  return math.tointeger(tonumber(text)) or tonumber(text) or text
end

local function values(text)
  local out = {}
  for i, part in ipairs(split(text)) do out[i] = value(part) end
  return out
end

-- A cell: "" or "*" any · "a|b" · ">=3" ">3" "<=3" "<3" · "3..5" · "!a|b" · "network.*" · "has:断网|没信号"
local function condition(cell)
  if type(cell) ~= "string" then return cell end
  local text = trim(cell)
  if text == "" or text == "*" then return nil end
  local op, limit = text:match("^([<>]=?)%s*(.+)$")
  if op then
    local word = ({ [">="] = "at_least", [">"] = "more_than", ["<="] = "at_most", ["<"] = "less_than" })[op]
    return words[word](value(limit))
  end
  local from, to = text:match("^(.-)%.%.(.+)$")
  if from then return words.between(value(trim(from)), value(trim(to))) end
  if text:sub(1, 4) == "has:" then return words.has_word(split(text:sub(5))) end
  if text:sub(1, 1) == "!" then return words.none_of(values(text:sub(2))) end
  if text:sub(-2) == ".*" then return words.under(text:sub(1, -3)) end
  if text:find("|", 1, true) then return words.any_of(values(text)) end
  return value(text)
end

local list_kinds = { fields = true, grants = true, texts = true, percents = true, rungs = true }
local function output(schema, key, cell)
  if type(cell) ~= "string" then return cell end
  local text = trim(cell)
  if text == "" then return nil end
  local kind = schema and schema.outputs[key]
  if list_kinds[kind] then return kind == "percents" and values(text) or split(text) end
  if kind == "label" then
    local zh, en = text:match("^(.-)|(.*)$")
    return { zh = trim(zh or text), en = trim(en or text) }
  end
  return value(text)
end

-- One row of cells under the head → a rule row. A row without any condition is the otherwise; where every rule counts it is one
-- only without a name.
local function to_rule(schema, head, cells, where)
  local body, when, name, has_when = {}, {}, nil, false
  for i, column in ipairs(head) do
    local cell = cells[i]
    if cell ~= nil then
      if column == "rule" then name = trim(cell)
      elseif column == "valid_from" or column == "valid_to" then
        if trim(cell) ~= "" then
          body.valid = body.valid or {}
          body.valid[column:sub(7)] = trim(cell)
        end
      elseif column == "because" then body.because = trim(cell) ~= "" and trim(cell) or nil
      elseif column:sub(1, 1) == ">" then
        local key = trim(column:sub(2))
        body[key] = output(schema, key, cell)
      else
        local c = condition(cell)
        if c ~= nil then
          when[column] = c
          has_when = true
        end
      end
    end
  end
  local is_named = name and name ~= ""
  local is_rule = has_when or is_named and (body.valid or schema and schema.mode == "all")
  if not is_rule then return rules.row("otherwise", "otherwise", where, body) end
  body.when = when
  if not is_named then
    errors.add(where, 'each row needs a name in the column "rule"', "每一行都要在 rule 列写上名字")
    name = where
  end
  return rules.row("rule", name, where, body)
end

local function check_head(head, where)
  local has_name, has_output = false, false
  for i, column in ipairs(head) do
    head[i] = trim(column)
    has_name = has_name or head[i] == "rule"
    has_output = has_output or head[i]:sub(1, 1) == ">"
  end
  if not has_name or not has_output then
    errors.add(where, 'the head needs a column "rule" and at least one column that starts with ">"',
      "表头要有 rule 列，并至少有一列以 > 开头")
    return false
  end
  return true
end

local function rows_of_csv(schema, name, where)
  local file = units.file_of(name:gsub("%.csv$", ""), "", ".csv")
  if not file then
    errors.add(where, 'there is no table "%s" in the pack', "规则包里没有表“%s”", { name }, name, host.files)
    return {}
  end
  local csv, out = host.csv(file), {}
  if not csv[1] or not check_head(csv[1], file .. ":1") then return {} end
  for i = 2, #csv do
    local blank = true
    for _, cell in ipairs(csv[i]) do blank = blank and trim(cell) == "" end
    if not blank then out[#out + 1] = to_rule(schema, csv[1], csv[i], file .. ":" .. i) end
  end
  return out
end

local function note(name, where, body, mode)
  local schema = sets.list[name]
  local rows = {}
  if type(body) ~= "table" then
    errors.add(where, 'decide "%s" must be followed by { … }', 'decide “%s”后面应是 { … }', { tostring(name) })
    return
  elseif body.csv then
    rows = rows_of_csv(schema, body.csv, where)
  elseif type(body[1]) == "table" and check_head(body[1], where) then
    for i = 2, #body do rows[#rows + 1] = to_rule(schema, body[1], body[i], where) end
  end
  rows.kinds = body.kinds
  rules.note(name, mode or schema and schema.mode, where, rows)
end

local function opener(mode)
  return function(name)
    local where = host.where(2)
    return function(body) note(name, where, body, mode) end
  end
end

-- decide "grade" {…}; decide.before "clocks" {…} puts the rows in front of the rules of that set.
decide.env.decide = setmetatable({ before = opener "before" }, { __call = function(_, name)
  local where = host.where(2)
  return function(body) note(name, where, body) end
end })

return decide
