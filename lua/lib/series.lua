-- spec "…" { series = { watch = "…", city = "…", before = 2, bins = { … } }, expect = { levels = { "10:15 yellow", … } } }: counts played
-- through a watch and its level table by the code that the daemon runs (host.play).
local host = ...
local errors = host.lib "errors"
local units = host.lib "units"
local words = host.lib "words"
local catalog = host.lib "catalog"
local levels = host.lib "levels"
local data = catalog.data
local series = {}
local reached = {} -- TABLE/LEVEL → true, once a spec has entered it
local DAY_MS, BINS_MAX, COUNT_MAX = 86400000, 4096, 1000000000
local keys = units.set_of { "watch", "city", "before", "days", "bins", "times", "affected", "potential", "failed", "complained" }
local given_names = { "affected", "potential", "failed", "complained" }

local function is_by(watch, what)
  for _, by in ipairs(watch.by or {}) do
    if by == what then return true end
  end
end

-- ---- times of closes: "10:15" on the day of the first bin, else "2026-09-23T00:10", as warnings and bulletins say it; a day or a week
-- is known by the date on which it begins.
local function close_of(bin_at_ms, bin_ms) return bin_ms < DAY_MS and bin_at_ms + bin_ms or bin_at_ms end

-- Text → ms, or nil.
local function time_of(text, first_ms)
  if text:match("^%d%d:%d%d$") then return units.instant(host.civil(first_ms).date .. "T" .. text) end
  if units.is_date(text) then return units.instant(text .. "T00:00") end
  return units.instant(text)
end

local function shown_time(bin_at_ms, first_ms, bin_ms)
  local at = host.civil(close_of(bin_at_ms, bin_ms))
  if bin_ms >= DAY_MS then return at.date end
  local clock = string.format("%02d:%02d", at.hour, at.minute)
  return at.date == host.civil(first_ms).date and clock or at.date .. "T" .. clock
end

-- ---- what is said, made a request for host.play
-- A list of counts; false is a bin that nobody watched.
local function check_counts(list, where, what, key)
  if type(list) ~= "table" or words.is(list) or #list == 0 then
    errors.add(where, "%s: %s must be a list of counts, a bin each, not %s", "%s：%s 应为逐个时段的计数列表，而不是 %s",
      { what, key, errors.shown(list) })
    return {}
  end
  for i, n in ipairs(list) do
    if n ~= false and (math.type(n) ~= "integer" or n < 0 or n > COUNT_MAX) then
      errors.add(where, "%s: %s: number %d must be a whole count, or false where nobody watched, not %s",
        "%s：%s 的第 %d 个应为非负整数，无人监视的时段写 false，而不是 %s", { what, key, i, errors.shown(n) })
      return {}
    end
  end
  return list
end

