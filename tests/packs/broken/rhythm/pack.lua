pack { base = "default" }
channels {
  { "fax", zh = "传真", en = "fax", rhythm = "often" },
  { "telex", zh = "电传", en = "telex", rhythm = { every = "5m", from = "8:00" } },
}
