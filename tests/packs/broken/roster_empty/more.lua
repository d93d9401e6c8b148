department "night_watch" { zh = "夜班", en = "night watch", roster = {} }
department "half_day" { zh = "半天", en = "half day", roster = { shift { from = "08:00", to = "12:00", persons = { "chen.jing" } } } }
