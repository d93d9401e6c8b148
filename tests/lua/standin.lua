-- A stand-in for the C host: load(dir) → lib, errors, host. The C host (src/rules) is what counts; this one is short and has no
-- sandbox beyond lib.env, no budget, no GBK. Run from the root of the repository.
local share = "lua"

local function read(path)
  local f = io.open(path, "rb")
  if not f then return nil end
  local text = f:read("a")
  f:close()
  return text
end

local function quote(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

local function list(dir)
  local out, pipe = {}, io.popen("cd " .. quote(dir) .. " && find . -type f '(' -name '*.lua' -o -name '*.csv' ')' | sed 's,^./,,' | LC_ALL=C sort")
  for file in pipe:lines() do out[#out + 1] = file end
  pipe:close()
  return out
end

local function load_host(dir)
  local host, texts, libs = { files = {} }, {}, {}
  local function add_folder(folder, prefix)
    for _, file in ipairs(list(folder)) do
      if not file:match("^lib/") and not file:match("^meta/") then
        host.files[#host.files + 1] = prefix .. file
        texts[prefix .. file] = read(folder .. "/" .. file)
      end
    end
  end
  local head = read(dir .. "/pack.lua") or ""
  local base = head:match('base%s*=%s*"([%w_%-]+)"')
  if base then add_folder(base == "default" and share or dir .. "/../" .. base, base .. "/") end
  add_folder(dir, "")

  function host.lib(name)
    if not libs[name] then
      local chunk = assert(load(assert(read(share .. "/lib/" .. name .. ".lua"), name), "@lib/" .. name .. ".lua", "t"))
      libs[name] = { chunk(host) }
    end
    return libs[name][1]
  end
  function host.where(level)
    local info = debug.getinfo(level + 1, "Sl")
    if not info or info.currentline < 0 then return "" end
    return info.short_src .. ":" .. info.currentline
  end
  function host.lower(text) return text:lower() end
  local function is_alnum(c) return c ~= nil and c < 128 and string.char(c):match("%w") ~= nil end
  local function has_lower(low, word)
    local at = 1
    while true do
      local from, to = low:find(word, at, true)
      if not from then return false end
      local left = is_alnum(word:byte(1)) and is_alnum(low:byte(from - 1))
      local right = is_alnum(word:byte(-1)) and is_alnum(low:byte(to + 1))
      if not left and not right or from == 1 and not right then return true end
      at = from + 1
    end
  end
  function host.has_word(text, word) return has_lower(text:lower(), word:lower()) end
  function host.words(words)
    local low = {}
    for i, w in ipairs(words) do low[i] = w:lower() end
    return function(text)
      text = text:lower()
      for i = 1, #low do if has_lower(text, low[i]) then return i end end
    end
  end
  function host.starts_with(text, prefix) return text:sub(1, #prefix) == prefix end
  function host.clip(text, n) return text:sub(1, n) end
  function host.distance(a, b)
    local row = {}
    for k = 0, #b do row[k] = k end
    for i = 1, #a do
      local last = row[0]
      row[0] = i
      for k = 1, #b do
        local cost = a:byte(i) == b:byte(k) and last or 1 + math.min(last, row[k], row[k - 1])
        last, row[k] = row[k], cost
      end
    end
    return row[#b]
  end
  function host.nearest(word, names)
    local best, least
    for _, name in ipairs(names) do
      local d = host.distance(word:lower(), name:lower())
      if d <= math.max(1, #word // 3) and (not least or d < least) then best, least = name, d end
    end
    return best
  end
  function host.sorted_pairs(t)
    local keys = {}
    for k in next, t do keys[#keys + 1] = k end
    table.sort(keys, function(a, b)
      if type(a) ~= type(b) then return type(a) == "number" end
      return a < b
    end)
    local i = 0
    return function()
      i = i + 1
      if keys[i] ~= nil then return keys[i], t[keys[i]] end
    end
  end
  function host.utf8_valid(text) return utf8.len(text) ~= nil end
  function host.file(name) return texts[name] end
  function host.csv(name)
    local rows = {}
    for line in (texts[name]:gsub("^\239\187\191", "") .. "\n"):gmatch("(.-)\r?\n") do
      if line ~= "" then
        local row, at = {}, 1
        while at <= #line + 1 do
          local quoted, tail = line:match('^"(.-)"()', at)
          if not quoted then quoted, tail = line:match("^([^,]*)()", at) end
          row[#row + 1] = quoted
          at = tail + 1
        end
        rows[#rows + 1] = row
      end
    end
    return rows
  end
  function host.civil(ms) -- UTC+8
    local s = ms // 1000 + 8 * 3600
    local t = os.date("!*t", s)
    return { year = t.year, month = t.month, day = t.day, hour = t.hour, minute = t.min, weekday = (t.wday + 5) % 7 + 1,
      date = os.date("!%Y-%m-%d", s), minute_of_day = t.hour * 60 + t.min }
  end
  return host, texts
end

local function load_pack(dir)
  local host, texts = load_host(dir)
  local lib = host.lib "pack"
  for _, file in ipairs(host.files) do
    local env = file:match("%.lua$") and lib.env(file)
    if env then
      local chunk, why = load(texts[file], "@" .. file, "t", env)
      if not chunk then
        local line, text = why:match(":(%d+): (.*)$")
        lib.fail(file, tonumber(line), nil, text)
      else
        local ok, result = pcall(chunk)
        if not ok then
          local at, line, text = tostring(result):match("^([^:]*):(%d+): (.*)$")
          lib.fail(at or file, tonumber(line), nil, text or tostring(result))
        else
          lib.add(file, result)
        end
      end
    end
  end
  return lib, lib.finish(), host
end

return load_pack
