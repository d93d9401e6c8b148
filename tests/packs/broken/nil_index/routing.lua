rules "routing" {
  rule "looks inside nothing" {
    when = function(t)
      return t.fields.amount > 5
    end,
    to = queue "duty",
  },
  otherwise { to = queue "second_line" },
}
spec "asked" { given = ticket { channel = "app", text = "x", number = "13800138000" }, expect = { queue = "second_line" } }
