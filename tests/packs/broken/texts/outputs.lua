rules.before "grade" { rule "grade" { when = { star = 1 }, grade = "gigantic" } }
rules.before "grade" { rule "priority" { when = { star = 2 }, priority = "high" } }
rules.before "clocks" { rule "goal" { when = { star = 1 }, clock = "handle", goal = "soon" } }
rules.before "clocks" { rule "unit" { when = { star = 1 }, clock = "handle", goal = 3, unit = "weeks" } }
rules.before "clocks" { rule "percents" { when = { star = 1 }, clock = "handle", goal = 3, percents = { 100, 75 } } }
rules.before "complete" { rule "need" { when = { star = 1 }, need = 12 } }
rules.before "complete" { rule "need what" { when = { star = 1 }, need = "shoe_size" } }
rules.before "duplicate" { rule "within" { when = { star = 1 }, within = "a day", same = "category" } }
rules.before "escalation" { rule "again" { when = { percent = 50 }, notice = { "owner" }, again = "4h" } }
rules.before "escalation" { rule "every" { when = { percent = 60 }, notice = { "owner" }, again = every "often" } }
rules.before "escalation" { rule "rung" { when = { percent = 70 }, notice = { "moon" } } }
rules.before "advice" { rule "say" { when = { star = 1 }, say = "hello" } }
