-- Try packs and the words without a daemon, from the root of the repository:
--   lua5.4 tests/lua/host.lua PACK [spec|check|words], or PACK ask|explain|count POINT FACTS.lua
local load_pack = dofile "tests/lua/standin.lua"

local function dump(x, indent)
  indent = indent or ""
  if type(x) ~= "table" then return type(x) == "string" and string.format('"%s"', x) or tostring(x) end
  local keys, out = {}, {}
  for k in pairs(x) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, k in ipairs(keys) do
    out[#out + 1] = indent .. "  " .. (type(k) == "number" and "" or k .. " = ") .. dump(x[k], indent .. "  ")
  end
  return "{\n" .. table.concat(out, ",\n") .. "\n" .. indent .. "}"
end

local function show_errors(found)
  for _, e in ipairs(found or {}) do
    print(string.format("%s%s: %s", e.file, e.line and ":" .. e.line or "", e.message))
    if e.message_zh then print("  " .. e.message_zh) end
  end
end

local function show_specs(lib)
  local failed = 0
  local n
  for _, seed in ipairs { 0, 12345 } do
    local results = lib.specs(seed)
    n = #results
    for _, r in ipairs(results) do
      if not r.ok then
        failed = failed + 1
        print(r.message)
      end
    end
  end
  print(string.format("%d specs, %d failures in two orders, %d rules, not reached: %s", n, failed, #lib.rule_names,
    table.concat(lib.coverage(), "; ")))
  return failed
end

-- Instructions and time of one ask.
local function count(lib, point, facts)
  local steps = 0
  lib.ask[point](facts)
  debug.sethook(function() steps = steps + 1 end, "", 1)
  lib.ask[point](facts)
  debug.sethook()
  local rounds, from = 20000, os.clock()
  for _ = 1, rounds do lib.ask[point](facts) end
  return steps, (os.clock() - from) * 1e6 / rounds
end

local dir, mode, point, path = arg[1] or "lua", arg[2] or "spec", arg[3], arg[4]
local lib, found = load_pack(dir)
show_errors(found)
if mode == "check" and not found then
  for _, r in ipairs(lib.specs(0)) do if not r.ok then print(r.message) end end
end
if mode == "check" then os.exit(0) end
if found then os.exit(1) end
local facts = path and assert(loadfile(path))()
if mode == "spec" then os.exit(show_specs(lib) == 0 and 0 or 1)
elseif mode == "ask" then print(dump(lib.ask[point](facts)))
elseif mode == "explain" then print(dump(lib.explain(point, facts)))
elseif mode == "words" then
  local names = {}
  for name in pairs(lib.words) do names[#names + 1] = name end
  table.sort(names)
  print(table.concat(names, " "))
elseif mode == "count" then print(string.format("%d instructions, %.1f us", count(lib, point, facts)))
end
