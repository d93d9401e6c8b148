spec "no such watch" { series = { watch = "recharg", before = 2, bins = { 2 } }, expect = { levels = {} } }
spec "no bins" { series = { watch = "recharge", before = 2, bin = 3 }, expect = { levels = {} } }
spec "half a count" { series = { watch = "recharge", before = 2, bins = { 2, 1.5 } }, expect = { levels = {} } }
spec "never" { series = { watch = "recharge", before = 2, bins = { 2 }, times = 0 }, expect = { levels = {} } }
spec "for ever" { series = { watch = "recharge", before = 2, bins = { 2 }, times = 5000 }, expect = { levels = {} } }
spec "between" { at = "2026-09-22T10:02", series = { watch = "recharge", before = 2, bins = { 2 } }, expect = { levels = {} } }
spec "Tuesday" { at = "2026-09-22T00:00", series = { watch = "weeks", before = 2, bins = { 2 } }, expect = { levels = {} } }
spec "not by city" { series = { watch = "plain", city = "shenzhen", before = 2, bins = { 2 } }, expect = { levels = {} } }
spec "no such city" { series = { watch = "recharge", city = "shenzen", before = 2, bins = { 2 } }, expect = { levels = {} } }
spec "no past" { series = { watch = "recharge", bins = { 2 } }, expect = { levels = {} } }
spec "days" { series = { watch = "recharge", before = 2, days = 0.5, bins = { 2 } }, expect = { levels = {} } }
spec "hours of the day" { series = { watch = "recharge", before = { ["8:00"] = 2 }, bins = { 2 } }, expect = { levels = {} } }
spec "not asked for" { series = { watch = "plain", before = 2, bins = { 2 }, affected = 5 }, expect = { levels = {} } }
spec "not numbers" { series = { watch = "recharge", before = 2, bins = { 2 }, affected = "many" }, expect = { levels = {} } }
spec "levels only" { series = { watch = "recharge", before = 2, bins = { 2 } }, expect = { queue = "duty", levels = {} } }
spec "a list" { series = { watch = "recharge", before = 2, bins = { 2 } }, expect = { levels = "none" } }
spec "a time" { series = { watch = "recharge", before = 2, bins = { 2 } }, expect = { levels = { "10:00 yellow", "10:05 yelow", "yellow" } } }
spec "more than can be counted" { series = { watch = "recharge", before = 2e9, bins = { 2, 2000000000 } }, expect = { levels = {} } }
