spec "orange opens a case" {
  warning = { key = "shenzhen/recharge.not_credited", city = "shenzhen", category = "recharge.not_credited", from = "yellow", to = "orange" },
  expect = { opens = { "incident" }, does = {}, calls = { "chen.jing", "deng.jun" }, by = "a case from orange" },
}
spec "yellow opens none" {
  warning = { key = "shenzhen/recharge.not_credited", from = "none", to = "yellow" }, expect = { opens = {}, calls = { "chen.jing" } },
}
spec "yellow in many cities is a case of the province" {
  warning = { key = "*/recharge.not_credited", from = "none", to = "yellow", in_cities = { "foshan", "zhuhai" }, joined = 2 },
  expect = { opens = { "incident" }, does = {}, calls = { "chen.jing" }, by = "many cities are a case of the province" },
}
spec "a case is told its level, up and down" {
  warning = { key = "shenzhen/recharge.not_credited", from = "red", to = "orange", incident = 7 },
  expect = { opens = {}, does = { "level" }, calls = {}, by = "the case has its level" },
}
spec "a city of a case of the province opens none of its own" {
  warning = { key = "foshan/recharge.not_credited", from = "yellow", to = "orange", parent = "*/recharge.not_credited" },
  expect = { opens = {}, calls = { "chen.jing", "deng.jun" } },
}
spec "cities that join are the same case's" {
  warning = { key = "*/recharge.not_credited", event = "joined", from = "orange", to = "orange", incident = 7, joined = 1,
    in_cities = { "foshan", "zhuhai" } },
  expect = { opens = {}, does = { "widen" }, calls = {}, by = "the case has its cities" },
}
local function part(stage, fields, whole_stage)
  return { key = "foshan/recharge.not_credited", event = "part", from = "orange", to = "orange", incident = 8, whole_case = 7, stage = stage,
    whole_stage = whole_stage or "open", case_moved = false, case_fields = fields or {} }
end
spec "a city's case is merged into that of its roll-up" {
  warning = part "open", expect = { does = { "merge" }, calls = {}, by = "a city's case is one with that of its roll-up" },
}
spec "not while it recovers" { warning = part "recovering", expect = { does = {} } }
spec "nor into one of which customers were told that it works" { warning = part("restoring", {}, "watched"), expect = { does = {} } }
spec "nor while the green channel has its service" { warning = part("restoring", { green = "live" }), expect = { does = {} } }
spec "nor when a person took it out" { warning = part("restoring", { apart = true }), expect = { does = {} } }
local function caseless(minutes, more)
  local w = { key = "foshan/recharge.not_credited", city = "foshan", category = "recharge.not_credited", event = "caseless", from = "red", to = "red",
    caseless_since = 1790042400000 - minutes * 60000, case_was = "cancelled", was_case = 6 }
  for k, x in pairs(more or {}) do w[k] = x end
  return w
end
spec "red without a case is said" { warning = caseless(5), expect = { opens = {}, calls = {}, by = "it stands without a case" } }
spec "after an hour it gets one" {
  warning = caseless(60), expect = { opens = { "incident" }, calls = { "chen.jing", "deng.jun" }, by = "a case after an hour without" },
}
spec "yellow without a case is as it should be, but not in many cities" {
  warning = caseless(70, { from = "yellow", to = "yellow" }), expect = { opens = {}, not_by = "it stands without a case" },
}
spec "many cities have one after an hour, too" {
  warning = caseless(70, { key = "*/recharge.not_credited", from = "yellow", to = "yellow", joined = 15 }),
  expect = { opens = { "incident" }, calls = { "chen.jing" }, by = { "many cities stand without a case", "many cities after an hour without" } },
}
spec "not when all it waits for is a signature" { warning = caseless(90, { is_ready = true }), expect = { opens = {} } }
spec "a city of a roll-up is its roll-up's to say" {
  warning = caseless(90, { parent = "*/recharge.not_credited" }), expect = { opens = {}, not_by = "it stands without a case" },
}
spec "nobody acts: the next rung is called" {
  warning = { key = "shenzhen/recharge.not_credited", event = "again", from = "yellow", to = "yellow", rung = 2 },
  expect = { calls = { "huang.mei" } },
}
spec "in disaster mode yellow calls nobody" {
  warning = { key = "shenzhen/recharge.not_credited", from = "none", to = "yellow", disaster = true }, expect = { calls = {} },
}
local function recovering(red, probe)
  return { key = "shenzhen/recharge.not_credited", event = "recovery", from = "black", to = "black", incident = 7, recovery = "claimed",
    under = { red = red }, case_fields = { probe_ok = probe } }
