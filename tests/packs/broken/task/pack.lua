pack { base = "default" }
tasks { { "fax", zh = "传真", en = "fax", lease = "soon", attempts = 0, colour = "red" } }
rules.all "outbox" {
  rule "no such task" { when = { event = "create" }, task = task "telegram" { to = "{number}" } },
  rule "no such field" { when = { event = "act" }, task = task "fax" { to = "{nummer}" } },
  rule "both" { when = { event = "contact" }, task = task "fax" { to = { "a", b = "c" } } },
  rule "no word" { when = { event = "timer" }, task = { to = "{number}" } },
}
