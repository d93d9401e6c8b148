spec "recharge in Chinese" {
  given = ticket { channel = "hotline_10086", number = "13800138000", text = "昨天充了话费100元，充值未到账" },
  expect = { category = "recharge.not_credited", by = "classify/recharge not credited", queue = "second_line" },
}
spec "overcharge in English" {
  given = ticket { channel = "app", number = "13800138000", text = "I was Charged Twice this month" },
  expect = { category = "billing.overcharge" },
}
spec "the title counts too" {
  given = ticket { channel = "email", number = "13800138000", title = "宽带断网", text = "三天了" },
  expect = { category = "broadband.fault" },
}
spec "no service, not roaming, when abroad is not said" {
  given = ticket { channel = "hotline_10086", number = "13800138000", city = "foshan", text = "地下室没信号" },
  expect = { category = "network.no_service", queue = "city_support.foshan" },
}
spec "a part of an English word does not count" {
  given = ticket { channel = "app", number = "13800138000", text = "the explanation was fine, thank you" },
  expect = { category = "other", by = "classify/otherwise" },
}
spec "a category that was given stays" {
  given = ticket { channel = "app", number = "13800138000", category = "network.slow", text = "充值未到账" },
  expect = { category = "network.slow", not_by = "classify/recharge not credited" },
}
spec "the city of a fixed line, by its area code" {
  given = ticket { channel = "app", number = "075512345678", text = "宽带断网" },
  expect = { city = "shenzhen" },
}
spec "stopped for fraud before stopped" {
  given = ticket { channel = "app", number = "13800138000", text = "说我涉诈停机" },
  expect = { category = "account.fraud_stop", queue = "province_other" },
}
spec "text messages" {
  given = ticket { channel = "app", number = "13800138000", text = "一直收不到验证码" },
  expect = { category = "sms.failure" },
}
spec "sales calls" {
  given = ticket { channel = "app", number = "13800138000", text = "天天接到推销电话" },
  expect = { category = "marketing.outbound" },
}
-- One look at each remaining list.
local function said(text, category)
  spec(text) { given = ticket { channel = "app", number = "13800138000", text = text }, expect = { category = category } }
end
said("这个月话费暴涨", "billing.huge_bill")
said("莫名扣费，我没有订购", "vas.unordered")
said("提前解约要违约金", "tariff.contract_penalty")
said("the call records are wrong", "billing.cdr")
said("携号转网一直不成功", "account.number_port")
said("营业厅不给销户", "account.cancel")
said("人脸识别过不去", "account.realname")
said("交了钱还不复机", "account.suspend_resume")
said("我在境外打不了", "roaming.international")
said("公司专线中断", "group.leased_line")
said("物联网卡不能用", "iot.card")
said("预约安装没人来", "broadband.install")
said("每天都有垃圾短信", "spam.harassment")
said("5G信号一格", "network.5g")
said("晚上网速慢", "network.slow")
said("想降套餐", "tariff.dispute")
said("客服不耐烦", "service.attitude")
said("Internet Speed", "network.slow")
said("unreasonable data caps with overage fees", "tariff.dispute")
said("they keep billing me", "billing.overcharge")
said("宽带故障三天，要求退费", "broadband.fault")
said("小区手机信号极差", "network.no_service")
said("horrible internet", "broadband.fault")
said("customer service hung up on me", "service.attitude")
said("要求解除合约", "tariff.contract_penalty")
