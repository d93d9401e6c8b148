-- Further calls on a ticket: counted, never a second order.
rules.all "contact" {
  kinds = { "complaint" },
  rule "urged" {
    when = { contact = "urge" },
    raise = 1, notice = { "owner" },
    because = "the customer waits",
  },
  rule "urged again and again" {
    when = { contact = "urge", urges = at_least(3) },
    notice = { "team_head" }, grade = "important",
    because = "three calls for one order",
  },
  rule "withdrawn" {
    when = { contact = "withdraw" },
    act = "cancel", notice = { "owner" },
  },
  rule "the customer answered" {
    when = { contact = "add_info", status = "pending" },
    act = "resume", notice = { "owner" },
    because = "the customer's silence is over, the clock runs again",
  },
  rule "news" { when = { contact = "add_info", status = none_of("pending") }, notice = { "owner" } },
  rule "asked" { when = { contact = "ask", status = any_of("inProgress", "pending", "held") },
    say = { zh = "正在处理，请告知客户当前环节和时限", en = "being worked: tell the customer the stage and the limit" } },
  rule "asked after the answer" { when = { contact = "ask", stage = any_of("replied", "confirmed") },
    say = { zh = "已有回复，请向客户复述", en = "there is an answer: repeat it to the customer" } },
}
