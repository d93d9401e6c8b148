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
