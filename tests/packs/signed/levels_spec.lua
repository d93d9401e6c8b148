spec "S1 waits for a signature" {
  series = { watch = "recharge not credited", city = "shenzhen", before = { 2, 2, 2 },
    bins = { 2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2,
      2, 1, 2 } },
  expect = { levels = { "10:15 yellow", "10:20 orange", "10:35 red", "10:55 black", "12:00 ready" } },
}
