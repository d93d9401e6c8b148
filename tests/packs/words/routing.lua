rules "routing" {
  rule "any_of" { when = { title = "1", city = any_of("foshan", "shenzhen") }, to = "expert" },
  rule "none_of" { when = { title = "2", city = none_of("foshan", "shenzhen") }, to = "expert" },
  rule "at_least" { when = { title = "3", star = at_least(3) }, to = "expert" },
  rule "at_most" { when = { title = "4", star = at_most(3) }, to = "expert" },
  rule "more_than" { when = { title = "5", ["fields.amount"] = more_than(yuan "50.00") }, to = "expert" },
  rule "less_than" { when = { title = "6", star = less_than(3) }, to = "expert" },
  rule "between" { when = { title = "7", star = between(2, 4) }, to = "expert" },
  rule "between times, over midnight" { when = { title = "8", time_of_day = between("22:00", "06:00") }, to = "expert" },
  rule "has_word" { when = { title = "9", text = has_word("line", list "fire") }, to = "expert" },
  rule "starts_with" { when = { title = "10", number = starts_with("138", "139") }, to = "expert" },
  rule "under" { when = { title = "11", category = under "network" }, to = "expert" },
  rule "within" { when = { title = "12", occurred = within "2h" }, to = "expert" },
  rule "any_of_these" { when = { title = "13", any_of_these({ vip = true }, { star = at_least(5) }) }, to = "expert" },
  rule "unless" { when = { title = "14", unless { vip = true } }, to = "expert" },
  rule "present" { when = { title = "15", callback = present }, to = "expert" },
  rule "absent" { when = { title = "16", callback = absent }, to = "expert" },
  rule "counted in a window" { when = { title = "17", tickets = at_least(2, within "7d") }, to = "expert" },
  rule "a function" { when = function(t) return t.title == "18" and (t.star or 0) * 2 > 5 end, to = "expert" },
  rule "a function of one field" { when = { title = "19", star = function(x) return x == 4 end }, to = "expert" },
  rule "valid" { when = { title = "20" }, valid = { from = "2026-09-22", to = "2026-09-30" }, to = "expert" },
  rule "false" { when = { title = "21", vip = false }, to = "expert" },
  rule "fails" { when = function(t) return t.title == "22" and t.star > 3 end, to = "expert" },
  otherwise { to = "second_line" },
}

local function both(title, yes, no, at_yes, at_no)
  local function one(t, queue, at)
    t.title, t.channel, t.category = title, "app", t.category or "other"
    t.number, t.text = t.number or "13700138000", t.text or "x"
    spec(title .. " " .. queue) { given = ticket(t), at = at, expect = { queue = queue } }
  end
  one(yes, "expert", at_yes)
  one(no, "second_line", at_no)
end
both("1", { city = "foshan" }, { city = "zhuhai" })
both("2", { city = "zhuhai" }, { city = "foshan" })
both("3", { star = 3 }, { star = 2 })
both("4", { star = 3 }, { star = 4 })
both("5", { fields = { amount = 5001 } }, { fields = { amount = 5000 } })
both("6", { star = 2 }, { star = 3 })
both("7", { star = 4 }, { star = 1 })
both("8", {}, {}, "2026-09-22T22:00", "2026-09-22T06:00")
both("9", { text = "there is SMOKE" }, { text = "smoker, airliner" })
both("10", { number = "13900138000" }, { number = "13700138000" })
both("11", { category = "network.slow", city = "foshan" }, { category = "billing.cdr" })
both("12", { occurred = 1790042400000 - 7200000 }, { occurred = 1790042400000 - 7200001 })
both("13", { star = 5 }, { star = 4 })
both("14", {}, { vip = true })
both("15", { callback = "13800138000" }, { callback = "" })
both("16", {}, { callback = "13800138000" })
both("18", { star = 3 }, { star = 2 })
both("19", { star = 4 }, { star = 3 })
both("20", {}, {}, "2026-09-30T23:59", "2026-10-01T00:00")
both("21", {}, { vip = true })
spec "counted" {
  given = ticket { title = "17", channel = "app", category = "other", number = "13800138000", text = "x" },
  history = { tickets = { { age = "1d" }, { age = "6d" }, { age = "8d" } } }, expect = { queue = "expert" },
}
spec "not counted beyond the window" {
  given = ticket { title = "17", channel = "app", category = "other", number = "13800138000", text = "x" },
  history = { tickets = { { age = "1d" }, { age = "8d" } } }, expect = { queue = "second_line" },
}
spec "a rule that raises never loses the ticket: otherwise, at the duty desk" {
  given = ticket { title = "22", channel = "app", category = "other", number = "13800138000", text = "x" },
  expect = { fails = "routing/fails", queue = "duty", by = "routing/otherwise" },
}
