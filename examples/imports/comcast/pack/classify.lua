-- Narrow before wide: a bill for going over a data cap is about the cap.
rules "classify" {
  kinds = { "complaint" },
  rule "data cap" { when = { said = has_word(list "data_cap") }, category = "cable.data_cap" },
  rule "speed" { when = { said = has_word(list "speed") }, category = "cable.speed" },
  rule "billing" { when = { said = has_word(list "billing") }, category = "cable.billing" },
  rule "outage" { when = { said = has_word(list "outage") }, category = "cable.outage" },
  rule "service" { when = { said = has_word(list "service") }, category = "cable.service" },
  otherwise { category = "other" },
}
