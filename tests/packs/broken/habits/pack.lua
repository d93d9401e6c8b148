pack { base = "default", name = "habits" }
