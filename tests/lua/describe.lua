-- → words, fields, rule sets, as the lib declares them.
local load_pack = dofile "tests/lua/standin.lua"
return function()
  local lib, _, host = load_pack "lua"
  local fields = {}
  for name, field in pairs(host.lib "fields") do
    if type(field) == "table" then fields[name] = field end
  end
  return lib.words, fields, host.lib("sets").list
end
