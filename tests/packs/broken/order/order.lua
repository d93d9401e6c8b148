-- Rules that are never reached, by what an earlier one takes.
rules.before "routing" {
  rule "stars" { when = { star = at_least(3) }, to = queue "expert" },
  rule "two stars" { when = { star = between(3, 4) }, to = queue "expert" },
  rule "money" { when = { said = has_word("退费", "refund") }, to = queue "expert" },
  rule "one word" { when = { said = has_word("退费") }, to = queue "expert" },
  rule "not here" { when = { city = none_of("foshan", "zhuhai") }, to = queue "expert" },
  rule "there" { when = { city = "jieyang" }, to = queue "expert" },
  rule "anywhere" { when = { city = present }, to = queue "expert" },
  rule "here" { when = { city = "foshan", star = 1 }, to = queue "expert" },
  rule "late" { when = { time_of_day = between("22:00", "06:00") }, to = queue "expert" },
  rule "all" { to = queue "expert" },
}
