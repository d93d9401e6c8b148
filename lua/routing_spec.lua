spec "a network complaint goes to the city's support" {
  given = ticket { channel = "hotline_10086", category = "network.no_service", city = "shenzhen", number = "13800138000", text = "没信号" },
  expect = { queue = "city_support.shenzhen", by = "network in a known city", department = "city_support" },
}
spec "an appeal to the regulator goes to the province" {
  given = ticket { channel = "regulator_12300", category = "billing.overcharge", city = "foshan", number = "13800138000", text = "多扣费" },
  expect = { queue = "province_support", by = "bypass", priority = 1 },
}
spec "anything else goes to the second line" {
  given = ticket { channel = "app", category = "account.realname", city = "foshan", number = "13800138000", text = "实名" },
  expect = { queue = "second_line", by = "routing/otherwise" },
}
spec "a company's line" {
  given = ticket { channel = "account_manager", category = "group.leased_line", number = "13800138000", text = "中断", group = "ACME" },
  expect = { queue = "province_support", department = "group_business", owner = "su.ping", by = "company customer" },
}
spec "a line of nobody" {
  given = ticket { channel = "hall", category = "group.leased_line", number = "13800138000", text = "中断" },
  expect = { queue = "second_line", by = "leased line without a customer" },
}
spec "IoT cards" {
  given = ticket { channel = "hall", category = "iot.card", number = "1440012345678", text = "停卡" },
  expect = { queue = "province_support", by = "routing/IoT card", complete = true },
}
spec "roaming" {
  given = ticket { channel = "app", category = "roaming.international", number = "13800138000", text = "x" },
  expect = { queue = "province_support", by = "roaming" },
}
spec "recharge is urgent" {
  given = ticket { channel = "ivr", category = "recharge.not_credited", number = "13800138000", text = "x" },
  expect = { queue = "second_line", by = "routing/recharge", priority = 2 },
}
spec "bills" {
  given = ticket { channel = "app", category = "tariff.dispute", number = "13800138000", text = "x" },
  expect = { queue = "second_line", by = "money" },
}
spec "a fault without a place waits at the front desk" {
  given = ticket { channel = "app", category = "network.slow", number = "13800138000", text = "x" },
  expect = { queue = "frontdesk", by = "routing/incomplete" },
}
spec "people on duty take turns" {
  given = ticket { channel = "app", category = "other", number = "13800138000", text = "x" }, at = "2026-09-23T10:00",
  expect = { queue = "second_line", owner = "zheng.li" },
}
spec "at night" {
  given = ticket { channel = "app", category = "other", number = "13800138000", text = "x" }, at = "2026-09-22T03:00",
  expect = { owner = "zheng.li" },
}
spec "outside its hours the head of a department gets it" {
  given = ticket { channel = "app", category = "service.attitude", city = "foshan", number = "13800138000", text = "x" },
  at = "2026-10-03T10:00", expect = { department = "city_other", owner = "tang.wei" },
}
