spec "day and night" {
  duty = { department = "second_line" }, at = "2026-09-22T10:00",
  expect = { on_duty = "wu.qiang", by = "shift", next = "zheng.li", next_at = "2026-09-22T20:00" },
}
spec "they take turns" { duty = { department = "second_line" }, at = "2026-09-23T10:00", expect = { on_duty = "zheng.li" } }
spec "outside its hours a department falls to its head" {
  duty = { department = "city_other" }, at = "2026-10-03T10:00", expect = { on_duty = "tang.wei", by = "head" },
}
spec "a city with a shift of its own" {
  duty = { department = "city_support", city = "shenzhen" }, at = "2026-09-22T10:00", expect = { on_duty = "luo.bin", by = "shift" },
}
spec "the other cities" {
  duty = { department = "city_support", city = "foshan" }, at = "2026-09-22T10:00",
  expect = { on_duty = "he.yong", next = "luo.bin", next_at = "2026-09-23T00:00" },
}
spec "a make-up Saturday has the shift of a working day" {
  duty = { department = "expert" }, at = "2026-10-10T09:00", expect = { on_duty = "ye.feng", by = "shift" },
}
spec "a holiday in the week is not" {
  duty = { department = "expert" }, at = "2026-10-05T09:00", expect = { on_duty = "ye.feng", by = "head" },
}
