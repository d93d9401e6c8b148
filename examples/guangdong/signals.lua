-- What BOSS of Guangdong reports, and how a component at fault is found. The default's kinds stand here again: this file replaces its own.
signals {
  late = "24h", ahead = "60s", keep = "7d", streams = 4000, numbers = 6000000, version_every = "20s", number_keep = "90d",
  { "metric", zh = "指标", en = "metric", value = "number" },
  { "txn_failed", zh = "交易失败", en = "failed transaction", number = "affected" },
  { "txn_pending", zh = "交易等待", en = "waiting transaction", number = "potential" },
  { "txn_ok", zh = "交易成功", en = "successful transaction", number = "fixed" },
  { "component_state", zh = "组件状态", en = "state of a component", value = "state" },
  { "ivr.deflected", zh = "语音播报后挂机", en = "caller hung up after the prompt", heard = "hung_up" },
  { "ivr.continued", zh = "语音播报后转人工", en = "caller went on to an agent", heard = "went_on" },
}

-- A change comes first for a day (割接后24小时内首先怀疑), then what says itself that it is down, then who explains most of the failures.
suspects {
  window = "60m", change = "24h",
  order = {
    { by = "planned_change" },
    { by = "state" },
    { by = "share", step = 20 },
    { by = "metric", step = 100 },
    { by = "overlap_cities", step = 25 },
    { by = "lead", step = "2m" },
    { by = "distance" },
    { by = "failures", step = 10 },
  },
  metrics = {
    { "latency_ms", zh = "处理时延", en = "time to process", worse = "higher", times = 3, readings = 5 },
    { "queue", zh = "排队笔数", en = "waiting in its queue", worse = "higher", times = 3, readings = 5 },
    { "success_rate", zh = "成功率", en = "share that succeeds", worse = "lower", times = 2, readings = 5 },
  },
  minimum = { failed = 20, share = 30, times_usual = 2 },
  most = 5,
}

-- A case by signals alone (S18): failed transactions, though nobody has complained yet. What fails in a city, and what fails in the province
-- in all: BOSS does not always say in which city, and what hits every city a little is one fault, too.
local function failing(yellow, orange, red)
  return {
    { "yellow", enter = { F5 = at_least(yellow) }, leave = { F5 = less_than(yellow / 2) }, closes = 3, stay = 2 },
    { "orange", enter = { F5 = at_least(orange) }, leave = { F5 = less_than(orange / 2) }, closes = 3, stay = 3 },
    { "red", enter = { F5 = at_least(red) }, leave = { F5 = less_than(red / 2) }, closes = 3, stay = 6 },
  }
end
levels "failed transactions" (failing(100, 1000, 5000))
levels "failed in the province" (failing(300, 1000, 5000))
for _, service in ipairs { "recharge", "payment", "billing", "suspend_resume", "crm", "network", "sms" } do
  watch("failed " .. service) {
    of = "signals", kinds = { "txn_failed" }, service = service, by = { "city" }, bin = "1m", sums = { F5 = 5 }, expected = 1.0,
    levels = "failed transactions", early = "20s",
  }
  watch("failed " .. service .. " in the province") {
    of = "signals", kinds = { "txn_failed" }, service = service, bin = "1m", sums = { F5 = 5 }, expected = 21.0,
    levels = "failed in the province", early = "20s",
  }
end
