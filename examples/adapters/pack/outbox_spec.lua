local slow = { channel = "app", category = "network.slow", city = "foshan", number = "13800138000", text = "上网慢" }
spec "the group of the city" {
  given = ticket(slow),
  expect = { by = "network trouble to the network group",
    tasks = { "group_message", group_message = { group = "network.foshan", text = "【{no}】foshan network.slow：上网慢" } } },
}
spec "money" { given = ticket { channel = "app", category = "billing.huge_bill", number = "13800138000", text = "x" },
  expect = { tasks = { "group_message", group_message = { group = "billing" } } } }
spec "nothing for a group" { given = ticket { channel = "app", category = "service.attitude", text = "x" }, expect = { tasks = {} } }
spec "the answer" {
  given = ticket { category = "network.slow", city = "foshan", stage = "handling" },
  action = "reply", roles = { "agent" }, data = { text = "mended" },
  expect = { tasks = { "group_message", group_message = { text = "【{no}】已回复客户：mended" } } },
}
