decide.before "routing" { csv = "width.csv" }
decide.before "routing" { csv = "columns.csv" }
decide.before "routing" { csv = "semicolons.csv" }
decide.before "routing" { csv = "empty.csv" }
decide.before "routing" { cvs = "width.csv" }
decide.before "routing" { { "rule", "city", "> to" }, { "inline", "foshan" }, "expert" }
