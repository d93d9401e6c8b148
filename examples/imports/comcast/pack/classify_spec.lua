-- One example a rule; a load that breaks one is refused.
spec "data cap" {
  given = ticket { channel = "online_chat", text = "Comcast data cap and the bill for it" },
  expect = { category = "cable.data_cap", by = "data cap" },
}
spec "speed" {
  given = ticket { channel = "online_chat", text = "Slow internet, high bill" },
  expect = { category = "cable.speed", by = "speed" },
}
spec "billing" {
  given = ticket { channel = "online_chat", text = "Overcharged again" },
  expect = { category = "cable.billing", by = "billing" },
}
spec "outage" {
  given = ticket { channel = "online_chat", text = "Extended outages" },
  expect = { category = "cable.outage", by = "outage" },
}
spec "service" {
  given = ticket { channel = "online_chat", text = "Poor customer service" },
  expect = { category = "cable.service", by = "service" },
}
spec "nothing fits" {
  given = ticket { channel = "online_chat", text = "Monopoly" },
  expect = { category = "other" },
}
