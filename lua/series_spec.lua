-- Any series (tocsin detect): what its watches say to a flat one, to a burst, and to one that climbs. One watch for each length of bins.
local minutes = { 2, 5, 8, 6, 7, 9, 30, 80, 200, 500, 300, 90, 20, 5,
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 }
spec "minutes: a burst" {
  series = { watch = "series of 5m", before = 2, bins = minutes },
  expect = { levels = { "10:20 yellow", "10:25 orange", "10:30 red", "10:35 black", "12:15 red", "12:30 orange", "12:45 yellow" } },
}
spec "hours: a burst" {
  series = { watch = "series of 1h", before = { ["00:00"] = 4, ["08:00"] = 20 },
    bins = { 21, 37, 40, 60, 90, 200, 400, 90, 20, 22, 20, 19, 20, 21, 4, 4, 4, 4, 4, 4 } },
  expect = { levels = {
    "12:00 yellow", "13:00 orange", "14:00 black", "2026-09-23T00:00 red", "2026-09-23T03:00 orange", "2026-09-23T06:00 yellow"
  } },
}
spec "hours: one hour of twice the usual" {
  series = { watch = "series of 1h", before = { ["00:00"] = 4, ["08:00"] = 20 }, bins = { 20, 43, 20, 20, 20, 20, 20, 20, 20 } },
  expect = { levels = { "12:00 red", "15:00 orange", "18:00 yellow" } },
}
spec "days: a flood, then the old level" {
  at = "2026-09-21T00:00",
  series = { watch = "series of 1d", before = 20, bins = { 22, 37, 48, 75, 120, 200, 60, 20, 21, 19, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20 } },
  expect = { levels = {
    "2026-09-22 yellow", "2026-09-23 orange", "2026-09-24 red", "2026-09-25 black", "2026-10-04 red", "2026-10-06 orange", "2026-10-08 yellow",
    "2026-10-10 none"
  } },
}
spec "days: one and a half times the usual, day after day, are a climb" {
  at = "2026-09-21T00:00", series = { watch = "series of 1d", before = 20, bins = { 29, 31, 30, 32, 33, 31, 32 } },
  expect = { levels = { "2026-09-24 yellow" } },
}
local topic = { 4, 1, 1 }
for i = 4, 24 do topic[i] = 2 end
for i = 25, 50 do topic[i] = 0 end
spec "days: six complaints in three days about what nobody spoke of, then two a day for three weeks" {
  at = "2026-09-21T00:00", series = { watch = "series of 1d", before = 0.02, bins = topic },
  expect = { levels = { "2026-09-22 yellow", "2026-09-26 orange", "2026-10-10 yellow", "2026-10-16 none" } },
}
spec "weeks: an outbreak, by Farrington" {
  series = { watch = "series of 1w", before = 10, bins = { 9, 11, 20, 25, 35, 60, 120, 40, 12, 10, 9 } },
  expect = { levels = {
    "2026-10-05 yellow", "2026-10-12 orange", "2026-10-19 red", "2026-10-26 black", "2026-11-16 red", "2026-11-23 orange", "2026-11-30 yellow"
  } },
}
spec "weeks: fewer than five in four weeks are none" {
  series = { watch = "series of 1w", before = 0, bins = { 0, 3, 0, 1, 0, 2 } }, expect = { levels = {} },
}
