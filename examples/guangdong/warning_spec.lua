-- What the levels and watches of warning.lua do to counts, bin by bin: change a number there, and the spec that it changes says so.
-- Times are those at which a bin closes, as warnings say them.

-- ---- 充值未到账: the outage of a city, from yellow to black and back, one step down at a time
local outage = { 2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2,
  2, 1, 2 }
spec "recharges of a whole city fail" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2, bins = outage },
  expect = { levels = { "10:15 yellow", "10:20 orange", "10:35 red", "10:55 black", "12:00 red", "12:30 orange", "12:45 yellow", "13:00 none" } },
}
spec "what flaps is one warning" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2, bins = { 5, 6, 5, 4, 6, 5, 6, 4, 5, 7, 4, 5 }, times = 4 },
  expect = { levels = { "10:15 yellow" } },
}
spec "a city with a seventh of the traffic is warned at six" {
  series = { watch = "recharge not credited", city = "zhuhai", before = 0, bins = { 1, 2, 2, 1, 3, 2, 0, 0, 0, 0, 0, 0 } },
  expect = { levels = { "10:25 yellow", "10:50 none" } },
}
spec "what is yellow there is an ordinary quarter of an hour in Shenzhen" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2, bins = { 1, 2, 2, 1, 3, 2 } },
  expect = { levels = {} },
}
spec "numbers that failed are enough, nobody need complain" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2, bins = { 2, 2, 2, 2 }, affected = { 0, 9999, 10000, 500000 } },
  expect = { levels = { "10:15 red", "10:20 black" } },
}
spec "where nobody looks a warning neither rises nor falls" {
  series = { watch = "recharge not credited", city = "shenzhen", before = 2,
    bins = { 11, 20, false, false, false, false, false, false, false, false, 2, 2, 2, 2, 2, 2, 2 } },
  expect = { levels = { "10:10 orange", "11:05 yellow", "11:20 none" } },
}

-- ---- everything else: what is usual at that time of day is learned from four weeks, then a fault comes, ends and is forgotten
local quiet_nights = { ["00:00"] = 0.2, ["08:00"] = 2, ["22:00"] = 0.5 }
local fault = { 2, 1, 6, 18, 17, 40, 80, 300, 600, 400, 100, 20, 5, 2, 1, 2, 3, 2, 1, 2, 2, 3, 1, 2, 2, 2, 1, 3, 2, 2, 2, 1, 2, 3, 2, 2, 2, 1, 2, 2,
  1, 2, 2, 1, 2, 2, 2, 1, 2, 2 }
for watch, city in pairs { ["city and category"] = "foshan", category = false, city = "foshan", ["cluster payment"] = false } do
  spec("a fault as " .. watch .. " sees it") {
    series = { watch = watch, city = city or nil, before = quiet_nights, bins = fault },
    expect = { levels = { "10:20 yellow", "10:25 orange", "10:30 red", "10:45 black", "12:05 red", "12:35 orange", "12:50 yellow",
      "13:15 none" } },
  }
end
spec "at three in the night ten in a quarter of an hour are much" {
  at = "2026-09-22T03:00",
  series = { watch = "city and category", city = "foshan", before = quiet_nights,
    bins = { 0, 3, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
  expect = { levels = { "03:20 yellow", "04:30 none" } },
}
spec "where hardly anybody complains a warning ends with its complaints, too" {
  series = { watch = "city and category", city = "yunfu", before = 0.001, bins = { 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
  expect = { levels = { "10:10 yellow", "11:20 none" } },
}
spec "at ten in the morning they are not" {
  series = { watch = "city and category", city = "foshan", before = quiet_nights, bins = { 0, 3, 3, 4, 2, 2, 2 } }, expect = { levels = {} },
}
spec "on the second day nothing is learned yet, but an outage is seen" {
  series = { watch = "city and category", city = "foshan", before = 1, days = 1, bins = { 1, 2, 9, 40, 300, 500, 300, 40, 2, 1, 0, 1, 1, 0, 1, 0, 1,
    1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1 } },
  expect = { levels = { "10:20 orange", "10:25 red", "10:30 black", "11:45 red", "12:15 orange", "12:30 yellow" } },
}
spec "what climbs slowly is found by the climb" {
  series = { watch = "city and category", city = "foshan", before = 2, bins = { 3, 4, 4, 5, 4 }, times = 10 },
  expect = { levels = { "12:40 yellow" } },
}

-- ---- failed transactions (signals.lua), by the minute
spec "recharges fail in BOSS before anybody complains" {
  series = { watch = "failed recharge", city = "shenzhen", before = 1,
    bins = { 1, 5, 40, 90, 300, 700, 2000, 2500, 1200, 3, 1, 0, 1, 1, 2, 1, 0, 1, 1, 1, 1, 1, 1, 1 } },
  expect = { levels = { "10:04 yellow", "10:06 orange", "10:08 red", "10:15 orange", "10:18 yellow", "10:21 none" } },
}

spec "a little fails in every city" {
  series = { watch = "failed recharge in the province", before = 21,
    bins = { 21, 250, 900, 2000, 3000, 2500, 900, 30, 21, 20, 21, 22, 21, 21, 21, 20, 21, 21, 21, 21 } },
  expect = { levels = { "10:02 yellow", "10:03 orange", "10:05 red", "10:13 orange", "10:16 yellow", "10:19 none" } },
}

-- ---- one fault is one case: also what agents label differently, when it begins within the hour (clusters of warning.lua)
local ten = 1790042400000 -- 2026-09-22T10:00
local function billing_beside_recharge(minutes, incident)
  return { warning = { key = "shenzhen/billing.cdr", city = "shenzhen", category = "billing.cdr", from = "none", to = "orange", began = ten },
    cases = { { id = 7, kind = "incident", city = "shenzhen", category = "recharge.not_credited", began = ten - minutes * 60000 } },
    expect = { incident = incident } }
end
spec "billing and recharge, one after the other, are one fault" (billing_beside_recharge(60, 7))
spec "an hour later they are two" (billing_beside_recharge(61, false))

-- What is seen in the province belongs to the case of the same fault, rather than to an older one that only moves together with it.
spec "text messages in the province are the case of failing messages, not of slow data" {
  warning = { key = "*/sms.failure", category = "sms.failure", from = "none", to = "orange", began = ten },
  cases = { { id = 7, kind = "incident", city = "shantou", service = "sms", began = ten, created = ten },
    { id = 6, kind = "incident", city = "yunfu", category = "network.slow", began = ten, created = ten } },
  expect = { incident = 7 },
}
