pack { base = "default", name = "warning_levels" }
warning_levels { { "yellow", zh = "黄", en = "yellow" }, { "yellow", zh = "黄", en = "yellow" }, { "none", zh = "无", en = "none" }, { 3, zh = "三", en = "three" } }
local names = { "yellow", "orange", "red", "black", "one", "two", "three", "four" }
local rows = {}
for i, name in ipairs(names) do rows[i] = { name, zh = "级", en = "level" } end
warning_levels(rows)