end
spec "recovery is proven by the probe and three closes under the exit of red" {
  warning = recovering(3, true), expect = { does = { "prove" }, by = "recovery is proven" },
}
spec "two closes prove nothing" { warning = recovering(2, true), expect = { does = {} } }
spec "no proof against the probe" { warning = recovering(5, false), expect = { does = {} } }

-- ---- evidence: one fault, one case
local function evidence_of(warning, incident, of)
  warning.from, warning.to = warning.from or "none", warning.to or "yellow"
  return { warning = warning, cases = of or { { id = 7, kind = "incident", city = "shenzhen", category = "recharge.not_credited" } },
    expect = { incident = incident } }
end
spec "what complains of the same in the same city is the same case" (
  evidence_of({ key = "shenzhen/recharge", city = "shenzhen", category = "recharge" }, 7))
spec "so is a roll-up over the city" (evidence_of({ key = "*/recharge.not_credited", category = "recharge.not_credited" }, 7))
spec "so is a roll-up that counts the city" (evidence_of({ key = "*/recharge", category = "recharge", in_cities = { "foshan", "shenzhen" } }, 7))
spec "a roll-up of other cities is not" (evidence_of({ key = "*/recharge", category = "recharge", in_cities = { "foshan" } }, false))
spec "another city is another case" (
  evidence_of({ key = "foshan/recharge.not_credited", city = "foshan", category = "recharge.not_credited" }, false))
spec "another category is another case" (evidence_of({ key = "shenzhen/broadband.fault", city = "shenzhen", category = "broadband.fault" }, false))
spec "all of the city is evidence of its case" (evidence_of({ key = "shenzhen/*", city = "shenzhen" }, 7))
spec "a dead feed is no evidence" {
  warning = { key = "source:app", from = "none", to = "yellow" }, cases = { { id = 7, kind = "incident", city = "shenzhen" } },
  expect = { incident = false, by = "a dead feed is no evidence of a fault" },
}
local function of_case(case)
  case.id, case.kind = 7, "incident"
  return { case }
end
local foshan = { key = "foshan/recharge.not_credited", city = "foshan", category = "recharge.not_credited" }
local function with(fields)
  local w = {}
  for k, v in pairs(foshan) do w[k] = v end
  for k, v in pairs(fields) do w[k] = v end
  return w
end
spec "nothing is evidence of a case that says nothing" (evidence_of(with {}, false, of_case { key = "*/*" }))
spec "also not all of a city" (evidence_of({ key = "foshan/*", city = "foshan" }, false, of_case { key = "*/*" }))
spec "a key of its own is" (
  evidence_of({ key = "signal:*/alarm" }, 7, of_case { key = "signal:*/alarm", keys = { "signal:*/alarm" } }))
spec "no fault is evidence of a dead feed" (evidence_of(with {}, false, of_case { key = "source:app", keys = { "source:app" } }))
spec "a case of a category takes in that category everywhere" (
  evidence_of(with {}, 7, of_case { key = "*/recharge", category = "recharge" }))
spec "not one above it" (
  evidence_of({ key = "foshan/recharge", city = "foshan", category = "recharge" }, false,
    of_case { key = "*/recharge.not_credited", category = "recharge.not_credited" }))
spec "not all of a city" (
  evidence_of({ key = "foshan/*", city = "foshan" }, false, of_case { key = "*/recharge", category = "recharge" }))
spec "not what moves with it elsewhere" (evidence_of(with {}, false, of_case { key = "*/billing.cdr", category = "billing.cdr" }))
spec "one above it, when the category was warned of" (
  evidence_of({ key = "*/recharge", category = "recharge" }, 7,
    of_case { key = "*/recharge.not_credited", category = "recharge.not_credited", keys = { "*/recharge.not_credited" } }))
spec "the level of a case is that of its worst key" {
  warning = { key = "shenzhen/recharge", from = "red", to = "yellow", incident = 7, case_level = "orange" }, expect = { does = { "level" } },
}
spec "and nothing is done where it says so already" {
  warning = { key = "shenzhen/recharge", from = "orange", to = "yellow", incident = 7, case_level = "red", case_moved = false },
  expect = { does = {} },
}
