-- Keys of warnings: each is made by one watch, the first that gives it. A watch all of whose keys an earlier one makes judges nothing.
local host = ...
local errors = host.lib "errors"
local data = host.lib("catalog").data
local keys = {}

-- The parts of the keys that a watch makes, each {text = true, …}, or {any = true} of all real names, or categories {under = {…}}.
local function part_of(by, row, said, otherwise)
  for _, x in ipairs(row.by or {}) do
    if x == by then
      local out = {}
      for _, text in ipairs(type(said) == "table" and said or { said }) do out[text] = true end
      return next(out) and out or { any = true }
    end
  end
  return { [otherwise or "*"] = true }
end

local function parts_of(row)
  if row.of == "signals" then
    local kinds = row.kinds
    return { part_of("city", row), part_of("kind", row, kinds, kinds and #kinds == 1 and kinds[1]),
      part_of("service", row, row.service, row.service), part_of("component", row, row.component, row.component) }
  end
  local categories = row.categories
  if not categories and row.cluster and data.clusters[row.cluster] then categories = data.clusters[row.cluster].categories end
  local category = part_of("category", row, categories)
  if row.cluster and category["*"] then category = { ["cluster:" .. row.cluster] = true } end
  return { part_of("city", row), category }
end

local function is_within(name, part)
  if part[name] or part.any and name ~= "*" and name:sub(1, 8) ~= "cluster:" then return true end
  local top = name:match("^(.*)%.[^.]*$") -- a category is also made by a watch of the branch above
  return top ~= nil and is_within(top, part)
end

local function are_within(parts, others)
  for i, part in ipairs(parts) do
    if part.any and not others[i].any then return false end
    for name in host.sorted_pairs(part) do
      if name ~= "any" and not is_within(name, others[i]) then return false end
    end
  end
  return true
end

-- list: {name, row, where, is_sound} of each watch, in the order in which they are asked.
function keys.check(list)
  for i, w in ipairs(list) do
    local of, parts = w.row.of or "complaints", w.is_sound and parts_of(w.row)
    for k = 1, (of == "series" or not parts) and 0 or i - 1 do
      local other = list[k]
      if other.is_sound and of == (other.row.of or "complaints") and are_within(parts, parts_of(other.row)) then
        errors.add(w.where, 'watch "%s" never judges: a key has one watch, and "%s" (%s) makes all of its keys: write it in front, or one for both',
          "监视项“%s”永远轮不到：一个预警对象只由一个监视项判断，而“%s”（%s）已包含它的全部对象：请写在它前面，或合并为一个",
          { w.name, other.name, other.where })
        break
      end
    end
  end
end

return keys
