-- What Guangdong watches, and when a level is entered and left. Every number may be changed here; the words are explained in
-- lua/README.zh.md (早期预警). Bins are five minutes, S15 = the last 15 minutes, S60 = the last hour.

-- ---- kinds of days: complaints come otherwise on them. The first that fits counts; one that was seen seldom borrows from `like`.
day_class "new_year" { zh = "春节", en = "lunar new year", like = "restday",
  dates = "2025-01-28..2025-02-04 2026-02-15..2026-02-23 2027-02-05..2027-02-12" }
day_class "billing_day" { zh = "出账日", en = "billing day", month_days = { 1 }, like = "workday" }
day_class "stop_day" { zh = "欠费停机日", en = "day of suspensions", month_days = { 20 }, like = "workday" }
day_class "month_end" { zh = "月末", en = "end of the month", last_days = 2, like = "workday" }
day_class "campaign" { zh = "促销日", en = "campaign", dates = "2026-06-18 2026-11-11 2026-12-12 2027-06-18 2027-11-11", like = "workday" }
day_class "workday" { zh = "工作日", en = "working day", working = true }
day_class "restday" { zh = "休息日", en = "day of rest", working = false }

-- ---- 充值未到账. Usual in five minutes, by subscribers: Shenzhen 2, a city with a seventh of them 0.3. By chance, so that one rule fits all:
-- where 6 are usual in 15 minutes 16 are yellow and 30 orange; where 0.9 are usual 6 are yellow.
local recharges = {
  guangzhou = 2.1, shenzhen = 2.0, zhuhai = 0.28, shantou = 0.63, foshan = 1.1, shaoguan = 0.33, heyuan = 0.32,
  meizhou = 0.44, huizhou = 0.69, shanwei = 0.3, dongguan = 1.2, zhongshan = 0.5, jiangmen = 0.55, yangjiang = 0.3,
  zhanjiang = 0.8, maoming = 0.7, zhaoqing = 0.47, qingyuan = 0.45, chaozhou = 0.29, jieyang = 0.64, yunfu = 0.27, otherwise = 0.3,
}
levels "recharge" {
  { "yellow", enter = { S15 = tail(6e-4, { at_least = 6, distribution = "poisson" }) }, leave = { S15 = below_entry(0.5) }, closes = 3, stay = 2 },
  { "orange", enter = { S15 = tail(3e-12, { at_least = 12, distribution = "poisson" }) }, leave = { S15 = below_entry(0.5) },
    closes = 3, stay = 3 },
  { "red", enter = any_of_these({ S15 = at_least(150) }, { affected = at_least(10000) }), leave = { S15 = less_than(75) }, closes = 3, stay = 6 },
  { "black", enter = any_of_these({ S60 = at_least(800) }, { affected = at_least(500000) }),
    leave = { S60 = less_than(400), affected = less_than(250000) }, closes = 3, stay = 6 },
}
watch "recharge not credited" {
  zh = "充值未到账", en = "recharge not credited", categories = { "recharge.not_credited" }, by = { "city", "category" },
  bin = "5m", sums = { S15 = 3, S60 = 12 }, levels = "recharge", expected = recharges,
}

-- ---- everything else, against what is usual at this time of this kind of day. At most one false yellow a day in the whole province: each
-- table has its share, well below it, since there are three ways to enter yellow and what is usual is itself an estimate.
-- What climbed falls by no more than is usual, at night for hours and in a thin stream for months: so yellow is also left when neither a
-- quarter of an hour nor an hour is above the usual.
local function rows(streams, share, least)
  local quiet = budget { alarms = share, every = "1d", streams = streams }
  local unusual = tail(quiet, { at_least = least })
  return {
    { "yellow", enter = any_of_these({ S15 = unusual }, { S60 = unusual }, { climb = at_least(24) }),
      leave = any_of_these({ S15 = calm(0.01), S60 = calm(0.001), climb = less_than(4) }, { S15 = calm(0.5), S60 = calm(0.5) }),
      closes = 3, stay = 2 },
    { "orange", enter = any_of_these({ S15 = tail(1e-12, { at_least = 2 * least }) }, { affected = at_least(1000) }),
      leave = { S15 = calm(1e-4) }, closes = 3, stay = 3 },
    { "red", enter = any_of_these({ S15 = tail(1e-40, { at_least = 50 }) }, { affected = at_least(10000) }),
      leave = { S15 = calm(1e-10) }, closes = 3, stay = 6 },
    { "black", enter = any_of_these({ S60 = tail(1e-100, { at_least = 800 }) }, { affected = at_least(500000) }),
      leave = { S60 = calm(1e-30), affected = less_than(250000) }, closes = 3, stay = 6 },
  }
end
local function usual(until_learned)
  return baseline { slot = "30m", least_days = 14, memory_days = 28, own_profile_from = 100, least_expected = 0.001, until_learned = until_learned }
end
-- The first two weeks know nothing yet: until then twice as many of any category are taken for usual in a city as recharges are, so that an
-- outage on the first day is seen, too. Sums of several cities or categories wait until they are learned.
local at_first = {}
for city, n in pairs(recharges) do at_first[city] = 2 * n end
local sums = { S15 = 3, S60 = 12, climb = cusum { ratio = 2, cap = 48 } }

levels "city and category" (rows(4200, 0.05, 6))
levels "category" (rows(200, 0.02, 12))
levels "city" (rows(21, 0.01, 20))
levels "cluster" (rows(3, 0.01, 20))
-- Recharges have their own watch above.
watch "city and category" {
  zh = "地市各类投诉", en = "a category in a city", by = { "city", "category" }, bin = "5m", sums = sums, expected = usual(at_first),
  levels = "city and category",
  categories = { "billing", "tariff", "account", "network", "roaming", "broadband", "sms", "spam", "vas", "marketing", "group", "iot",
    "service", "other" },
}
watch "category" {
  zh = "全省同类投诉", en = "a category in the province", by = { "category" }, bin = "5m", sums = sums, expected = usual(), levels = "category",
}
watch "city" { zh = "地市全部投诉", en = "all of a city", by = { "city" }, bin = "5m", sums = sums, expected = usual(), levels = "city" }

-- Agents label one fault differently: what moves together is counted together.
cluster "payment" { zh = "支付类", en = "payment", categories = { "recharge", "billing" } }
cluster "access" { zh = "网络类", en = "network", categories = { "network", "broadband", "roaming", "sms" } }
cluster "account" { zh = "停开机类", en = "account", categories = { "account" } }
for _, name in ipairs { "payment", "access", "account" } do
  watch("cluster " .. name) { zh = "分类簇", en = "a cluster", cluster = name, by = { "cluster" }, bin = "5m", sums = sums, expected = usual(),
    levels = "cluster" }
end

-- The same in so many cities within so long is one case of the province, not one for each city.
local many = { payment = { "recharge", "billing" }, access = { "network", "broadband", "roaming", "sms" }, account = { "account" } }
for _, branch in ipairs { "tariff", "spam", "vas", "marketing", "group", "iot", "service", "other" } do many[branch] = { branch } end
for name, categories in pairs(many) do
  rollup(name) { zh = "多地市同时预警", en = "many cities at once", categories = categories, level = "yellow", cities = 15, within = "20m" }
end

-- A feed that always speaks and falls silent is a warning of its own: channels and components by their rhythm, keys of a watch by `silent`.
silence { level = "yellow" }
