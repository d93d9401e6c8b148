rules "routing" {
  rule "never ends" {
    when = function(t)
      while true do end
    end,
    to = queue "duty",
  },
  otherwise { to = queue "second_line" },
}
spec "asked" { given = ticket { channel = "app", text = "x" }, expect = { queue = "second_line" } }
