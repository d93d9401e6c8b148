rules "routing" {


  rule "fibre outage" {
    when = { prodct = "fibre", categroy = "network.slow" },
    qeue = "duty",
    to = queue "duty",
  },
  otherwise { to = queue "second_line" },
}
