local function of(more)
  local t = ticket { channel = "app", category = "other", number = "13800138000", text = "x" }
  for k, x in pairs(more) do t[k] = x end
  return t
end
spec "the nation: 15 natural days" { given = of {}, expect = { clocks = { answer = "15 natural_days", handle = "48 hours", dispatch = "2 hours" } } }
spec "before Order 35: 15 working days" {
  given = of {}, at = "2016-07-29T10:00", expect = { clocks = { answer = "15 working_days" }, by = "answer, before 2016-07-30" },
}
spec "the day Order 35 came into force" { given = of {}, at = "2016-07-30T10:00", expect = { clocks = { answer = "15 natural_days" } } }
spec "Henan: 5 working days" { given = of { fields = { region = "henan" } }, expect = { clocks = { answer = "5 working_days" } } }
spec "Henan before its own law" {
  given = of { fields = { region = "henan" } }, at = "2020-06-03T10:00", expect = { clocks = { answer = "15 natural_days" } },
}
spec "Chongqing: 15 working days" { given = of { fields = { region = "chongqing" } }, expect = { clocks = { answer = "15 working_days" } } }
spec "a fault in town" { given = of { category = "network.no_service", city = "foshan" }, expect = { clocks = { repair = "48 hours" } } }
spec "a fault in the country" {
  given = of { category = "broadband.fault", city = "foshan", fields = { rural = true } }, expect = { clocks = { repair = "72 hours" } },
}
spec "no fault, no repair" { given = of {}, expect = { clocks = { repair = false, completion = false } } }
spec "after arrears: two days" { given = of { category = "account.suspend_resume" }, expect = { clocks = { restore = "48 hours" } } }
spec "who forwarded it waits" {
  given = of { channel = "regulator_12300", form = "transfer", source_ref = "A1" }, expect = { clocks = { feedback = "10 natural_days" } },
}
spec "so does the city" {
  given = of { channel = "hotline_12345", form = "transfer", source_ref = "A1" },
  expect = { clocks = { feedback = "13 working_days", dispatch = "2 hours" } },
}

spec "important ones are dispatched in an hour" {
  given = of { customer = { vip = true } }, expect = { clocks = { dispatch = "1 hours", handle = "24 hours" } },
}
