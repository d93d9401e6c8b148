-- Any count series (tocsin detect): one watch for each length of bins, with a budget of false alarms a series instead of thresholds: on a
-- series at rest one yellow in four weeks, one orange in a year, one red in ten, black once in a hundred. The two tests of a level share its
-- budget, half for each, which is more than they use, since they look at the same counts. Minimum counts keep thin series quiet. Change the
-- budgets here; nothing else depends on them.
local function by_budget(short, long, least)
  local function chance(every) return budget { alarms = 1, every = every, streams = 2 } end -- two ways in, half for each
  local function row(name, every, stay)
    local unusual = tail(chance(every), { at_least = least })
    return { name, enter = any_of_these({ [short] = unusual }, { [long] = unusual }),
      leave = { [short] = calm(0.02), [long] = calm(0.005) }, closes = 3, stay = stay }
  end
  return { row("yellow", "28d", 0), row("orange", "365d", 0), row("red", "3650d", 0), row("black", "36500d", 0) }
end

levels "series of minutes" (by_budget("short", "hour", 5))
levels "series of hours" (by_budget("short", "hours", 5))

for _, bin in ipairs { "1m", "5m", "10m", "15m" } do
  watch("series of " .. bin) { zh = "任意序列", en = "any series", of = "series", bin = bin, levels = "series of minutes",
    sums = { short = bin == "10m" and "10m" or "15m", hour = "1h" }, expected = baseline { slot = "30m", least_days = 2 } }
end
for _, bin in ipairs { "30m", "1h" } do
  watch("series of " .. bin) { zh = "任意序列", en = "any series", of = "series", bin = bin, levels = "series of hours",
    sums = { short = "1h", hours = "4h" }, expected = baseline { slot = "1h", least_days = 3 } }
end

-- Days: a loud day, a loud week of a thin series, or a climb. What climbed is over when neither a day nor a week is above the usual.
local function days(name, p, least, calm_p)
  return { name, enter = any_of_these({ day = tail(p, { at_least = least }) }, { week = tail(p, { at_least = least }) }),
    leave = { day = calm(calm_p), week = calm(calm_p) }, closes = 2 }
end
levels "series of days" {
  { "yellow", enter = any_of_these({ day = tail(0.001, { at_least = 5 }) }, { week = tail(0.001, { at_least = 5 }) }, { climb = at_least(7) }),
    leave = any_of_these({ day = calm(0.1), week = calm(0.1), climb = less_than(2) }, { day = calm(0.5), week = calm(0.5) }), closes = 2 },
  days("orange", 1e-5, 8, 0.05), days("red", 1e-8, 12, 0.01), days("black", 1e-12, 20, 0.001),
}
watch "series of 1d" { zh = "任意序列", en = "any series", of = "series", bin = "1d", levels = "series of days",
  sums = { day = 1, week = 7, climb = cusum { ratio = 1.5, cap = 14 } }, expected = baseline { slot = "24h", least_days = 14, memory_days = 56 } }

-- Weeks: Farrington flexible, with its rule that fewer than five cases in four weeks are no alarm.
levels "series of weeks" {
  { "yellow", enter = { week = tail(0.01, { at_least = 2 }), month = at_least(5) }, leave = { week = calm(0.05) }, closes = 1 },
  { "orange", enter = { week = tail(1e-4, { at_least = 4 }), month = at_least(5) }, leave = { week = calm(0.01) }, closes = 1 },
  { "red", enter = { week = tail(1e-7, { at_least = 8 }), month = at_least(5) }, leave = { week = calm(1e-3) }, closes = 1 },
  { "black", enter = { week = tail(1e-12, { at_least = 16 }), month = at_least(5) }, leave = { week = calm(1e-5) }, closes = 1 },
}
watch "series of 1w" { zh = "任意序列", en = "any series", of = "series", bin = "1w", levels = "series of weeks",
  sums = { week = 1, month = 4 }, expected = farrington {} }
