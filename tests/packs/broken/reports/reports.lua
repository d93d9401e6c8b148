draft_facts {
  { "users", zh = "用户数", en = "users", from = "fields.users" },
  { "start", zh = "时间", en = "start", from = { "created" }, as = "timme" },
}
draft "answr" {
  zh = "报告", en = "report", to = { zh = "省局", en = "bureau" }, kinds = { "complaints" }, text = { zh = "{user}" },
}
draft "answer" { zh = "报告", en = "report", to = { zh = "省局", en = "bureau" }, kinds = { "complaint" }, action = "answr", text = { zh = "x", en = "x" } }
draft "handle" { zh = "报告", en = "report", to = { zh = "省局", en = "bureau" }, text = { zh = "x", en = "x" } }
drill "outage" { zh = "演练", en = "drill", csv = "drills/outage", bin = "90s" }
drill "nothing" { zh = "演练", en = "drill", csv = "drills/nothing", bin = "5m" }
drill "signals" { zh = "演练", en = "drill", csv = "drills/signals", bin = "5m" }
kind "alarm" {
  zh = "告警", en = "alarm", prefix = "A", first = "open",
  stage "open" { zh = "打开", en = "open", status = "acknowledged" },
  action "report" { zh = "报告", en = "report", from = { "open" }, data = { step = "text" }, stop = { "anser" }, log = { done = "step" } },
}
