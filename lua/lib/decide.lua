-- decide "grade" { csv = "grade.csv" } or with rows inline: a rule set as a table. Columns that start with ">" are what a row says.
local host = ...
local errors = host.lib "errors"
local fields = host.lib "fields"
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

-- ≥3, =>3, ＞3: what stands for >= and the like. → the cell as it is read, or nil
local signs = { ["≥"] = ">=", ["≧"] = ">=", ["=>"] = ">=", ["≤"] = "<=", ["≦"] = "<=", ["=<"] = "<=", ["＞"] = ">", ["＜"] = "<", ["！"] = "!" }
local function meant_sign(text)
  for sign, plain in host.sorted_pairs(signs) do
    if text:sub(1, #sign) == sign then return plain .. text:sub(#sign + 1) end
  end
end

-- is_text: of a field that is a text, 13800138000 too.
local function value(text, is_text)
  if is_text then return text end
  if text == "true" then return true elseif text == "false" then return false end
  return math.tointeger(tonumber(text)) or tonumber(text) or text
end

local function values(text, is_text)
  local out = {}
  for i, part in ipairs(split(text)) do out[i] = value(part, is_text) end
  return out
end

-- A cell: "" or "*" any · "a|b" · ">=3" ">3" "<=3" "<3" · "3..5" · "!a|b" · "network.*" · "has:断网|没信号"
local function condition(column, cell, where)
  if type(cell) ~= "string" then return cell end
  local field = fields.find(column)
  local is_text = field ~= nil and field.type == "text"
  local text = trim(cell)
  local meant = meant_sign(text)
  if meant then
    errors.add(where, 'the cell "%s" begins with no sign of a table', "单元格“%s”开头的符号不能用", { text }, text, meant)
    text = meant
  end
  if text == "" or text == "*" then return nil end
  local op, limit = text:match("^([<>]=?)%s*(.+)$")
  if op then
    local word = ({ [">="] = "at_least", [">"] = "more_than", ["<="] = "at_most", ["<"] = "less_than" })[op]
    return words[word](value(limit))
  end
  local from, to = text:match("^(.-)%.%.(.+)$")
  if from then return words.between(value(trim(from)), value(trim(to))) end
  if text:sub(1, 4) == "has:" then return words.has_word(split(text:sub(5))) end
  if text:sub(1, 1) == "!" then return words.none_of(values(text:sub(2), is_text)) end
  if text:sub(-2) == ".*" then return words.under(text:sub(1, -3)) end
  if text:find("|", 1, true) then return words.any_of(values(text, is_text)) end
  return value(text, is_text)
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
        local c = condition(column, cell, where)
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
  local has_name, has_output, seen = false, false, {}
  for i, column in ipairs(head) do
    head[i] = trim(column)
    if head[i] ~= "" and seen[head[i]] then
      errors.add(where, 'the column "%s" stands twice: only the last one counts', "“%s”列出现了两次：只有最后一列起作用", { head[i] }, head[i],
        { en = "several values of one cell are written a|b", zh = "一个单元格里的多个值写成 a|b" })
    end
    seen[head[i]] = true
    has_name = has_name or head[i] == "rule"
    has_output = has_output or head[i]:sub(1, 1) == ">"
  end
  if not has_name or not has_output then
    errors.add(where, 'the head needs a column "rule" and at least one column that starts with ">"',
      "表头要有 rule 列，并至少有一列以 > 开头", nil, head[1], #head == 1 and head[1]:find("[;，；]") and
      { en = "columns are parted by commas: save it as \"CSV UTF-8\"", zh = "各列应以半角逗号分隔：请另存为“CSV UTF-8”" } or nil)
    return false
  end
  return true
end

-- A row as wide as the head: a comma too many or too few moves all cells behind it.
local function check_width(row, head, where)
  units.check_width(row, #head, where)
  if #row < #head then
    local first = trim(row[1])
    errors.add(where, "the row has %d cells, the head %d: it ends before %s", "这一行有 %d 个单元格，表头有 %d 个：缺少 %s", { #row, #head, head[#row + 1] }, nil,
      first:find("，") and { en = "write , between the cells, not ，", zh = "单元格之间请用半角逗号" } or
        { en = "a cell that says nothing is written as one more comma", zh = "没有内容的单元格也要留一个逗号" })
  end
  return #row >= #head
end

local function rows_of_csv(schema, name, where)
  local file = units.file_of(name:gsub("%.csv$", ""), "", ".csv")
  if not file then
    errors.add(where, 'there is no table "%s" in the pack', "规则包里没有表“%s”", { name }, name, host.files)
    return nil
  end
  local csv, lines = host.csv(file)
  local out, is_blank = {}, true
  if not csv[1] or not check_head(csv[1], file .. ":1") then return nil end
  for i = 2, #csv do
    local blank, place = true, file .. ":" .. lines[i]
    for _, cell in ipairs(csv[i]) do blank = blank and trim(cell) == "" end
    is_blank = is_blank and blank
    if not blank and check_width(csv[i], csv[1], place) then out[#out + 1] = to_rule(schema, csv[1], csv[i], place) end
  end
  if #out == 0 then
    if is_blank then errors.add(file .. ":1", "the table has no rows", "表里只有表头，没有内容") end
    return nil
  end
  return out
end

-- { { "rule", "city", "> to" }, { "a", "foshan", "expert" }, … }
local function inline_rows(schema, body, where)
  local rows = {}
  if not check_head(body[1], where) then return nil end
  for i = 2, #body do
    if type(body[i]) ~= "table" then
      errors.add(where, "row %d is no list of cells", "第 %d 行不是 { … } 列表", { i - 1 }, body[i])
    elseif check_width(body[i], body[1], where) then
      rows[#rows + 1] = to_rule(schema, body[1], body[i], where)
    end
  end
  return #rows > 0 and rows or nil
end

local function note(name, where, body, mode)
  local schema = sets.list[name]
  local rows = {}
  if type(body) ~= "table" then
    errors.add(where, 'decide "%s" must be followed by { … }', 'decide “%s”后面应是 { … }', { tostring(name) })
    return
  end
  for key in host.sorted_pairs(body) do
    if type(key) == "string" and key ~= "csv" and key ~= "kinds" then
      errors.add(where, 'decide "%s": %s is nothing a table has: it has csv, kinds and rows', "decide “%s”：没有 %s 这一项：这里只写 csv、kinds 和各行",
        { tostring(name), key }, key, { csv = true, kinds = true })
      return
    end
  end
  if body.csv then
    rows = rows_of_csv(schema, tostring(body.csv), where)
  elseif type(body[1]) == "table" then
    rows = inline_rows(schema, body, where)
  end
  if not rows then return end -- reported
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
