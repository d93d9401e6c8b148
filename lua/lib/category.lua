-- The tree of categories: rows in catalog.lua or a CSV file, valid dates, what replaced what, and what a category asks for.
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local catalog = host.lib "catalog"
local rules = host.lib "rules"
local words = host.lib("words").env
local category = { env = {} }
local data = catalog.data
local row_keys = catalog.labelled { "valid", "replaced_by", "department", "need", "complete_in" }
local columns = { "code", "zh", "en", "valid_from", "valid_to", "replaced_by", "need", "complete_in", "department" }

local function check_date(date, where, what)
  if date and not units.is_date(date) then
    errors.add(where, '%s: "%s" is not a date such as "2026-01-31"', '%s：“%s”不是 "2026-01-31" 这样的日期', { what, tostring(date) })
    return nil
  end
  return date
end

-- What a category needs and how soon it must be complete are rules like any others, for it and all below it.
local function note_rules(code, entry, where)
  local when = { category = words.under(code) }
  if entry.need then
    rules.note("complete", "before", where, { kinds = { "complaint" },
      rules.row("rule", "needs of " .. code, where, { when = when, need = entry.need }) })
  end
  if entry.complete_in then
    rules.note("clocks", "before", where, { kinds = { "complaint" },
      rules.row("rule", "completion of " .. code, where, { when = { category = words.under(code), complete = false, stage = "accepted" },
        clock = "completion", goal = entry.complete_in }) })
  end
end

local function add(code, row, where)
  local what = "categories." .. tostring(code)
  local valid = row.valid or {}
  local entry = { label = catalog.label(row, where, what), replaced_by = units.parts(row.replaced_by), department = row.department,
    need = units.parts(row.need), complete_in = row.complete_in }
  entry.valid_from, entry.valid_to = check_date(valid.from, where, what), check_date(valid.to, where, what)
  if entry.valid_from and entry.valid_to and entry.valid_from > entry.valid_to then
    errors.add(where, "%s: valid from %s is after valid to %s", "%s：生效日期 %s 晚于失效日期 %s", { what, entry.valid_from, entry.valid_to })
  end
  if catalog.declare("categories", code, where, entry) then note_rules(code, entry, where) end
end

-- categories { csv = "catalog.csv" }, or rows { "network.slow", zh = "…", en = "…", valid = {…}, replaced_by = "…", need = {…} }
function category.env.categories(rows)
  local where = host.where(2)
  if rows.csv then
    return units.each_row(rows.csv, columns, where, function(cells, at)
      cells.valid = { from = cells.valid_from, to = cells.valid_to }
      add(cells.code, cells, at)
    end)
  end
  for _, row in ipairs(rows) do
    if type(row) ~= "table" then
      errors.add(where, '%s: each entry is { "name", zh = "…", en = "…" }', '%s：每一项应写成 { "name", zh = "…", en = "…" }', { "categories" })
    else
      catalog.reject_unknown(row, row_keys, where, "categories." .. tostring(row[1]))
      add(row[1], row, where)
    end
  end
end

function category.check()
  for code, entry in host.sorted_pairs(data.categories) do
    local where = catalog.where("categories", code)
    for _, other in ipairs(entry.replaced_by or {}) do
      if not data.categories[other] then
        errors.add(where, 'category %s: replaced_by "%s" is not a declared category', "分类 %s：replaced_by “%s”不是已声明的分类",
          { code, other }, other, data.categories)
      end
    end
    if entry.department and not data.departments[entry.department] then
      errors.add(where, 'category %s: "%s" is not a declared department', "分类 %s：“%s”不是已声明的部门", { code, tostring(entry.department) },
        entry.department, data.departments)
    end
    local top = code:match("^(.*)%.[^.]+$")
    if top and not data.categories[top] then
      errors.add(where, "category %s: there is no %s above it", "分类 %s：没有上级分类 %s", { code, top }, top, data.categories)
    end
    local at = code
    for _ = 1, 9 do
      local by = data.categories[at] and data.categories[at].replaced_by
      at = by and #by == 1 and by[1] or nil
      if at == code then
        errors.add(where, "category %s: what replaces it goes in a circle", "分类 %s：替代关系绕成了一圈", { code })
        break
      end
    end
  end
end

local function refusal(en, zh, list)
  return { en = en, zh = zh, allowed = list }
end

-- The code that stands for this one on that day; or nil and {en, zh, allowed?} why there is none. nil → nil.
function catalog.current(code, date)
  for _ = 1, 8 do
    local c = data.categories[code]
    if not c or not date or not (c.valid_from or c.valid_to or c.replaced_by) then return code end
    if c.valid_from and date < c.valid_from then
      return nil, refusal(string.format("category %s is valid from %s", code, c.valid_from), string.format("分类 %s 自 %s 起启用", code, c.valid_from))
    end
    if c.valid_to and date <= c.valid_to then return code end
    local by = c.replaced_by
    if not by and not c.valid_to then return code end
    if not by then
      return nil, refusal(string.format("category %s ended on %s and nothing replaced it", code, c.valid_to),
        string.format("分类 %s 已于 %s 停用，没有替代分类", code, c.valid_to))
    end
    if #by > 1 then
      local list = table.concat(by, ", ")
      return nil, refusal(string.format("category %s was split; use one of %s", code, list), string.format("分类 %s 已拆分；请改用 %s", code, list), by)
    end
    code = by[1]
  end
  return code
end

return category
