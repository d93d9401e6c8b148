local out = { S15 = less_than(2) }
levels "words" {
  { "yellow", enter = { S15 = tail(2) }, leave = out },
  { "orange", enter = { S15 = tail(budget { alarms = 1 }, { distribution = "poison", at_least = 0 }) }, leave = out },
  { "red", enter = { S15 = below_entry(3) }, leave = { S15 = per_10000(5) } },
  { "black", enter = { S15 = at_least("many") }, leave = { S15 = 5 } },
}
levels "shapes" {
  { "yelow", enter = at_least(5), leave = out, closes = "three" },
  { "red", enter = { S15 = at_least(9) }, leave = out, sign = { "leadr" }, colour = "red", zh = "红" },
}
levels "words" { { "yellow", enter = { S15 = at_least(4) }, leave = { S15 = less_than(2) } } }
levels "none" {}
levels "flaps" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(16) } },
  { "orange", enter = { S15 = tail(1e-6) }, leave = { S15 = calm(1e-7) } },
}
levels "not rising" {
  { "yellow", enter = { S15 = at_least(16) }, leave = { S15 = less_than(8) } },
  { "red", enter = { S15 = at_least(30) }, leave = { S15 = less_than(15) } },
  { "black", enter = { S15 = at_least(20) }, leave = { S15 = less_than(10) } },
  { "orange", enter = { S15 = at_least(40) }, leave = { S15 = less_than(20) } },
}
levels "chances" {
  { "yellow", enter = { S15 = tail(1e-6) }, leave = { S15 = calm(0.1) } },
  { "orange", enter = { S15 = tail(1e-5) }, leave = { S15 = calm(0.1) } },
}
levels "half" {
  { "yellow", enter = { S15 = at_least(16) } },
  { "orange", leave = { S15 = less_than(8) } },
  { "red", closes = 3 },
  { "black", enter = any_of_these(), leave = { S15 = less_than(8) } },
}
