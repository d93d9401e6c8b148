rules.before "warning" {
  rule "case" { when = { level = at_least("purple") }, open = "incidents" },
  rule "call" { when = { from = "yellow" }, call = { "duty of nobody" }, act = "level", data = "yellow" },
}
