pack { base = "default" }
local metrics = { "latency_ms", { "queue", zh = "队列", en = "queue", times = 1 } }
for i = 3, 18 do metrics[i] = { "m" .. i, zh = "指标", en = "metric" } end
suspects { order = { { by = "share", step = 20 } }, metrics = metrics }
