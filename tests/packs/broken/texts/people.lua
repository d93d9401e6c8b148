person "p1" { zh = "一", en = "one", away = { { from = "soon" } } }
person "p2" { zh = "二", en = "two", away = { { from = "2026-10-01" } } }
person "p3" { zh = "三", en = "three", roles = { "sphinx" }, department = "nasa", post = "king" }
person "p4" { zh = "四", en = "four", deputy = "p5" }
person "p5" { zh = "五", en = "five", deputy = "p4" }
person "p6" { zh = "六", en = "six", deputy = "p7" }
department "d1" { zh = "甲", en = "one", above = "nasa", outside = "head", roster = { shift { persons = { "p1" } } } }
department "d2" { zh = "乙", en = "two", above = "d3", outside = "cellar", roster = { shift { persons = {} } } }
department "d3" { zh = "丙", en = "three", above = "d2", roster = { shift { cities = { "beijing" }, persons = { "p1" } }, shift { persons = { "p1" } } } }
local _ = shift { turn = "month", persons = { "p1" } }
_ = shift { from = "8 o'clock", persons = { "p1" } }
_ = shift { days = { 8 }, persons = { "p1" } }
person "timeless" { zh = "无时", en = "timeless", calendar = "mayan" }
