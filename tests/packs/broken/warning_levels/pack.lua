pack { base = "default", name = "warning_levels" }
local names = { "yellow", "orange", "red", "black", "one", "two", "three", "four" }
local rows = {}
for i, name in ipairs(names) do rows[i] = { name, zh = "级", en = "level" } end
warning_levels(rows)
