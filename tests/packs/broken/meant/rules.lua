rules.before "outbox" {
  kinds = { "incident" },
  rule "batch" { when = { action = "tell" }, of = "everybody", batch = 0, task = task "sms" { text = "{citty} { city } {地市} {City} {\"a\":1}" } },
  rule "news" { when = { action = "tel" }, news = news "frontdesk.CITY" { text = "{titel}" } }, rule "once" { when = { action = "tell" }, of = "affected", once = 7, again = "0s", task = task "sms" { text = "x" } }, rule "again" { when = { action = "tell" }, of = "affected", again = "5m", task = task "sms" { text = "x" } },
}
rules.before "answer" {
  kinds = { "incident" },
  rule "answer" { when = { task = "sms" }, act = "ivr_onn" },
}
rules.before "warning" {
  rule "pink" { when = { warning = "changed", level = at_least("pink"), ["under.pink"] = at_least(3), watch = "alll" }, act = "acept" },
  rule "words" { when = { warning = "change" }, say = { zh = "{city}告警", en = "a warning of {city}" } },
}
rules.before "contact" { rule "other kinds" { when = { kind = "complaint", stage = "handled", contact = "urged" }, act = "nothing" } }
rules.before "follow" { kinds = { "complaint" }, rule "an event" { when = { event = "acted" }, act = "close" } }
warning_texts {
  line = { zh = "{看到}件", en = "{seeen} seen" },
  late = { zh = "补报{count}", en = "late" },
}
kind "pink" { prefix = "P", first = "open", zh = "粉", en = "pink",
  stage "open" { zh = "开", en = "open", status = "acknowledged" },
  action "raise" { from = { "open" }, zh = "升", en = "raise", raise = "pink", data = { reason = "text" } },
}
kind "given" { prefix = "G", first = "open", zh = "给", en = "given", roles = { "leadr" }, given = { "users" },
  stage "open" { zh = "开", en = "open", status = "acknowledged" },
}
