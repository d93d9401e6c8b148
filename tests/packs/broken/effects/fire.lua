kind "fire" {
  zh = "火情", en = "fire", first = "open", prefix = "F",
  stage "open" { zh = "已报", en = "open", status = "acknowledged" },
  action "call" { zh = "出警", en = "call", from = { "open" }, data = { who = "text" }, keep = "who", mark = { state = "called" },
    merging = "in" },
  action "tell" { zh = "通知", en = "tell", from = { "open" }, data = { text = "text" }, keep = { said = "txt" },
    children = { action = "answer", data = { text = "tex" } }, after = { cal = "2h", call = "soon" },
    at = { cal = "when" } },
}
tasks { { "siren", zh = "警报", en = "siren", quiet = "at night" } }
rules.all "outbox" {
  kinds = { "fire" },
  rule "no news" { when = { action = "call" }, news = "frontdesk" },
  rule "no such topic" { when = { action = "call" }, news = news "frontdesks.CITY" { event = "fire" } },
  rule "no data" { when = { action = "call" }, news = news "ivr" (7) },
  rule "no such task" { when = { action = "call" }, withdraw = "sirens" },
}
