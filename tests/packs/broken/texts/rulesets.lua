rules "routng" { otherwise { to = "duty" } }
rules "follow" { otherwise {} }
rules.all "classify" { otherwise {} }
rules "routing" { otherwise { to = "duty" } }
rules.before "routing" (12)
rules.before "routing" { "nonsense" }
rules.before "routing" { otherwise { to = "duty" } }
rules.before "routing" { rule "" { to = "duty" } }
rules.before "routing" { rule "no body" (12) }
rules.all "contact" { kinds = { "riddles" } }
decide.before "advice" { csv = "no_such.csv" }
decide.before "advice" (12)
decide.before "advice" { { "colour", "> say" } }
decide.before "advice" { { "rule", "star", "> say" }, { "", ">=3", "好|good" } }
rules.before "clocks" { otherwise { when = {}, clock = "handle", goal = "1h" } }
rules.all "outbox" {
  rule "sends a function" { when = { action = "close" }, task = task "sms" { text = function() end } },
  rule "sends nothing" { when = { action = "reply" }, task = task "sms" (12) },
}
rules.before "advice" { rule "said to nobody" { when = { channel = "app" }, say = { zh = "无人听", en = "nobody hears" } } }
