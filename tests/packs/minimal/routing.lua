rules "routing" {
  otherwise { to = queue "frontdesk", because = "one rule is enough" },
}
