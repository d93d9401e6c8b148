rules.before "routing"
spec "the city goes to the experts"
local where = "routing"
rules.before (where) {
  rule "x" { when = { city = "zhongshan" }, to = queue "expert" },
}
rules.before "grade"
