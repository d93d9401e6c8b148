-- → words, fields, rule sets, as lua/lib declares them. Run from the root of the repository; no pack is loaded.
local libs = {}
local host = setmetatable({ files = {}, sorted_pairs = pairs }, { __index = function() return function() return "" end end })

function host.lib(name)
  if not libs[name] then
    local path = "lua/lib/" .. name .. ".lua"
    local file = assert(io.open(path, "rb"))
    libs[name] = assert(load(file:read("a"), "@" .. path, "t"))(host)
    file:close()
  end
  return libs[name]
end

return function()
  local words, fields = host.lib("pack").words, {}
  for name, field in pairs(host.lib "fields") do
    if type(field) == "table" and field.read then fields[name] = field end
  end
  return words, fields, host.lib("sets").list
end
