channels { fax = { zh = "传真", en = "fax" } }
clocks { { "mine", zh = "我的", en = "mine", pausable = "no" } }
alarm "red" { zh = "红", en = "red", again = "10m", bulletin = "7m" }
alarm "red" { zh = "红", en = "red", again = "20m", bulletin = "36h" }
disaster { longest = "3 days", bulletin = "50m" }
grants { { role = "agent", ticket = yuan "50.00" } }
cities { csv = "more.csv" }
