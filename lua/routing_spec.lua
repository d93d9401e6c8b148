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
