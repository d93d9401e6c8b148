channels { "sms" }
channels { { "smoke signal", zh = "烽火", en = "smoke" } }
channels { { "drum", zh = "鼓" } }
channels { { "flag", zh = "旗", en = "flag" }, { "flag", zh = "旗", en = "flag" } }
limits { history = "ninety days" }
queues { { "moon", zh = "月", en = "moon", department = "nasa" } }
numbers { country = "eighty-six" }
categories { "bare" }
categories { { "old", zh = "旧", en = "old", valid = { from = "tomorrow" } } }
categories { { "odd", zh = "怪", en = "odd", valid = { from = "2026-02-01", to = "2026-01-01" } } }
categories { { "lost", zh = "失", en = "lost", replaced_by = "nothing" } }
categories { { "led", zh = "领", en = "led", department = "nasa" } }
categories { { "no.top", zh = "无上级", en = "no top" } }
categories { { "round", zh = "圈", en = "round", replaced_by = "ring" }, { "ring", zh = "环", en = "ring", replaced_by = "round" } }
categories { csv = "no_such.csv" }
categories { csv = "tree.csv" }
kind "riddle" { zh = "谜", en = "riddle", first = "asked", "nonsense",
  stage "open" { zh = "开", en = "open", status = "wondering" },
  action "ask" { zh = "问", en = "ask", from = { "dreamt" }, roles = { "sphinx" }, data = { text = "poem" } },
  action "tell" { zh = "答", en = "tell", from = { "open" } },
  action "tell" { zh = "答", en = "tell", from = { "open" } },
}
statuses { { "pendng", zh = "挂", en = "hung" } }
