spec "S1" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2,
    bins = { 2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2,
      2, 1, 2 } },
  expect = { levels = { "10:15 yellow", "10:20 orange", "10:35 red", "10:55 black", "12:00 red", "12:30 orange", "12:45 yellow", "13:00 none" } },
}
spec "S2" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2, bins = { 5, 6, 5, 4, 6, 5, 6, 4, 5, 7, 4, 5 }, times = 4 },
  expect = { levels = { "10:15 yellow" } },
}

-- A CUSUM ends with its warning: what it gathered does not raise the next one.
levels "climb" { { "yellow", enter = { climb = at_least(9) }, leave = { S15 = less_than(1) }, closes = 1 } }
watch "climb" { of = "series", bin = "5m", sums = { S15 = 3, climb = cusum { ratio = 2, cap = 40 } }, expected = 0.1, levels = "climb" }
spec "what climbed is forgotten when the warning is over" {
  series = { watch = "climb", before = 0, bins = { 40, 0, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0, 0, 0, 0 } },
  expect = { levels = { "10:05 yellow", "10:20 none" } },
}
