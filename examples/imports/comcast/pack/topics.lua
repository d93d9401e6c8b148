-- On top of the default's categories.
categories {
  { "cable", zh = "有线业务", en = "cable" },
  { "cable.data_cap", zh = "流量上限", en = "data caps" },
  { "cable.speed", zh = "网速", en = "internet speed" },
  { "cable.billing", zh = "账单", en = "billing" },
  { "cable.outage", zh = "中断", en = "no service" },
  { "cable.service", zh = "客户服务", en = "customer service" },
}
