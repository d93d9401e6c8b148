rules "routing" { otherwise { to = "duty" } }
