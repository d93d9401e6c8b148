spec "everything goes to the front desk" {
  given = ticket { channel = "app", number = "13800138000", text = "没信号" },
  expect = { queue = "frontdesk", by = "otherwise", category = "network.no_service" },
}
