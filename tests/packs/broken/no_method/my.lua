local many = ("x"):rep(1e9)
rules.before "routing" { rule(many) { to = queue "expert" } }
