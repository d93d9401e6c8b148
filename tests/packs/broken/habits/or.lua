-- What Lua takes in silence: the first of two, the last of two, nothing at all.
local cities = { near = "foshan" }
local function home(name) return cities[name] or "foshan" end
local star = cities.far and 4 or 4.5
rules.before "routing" {
  rule "or" { when = { city = "foshan" or "shenzhen" or 'dongguan' }, to = queue "expert" },
  rule "and" { when = { city = "foshan" and "shenzhen" }, to = queue "expert" },
  rule "numbers" { when = { star = 3.5 or 4 }, to = queue "expert" },
  rule "words" { when = { city = any_of("foshan") or any_of("shenzhen") }, to = queue "expert" or queue "duty" },
  rule "texts and words" { when = { category = "iot.card" or under "network" }, to = queue "expert" },
  rule "tables" { when = { star = 4 } or { star = 5 }, to = queue "expert" },
  rule "in a function" { when = function(t) return t.city == "foshan" or t.city == ("zhuhai" or "jieyang") end, to = queue "expert" },
  -- these are as they should be
  rule "its own" { when = { city = home "near" or "foshan", star = star or 4 }, to = queue(cities.near == "foshan" and "expert" or "duty") },
  rule "a function" { when = function(t) return (t.star or 0) > 3 and t["fields.amount"] ~= nil end, to = queue "expert" },
}
