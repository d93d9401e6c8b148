-- What other systems report (signal.push). number: what the signal says of the number it carries: its transaction failed (affected),
-- is still waiting behind a fault (potential), went through (fixed). value: what `value` must be.
signals {
  late = "24h",           -- older signals are refused …
  ahead = "60s",          -- … and those from further in the future: a clock is wrong
  keep = "7d",            -- how long counts per minute are kept
  streams = 2000,         -- at most so many (service, component, city) of a kind in one minute
  numbers = 6000000,      -- at most so many numbers in all lists
  version_every = "20s",  -- a list that changed is published as a new version after so long
  number_keep = "90d",    -- how long the list of a closed case is kept
  { "metric", zh = "指标", en = "metric", value = "number" },
  { "txn_failed", zh = "交易失败", en = "failed transaction", number = "affected" },
  { "txn_pending", zh = "交易等待", en = "waiting transaction", number = "potential" },
  { "txn_ok", zh = "交易成功", en = "successful transaction", number = "fixed" },
  { "component_state", zh = "组件状态", en = "state of a component", value = "state" }, -- up, degraded or down
  { "ivr.deflected", zh = "语音播报后挂机", en = "caller hung up after the prompt", heard = "hung_up" },
  { "ivr.continued", zh = "语音播报后转人工", en = "caller went on to an agent", heard = "went_on" },
}

-- Which component is at fault. Sorted by the first evidence in which two components fall into different steps.
suspects {
  window = "60m",  -- failures of so long are looked at, beside as long before
  change = "24h",  -- a planned change is a suspect for so long after its beginning
  order = {
    { by = "planned_change" },
    { by = "state" },
    { by = "share", step = 20 },  -- percent of all failures it explains
    { by = "metric", step = 100 },  -- how far its worst metric went, in percent of what it was
    { by = "overlap_cities", step = 25 },  -- percent of the cities with failures in which it fails too
    { by = "lead", step = "2m" },  -- how long before the first complaint it failed
    { by = "distance" },
    { by = "failures", step = 10 },
  },
  metrics = {
    { "latency_ms", zh = "处理时延", en = "time to process", worse = "higher", times = 3, readings = 5 },
    { "queue", zh = "排队笔数", en = "waiting in its queue", worse = "higher", times = 3, readings = 5 },
    { "success_rate", zh = "成功率", en = "share that succeeds", worse = "lower", times = 2, readings = 5 },
  },
  minimum = { failed = 20, share = 30, times_usual = 2 },  -- with less the answer is "unknown"
  most = 5,
}
