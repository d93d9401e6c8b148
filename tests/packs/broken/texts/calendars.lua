calendar "a" { zh = "一", en = "a", hours = { "12:00-08:30" } }
calendar "b" { zh = "二", en = "b", hours = {} }
calendar "c" { zh = "三", en = "c", hours = { "08:30-12:00" }, off = "2026-13-01" }
calendar "d" { zh = "四", en = "d", like = "chinna" }
calendar "e" { zh = "五", en = "e", hours = { "08:30-12:00" }, off = "2026-10-01", work = "2026-10-01" }
