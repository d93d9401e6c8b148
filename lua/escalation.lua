-- Who is told when a limit comes near (75 %) or passes (100 %), and how often again. Rungs: owner (the handler), team_head,
-- department_head, leader, duty, queue. Notices wait for office hours; those of statutory clocks and with statutory = true do not.
rules.all "escalation" {
  rule "near" {
    when = { percent = less_than(100), clock = any_of("handle", "dispatch", "confirm") },
    notice = { "owner" },
  },
  rule "statutory near" {
    when = { percent = less_than(100), clock = any_of("answer", "repair") },
    notice = { "owner", "team_head" }, statutory = true,
    because = "the law's limit comes near",
  },
  rule "late" {
    when = { percent = at_least(100), clock = any_of("handle", "dispatch", "confirm"), grade = none_of("major") },
    notice = { "owner", "team_head" }, again = every "4h",
  },
  rule "late, major" {
    when = { percent = at_least(100), clock = any_of("handle", "dispatch"), grade = "major" },
    notice = { "team_head", "department_head", "leader" }, again = every "1h", statutory = true,
    because = "a major complaint does not wait for the morning",
  },
  rule "statutory late" {
    when = { percent = at_least(100), clock = any_of("answer", "repair") },
    notice = { "team_head", "department_head" }, again = every "1d", statutory = true, priority = 1,
    because = "the law's limit has passed",
  },
  rule "never completed" {
    when = { clock = "completion", percent = at_least(100) },
    notice = { "owner" }, say = { zh = "信息仍不完整，请联系客户", en = "still incomplete: call the customer" },
  },
}