local function repeated(list, times, where, what)
  local out = {}
  if times ~= nil and (math.type(times) ~= "integer" or times < 1) then
    errors.add(where, "%s: times must be a whole number above 0, not %s", "%s：times 应为正整数，而不是 %s", { what, errors.shown(times) })
    times = 1
  end
  if #list * (times or 1) > BINS_MAX then
    errors.add(where, "%s: %d bins are too many; a spec plays up to %d", "%s：%d 个时段太多；一个用例最多 %d 个",
      { what, #list * (times or 1), BINS_MAX })
    return {}
  end
  for _ = 1, times or 1 do table.move(list, 1, #list, #out + 1, out) end
  return out
end

-- How many bins of `before` teach the watch all that it can know.
local function bins_before(watch, days)
  local longest = 1
  for _, input in ipairs(watch.inputs) do longest = math.max(longest, input.bins or 1) end
  if days then return math.max(longest, days * DAY_MS // watch.bin_ms) end
  local model = watch.expected
  if model and model.kind == "baseline" then return math.max(longest, math.ceil(model.memory_days) * (DAY_MS // watch.bin_ms)) end
  if model and model.kind == "farrington" then return math.max(longest, (model.years + 1) * model.year) end
  return longest
end

local function is_mean(x) return math.type(x) ~= nil and x >= 0 and x <= COUNT_MAX end

-- { ["00:00"] = 0.2, ["08:00"] = 2 }: so many a bin from that time of day on → rows by minute.
local function profile_of(said, where, what)
  local rows = host.list {}
  for clock, mean in host.sorted_pairs(said) do
    local minute = units.minute_of_day(clock)
    if not minute or not is_mean(mean) then
      errors.add(where, '%s: before: ["%s"] = %s must be a time of day with so many a bin from then on, such as ["08:00"] = 2',
        '%s：before：["%s"] = %s 应为时刻及此后每时段的个数，如 ["08:00"] = 2', { what, tostring(clock), errors.shown(mean) })
    else
      rows[#rows + 1] = { minute = minute, mean = mean }
    end
  end
  return rows
end

local function compile_before(request, row, watch, where, what)
  local said, days = row.before, row.days
  if days ~= nil and (math.type(days) ~= "integer" or days < 1 or days > 3660) then
    errors.add(where, "%s: days must be a whole number from 1 to 3660, not %s", "%s：days 应为 1 到 3660 的整数，而不是 %s",
      { what, errors.shown(days) })
    days = nil
  end
  request.before = bins_before(watch, days)
  if is_mean(said) then
    request.usual = { { minute = 0, mean = said } }
  elseif type(said) == "table" and not words.is(said) and #said > 0 then
    request.past = check_counts(said, where, what, "before")
  elseif type(said) == "table" and not words.is(said) and next(said) ~= nil then
    request.usual = profile_of(said, where, what)
  else
    errors.add(where, '%s: say what came before: before = 2 in each bin, { ["00:00"] = 0.2, ["08:00"] = 2 } or a list of counts, not %s',
      '%s：请说明此前的情况：每时段 before = 2、{ ["00:00"] = 0.2, ["08:00"] = 2 } 或计数列表，而不是 %s', { what, errors.shown(said) })
  end
end

-- affected = 12000 in every bin, or a list by bin.
local function compile_given(request, row, watch, where, what)
  request.given = host.map {}
  for _, name in ipairs(given_names) do
    local said = row[name]
    if said ~= nil and not units.find(watch.inputs, name) then
      errors.add(where, '%s: levels "%s" does not ask for %s', "%s：等级表“%s”不用 %s", { what, watch.levels, name })
    elseif said ~= nil then
      local list = {}
      for i = 1, #request.bins do
        if type(said) == "table" then list[i] = said[i] or 0 else list[i] = said end
        if math.type(list[i]) == nil then
          errors.add(where, "%s: %s must be a number, or a list of numbers by bin", "%s：%s 应为数字，或逐个时段的数字列表", { what, name })
          return
        end
      end
      request.given[name] = list
    end
  end
end

local function subscribers_of(city)
  local sum = 0
  for name, c in host.sorted_pairs(data.cities) do
    if city == nil or name == city then sum = sum + (c.subscribers or 0) end
  end
  return sum
end

local function compile_city(request, row, watch, where, what)
  if row.city ~= nil and not is_by(watch, "city") then
    errors.add(where, '%s: watch "%s" is not by city: leave city out', "%s：监视项“%s”不分地市：请去掉 city", { what, watch.name })
  elseif row.city ~= nil and not data.cities[row.city] then
    errors.add(where, '%s: "%s" is not a declared city', "%s：“%s”不是已声明的地市", { what, tostring(row.city) }, tostring(row.city), data.cities)
  end
  request.city, request.subscribers = row.city, subscribers_of(row.city)
end

-- The first bin: `at` of the spec, else ten o'clock; it must be the start of one.
local function compile_start(request, at, watch, where, what)
  local bin_ms = watch.bin_ms
  local start = units.instant(at or bin_ms < DAY_MS and "2026-09-22T10:00" or "2026-09-21T00:00")
  local civil = start and host.civil(start)
  if not start or civil.minute_of_day * 60000 % math.min(bin_ms, DAY_MS) ~= 0 or bin_ms > DAY_MS and civil.weekday ~= 1 then
    errors.add(where, '%s: at must be the start of a bin, such as "%s", not %s', "%s：at 应为一个时段的起点，如 “%s”，而不是 %s",
      { what, bin_ms < DAY_MS and "2026-09-22T10:00" or "2026-09-21T00:00", errors.shown(at) })
    start = units.instant("2026-09-21T00:00")
  end
  request.start = start
end

-- ---- what is expected: {index of the bin → "yellow" or "ready"}
local function compile_levels(said, request, bin_ms, where, what)
  local want, known = {}, { none = true, ready = true }
  for _, name in ipairs(units.names(data.levels)) do known[name] = true end
  if type(said) ~= "table" then
    errors.add(where, '%s: expect.levels must be a list such as { "10:15 yellow", "10:20 orange" }; {} expects no change',
      '%s：expect.levels 应为列表，如 { "10:15 yellow", "10:20 orange" }；{} 表示不应有变化', { what })
    return want
  end
  for _, text in ipairs(said) do
    local time, level = tostring(text):match("^(%S+) (%S+)$")
    local at = time and time_of(time, request.start)
    local after = at and at - close_of(request.start, bin_ms)
    local index = after and after // bin_ms + 1
    if not after or after % bin_ms ~= 0 or index < 1 or index > #request.bins then
      errors.add(where, '%s: expect.levels: "%s" does not begin with a time at which one of its bins closes, such as "%s yellow"',
        '%s：expect.levels：“%s”应以某个时段结束的时刻开头，如 “%s yellow”',
        { what, tostring(text), shown_time(request.start, request.start, bin_ms) })
    elseif not known[level] then
      errors.add(where, '%s: expect.levels: "%s" is not a declared level', '%s：expect.levels：“%s”不是已声明的等级', { what, level }, level, known)
    else
      want[index] = level
    end
  end
  return want
end

-- Once all of the pack is known: s.request and s.want, or findings.
function series.check(s)
  local row, where, what = s.body.series, s.where, string.format('spec "%s"', s.name)
  if type(row) ~= "table" then row = {} end
  catalog.reject_unknown(row, keys, where, what .. ": series")
  local watch = units.find(data.watches, row.watch)
  if not watch then
    errors.add(where, '%s: there is no watch "%s"', "%s：没有监视项“%s”", { what, tostring(row.watch) }, tostring(row.watch),
      units.names(data.watches))
    return
  end
  local request = { watch = watch.name, bins = repeated(check_counts(row.bins, where, what, "bins"), row.times, where, what) }
  compile_start(request, s.body.at, watch, where, what)
  compile_city(request, row, watch, where, what)
  compile_before(request, row, watch, where, what)
  compile_given(request, row, watch, where, what)
  for key in host.sorted_pairs(s.body.expect) do
    if key ~= "levels" then
      errors.add(where, "%s: a series expects levels, not %s", "%s：序列用例只比较 levels，没有 %s", { what, tostring(key) })
    end
  end
  s.want = compile_levels(s.body.expect.levels, request, watch.bin_ms, where, what)
  s.watch, s.request = watch, request
end

-- ---- playing
local function figures(close)
  local out = string.format("%s %g", close.input, close.value or 0)
  if close.expected then out = out .. string.format(", usual %.3g", close.expected) end
  if close.p then out = out .. string.format(", p %.2g", close.p) end
  return out
end

-- Bin by bin where it is otherwise than expected, then all that was seen.
local function differences(closes, got, s)
  local en, zh, all = {}, {}, {}
  for i, close in ipairs(closes) do
    local time, want, seen = shown_time(close.at, closes[1].at, s.watch.bin_ms), s.want[i], got[i]
    if seen then all[#all + 1] = time .. " " .. seen end
    if want ~= seen then
      en[#en + 1] = string.format("%s expected %s, got %s (%s)", time, want or "no change", seen or "still " .. close.to, figures(close))
      zh[#zh + 1] = string.format("%s 应为 %s，实际是 %s（%s）", time, want or "不变", seen or "仍为 " .. close.to, figures(close))
    end
  end
  if #en == 0 then return nil end
  local n, shown = #en, math.min(#en, 3)
  local seen = #all > 0 and table.concat(all, ", ") or nil
  return {
    en = table.concat(en, "; ", 1, shown) .. (n > shown and string.format("; and %d more", n - shown) or "") .. "; seen: " .. (seen or "no change"),
    zh = table.concat(zh, "；", 1, shown) .. (n > shown and string.format("；另有 %d 处不同", n - shown) or "") .. "；实际变化：" .. (seen or "没有变化") }
end

-- nil, or what differs, in both languages.
function series.run(s)
  local closes, got = host.play(s.request), {}
  local t = levels.find(s.watch.levels)
  for i, close in ipairs(closes) do
    if close.from ~= close.to then
      got[i] = close.to
    elseif close.is_ready then
      got[i] = "ready"
    end
    if close.row then reached[t.name .. "/" .. t.compiled[close.row].name] = true end
  end
  return differences(closes, got, s)
end

-- Levels of the tables in use that no spec has entered, and where they stand; is_own(where) says whose a table is.
function series.uncovered(is_own, out, places)
  local used = {}
  for _, watch in ipairs(data.watches) do used[watch.levels] = true end
  for _, t in ipairs(levels.tables) do
    for i, row in ipairs(used[t.name] and is_own(t.where) and t.compiled or {}) do
      if not reached[t.name .. "/" .. row.name] then
        out[#out + 1], places[#places + 1] = string.format("levels/%s/%s", t.name, row.name), t.places[i]
      end
    end
  end
end

return series
