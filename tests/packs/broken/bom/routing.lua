rules "routing" {
  otherwise { to = queue "second_line" },
}
