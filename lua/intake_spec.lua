spec "complete" {
  given = ticket { channel = "app", category = "service.attitude", number = "13800138000", text = "态度差", city = "foshan" },
  expect = { complete = true, missing = {}, grade = "normal", priority = 5, queue = "city_other.foshan", clocks = { completion = false } },
}
spec "nothing known but the number is still taken" {
  given = ticket { channel = "hotline_10086", number = "13800138000" },
  expect = { complete = false, missing = { "text" }, category = "other", queue = "frontdesk", clocks = { completion = "24 hours" },
    say = "information is missing, please ask" },
}
spec "an odd number is incomplete, not refused" {
  given = ticket { channel = "hotline_10086", category = "account.realname", number = "1380013", text = "实名" },
  expect = { complete = false, missing = { "number" }, queue = "frontdesk" },
}
spec "letters are no number" {
  given = ticket { channel = "hotline_10086", category = "account.realname", number = "n/a", text = "实名" },
  expect = { complete = false, missing = { "number" } },
}
spec "a recharge needs amount and time" {
  given = ticket { channel = "app", category = "recharge.not_credited", number = "13800138000", text = "未到账", fields = { amount = 10000 } },
  expect = { missing = { "fields.paid_at" }, by = "evidence of a recharge" },
}
spec "a charge needs amount and month" {
  given = ticket { channel = "app", category = "billing.cdr", number = "13800138000", text = "话单" },
  expect = { missing = { "fields.amount", "fields.month" }, by = "needs of billing.cdr" },
}
spec "a line needs its company" {
  given = ticket { channel = "account_manager", category = "group.leased_line", number = "13800138000", text = "中断" },
  expect = { missing = { "group" }, grade = "important", by = { "needs of group", "leased line" }, clocks = { completion = "4 hours" } },
}
spec "an appeal needs its form" {
  given = ticket { channel = "regulator_12300", category = "other", number = "13800138000", text = "x", source_ref = "A1" },
  expect = { missing = { "form" }, grade = "important", by = { "appeal", "form of a bypass complaint" } },
}
spec "the press is major" {
  given = ticket { channel = "media", category = "other", number = "13800138000", text = "x" },
  expect = { grade = "major", priority = 1, clocks = { dispatch = "0.25 hours", handle = "12 hours" } },
}
spec "a threat is major" {
  given = ticket { channel = "app", category = "other", number = "13800138000", text = "再不解决我就曝光" },
  expect = { grade = "major", queue = "expert", by = { "threat", "routing/major" } },
}
spec "very important customer" {
  given = ticket { channel = "app", category = "other", number = "13800138000", text = "x", vip = true },
  expect = { grade = "important", priority = 2, clocks = { handle = "24 hours" } },
}
spec "five stars" {
  given = ticket { channel = "app", category = "other", number = "13800138000", text = "x", star = 5 },
  expect = { grade = "important", by = "five stars" },
}
spec "third complaint" {
  given = ticket { channel = "app", category = "other", number = "13800138000", text = "x" },
  history = { tickets = { { category = "vas.unordered", age = "2d" }, { category = "billing.cdr", age = "9d" } } },
  expect = { grade = "important", by = "third complaint", duplicate_of = false },
}
spec "the same again within a day is a duplicate" {
  given = ticket { channel = "app", category = "network.slow", city = "foshan", number = "13800138000", text = "慢" },
  history = { tickets = { { id = 7, no = "C7", category = "network.slow", age = "23h", queue = "second_line" } } },
  expect = { duplicate_of = 7, status = "closed", stage = "closed", queue = "second_line", clocks = { answer = false, handle = false } },
}
spec "a day later it is not" {
  given = ticket { channel = "app", category = "network.slow", city = "foshan", number = "13800138000", text = "慢" },
  history = { tickets = { { id = 7, category = "network.slow", age = "25h" } } },
  expect = { duplicate_of = false, status = "acknowledged" },
}
spec "a closed one is no duplicate" {
  given = ticket { channel = "app", category = "network.slow", city = "foshan", number = "13800138000", text = "慢" },
  history = { tickets = { { id = 7, category = "network.slow", age = "1h", status = "closed" } } },
  expect = { duplicate_of = false },
}
spec "a bypass complaint is never swallowed" {
  given = ticket { channel = "regulator_12300", category = "network.slow", city = "foshan", number = "13800138000", text = "慢" },
  history = { tickets = { { id = 7, category = "network.slow", age = "1h" } } },
  expect = { duplicate_of = false, by = "bypass complaints are never duplicates" },
}
spec "repeated caller" {
  given = ticket { channel = "hotline_10086", category = "other", number = "13800138000", text = "x" },
  history = { tickets = {}, n_contacts = 3 },
  expect = { by = "repeated caller" },
}
spec "older customer with a huge bill" {
  given = ticket { channel = "hall", category = "billing.huge_bill", number = "13800138000", text = "x", age65 = true },
  expect = { by = { "older customer", "advice/huge bill" } },
}
spec "a fault" {
  given = ticket { channel = "hall", category = "broadband.fault", number = "13800138000", text = "x" },
  expect = { by = "advice/fault", missing = { "city" }, queue = "frontdesk" },
}
spec "a resold number" {
  given = ticket { channel = "hotline_10086", category = "account.realname", number = "17012345678", text = "x" },
  expect = { by = "resold number", complete = true },
}
spec "a number of our own" {
  given = ticket { channel = "hotline_10086", category = "account.realname", number = "13800138000", text = "x" },
  expect = { not_by = "resold number" },
}
spec "CRM says it was ported out, and where it is used" {
  given = ticket { channel = "hotline_10086", category = "account.realname", number = "13413700000", text = "x" },
  subscriber = { carrier = "unicom", city = "zhuhai", star = 5 },
  expect = { by = { "ported number", "five stars" }, city = "zhuhai", customer = { star = 5 } },
}
spec "the city of a mobile number, by its segment" {
  given = ticket { channel = "hotline_10086", category = "account.realname", number = "13413700000", text = "x" },
  expect = { city = "chaozhou", not_by = "ported number" },
}
spec "an outdated code is taken under the new one" {
  given = ticket { channel = "ivr", category = "recharge.delay", number = "13800138000", text = "x" },
  expect = { category = "recharge.not_credited", fields = { category_was = "recharge.delay" }, by = { "catalog/recharge.delay", "old category" } },
}
spec "while it was valid it stood for itself" {
  given = ticket { channel = "ivr", category = "recharge.delay", number = "13800138000", text = "x" }, at = "2025-12-31T23:59",
  expect = { category = "recharge.delay" },
}
spec "a code that was split cannot be mapped" {
  given = ticket { channel = "ivr", category = "network.signal", number = "13800138000", text = "x" },
  expect = { refuse = "category network.signal was split; use one of network.no_service, network.5g" },
}
spec "a code that ended" {
  given = ticket { channel = "ivr", category = "vas.ringtone", number = "13800138000", text = "x" },
  expect = { refuse = "分类 vas.ringtone 已于 2024-12-31 停用，没有替代分类" },
}
spec "what happened in time to come is kept without that time" {
  given = ticket { channel = "app", category = "service.attitude", number = "13800138000", text = "态度差", city = "foshan",
    occurred = 1900000000000 },
  expect = { fields = { occurred_said = 1900000000000 }, complete = true, by = "time to come",
    say = "the time it happened lies ahead and was not taken: ask when it was" },
}
spec "a clock that is some minutes fast is believed" {
  given = ticket { channel = "app", category = "service.attitude", number = "13800138000", text = "态度差", city = "foshan",
    occurred = 1790042700000 },
  expect = { complete = true, not_by = "time to come" },
}
