-- What the title says comes first: a text of twenty lines names many things. Narrow departments before wide ones.
rules "classify" {
  kinds = { "complaint" },
  rule "title: labour" { when = { title = has_word(list "labour") }, category = "labour" },
  rule "title: health" { when = { title = has_word(list "health") }, category = "health" },
  rule "title: education" { when = { title = has_word(list "education") }, category = "education" },
  rule "title: transport" { when = { title = has_word(list "transport") }, category = "transport" },
  rule "title: environment" { when = { title = has_word(list "environment") }, category = "environment" },
  rule "title: commerce" { when = { title = has_word(list "commerce") }, category = "commerce" },
  rule "title: urban" { when = { title = has_word(list "urban") }, category = "urban" },
  rule "text: labour" { when = { said = has_word(list "labour") }, category = "labour" },
  rule "text: health" { when = { said = has_word(list "health") }, category = "health" },
  rule "text: education" { when = { said = has_word(list "education") }, category = "education" },
  rule "text: transport" { when = { said = has_word(list "transport") }, category = "transport" },
  rule "text: environment" { when = { said = has_word(list "environment") }, category = "environment" },
  rule "text: commerce" { when = { said = has_word(list "commerce") }, category = "commerce" },
  rule "text: urban" { when = { said = has_word(list "urban") }, category = "urban" },
  otherwise { category = "other" },
}
