local function one(name, when) rules.before "routing" { rule(name) { when = when, to = "duty" } } end
one("positional", { 12 })
one("not a table", 12)
one("time of day", { time_of_day = "half past eight" })
one("wrong type", { star = "five" })
one("no value", { city = any_of() })
one("window on a number", { star = at_least(3, within "7d") })
one("limit", { kind = at_least(3) })
one("any limit", { ["fields.amount"] = at_least("much") })
one("window", { contacts = at_least(3, "7d") })
one("nothing between", { star = between(4, 2) })
one("no word", { text = has_word() })
one("within what", { star = within "2h" })
one("group as a condition", { city = unless { vip = true } })
one("bare table", { city = { "foshan" } })
one("money", { ["fields.amount"] = at_least(yuan "fifty") })
one("list", { text = has_word(list "no_such_list") })
one("empty list", { text = has_word(list "empty") })
rules.before "routing" { rule "valid is a date" { valid = "2026", to = "duty" } }
rules.before "routing" { rule "valid from" { valid = { from = "01.02.2026" }, to = "duty" } }
rules.before "routing" { rule "valid backwards" { valid = { from = "2026-02-01", to = "2026-01-01" }, to = "duty" } }
rules.before "routing" { rule "because" { because = 12, to = "duty" } }
