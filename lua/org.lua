-- Who is in charge: departments, persons, duty. An assignment falls along shift → deputy → head → the department above.
-- Hand-over: away "wu.qiang" { from = "2026-10-01", to = "2026-10-07", deputy = "lin.tao" }; the deputy stands in, also as owner and
-- head. Without deputy it is the one of persons.csv.
-- Shifts: from, to; on = "workday", "restday" or "every"; days = { 6, 7 }; dates = "2026-10-01..2026-10-03"; cities = { "foshan" }.
-- calendar = "office": whose hours notices wait for (escalation.lua), of a person (a column of persons.csv) or a department; else "office".
-- A roster with a hole is refused, unless outside says who is in charge then.
-- The persons (persons.csv) are examples: put yours in a persons.csv of your own pack, and your departments in an org.lua.
persons { csv = "persons.csv" }

department "duty" {
  zh = "值班室", en = "duty desk", head = "zhou.gang", team_head = "lu.min",
  reach = "ext. 8000, day and night",
  roster = { shift { persons = { "lu.min", "zhou.gang" } } },
}
department "care" {
  zh = "客户服务中心", en = "customer care", head = "huang.mei", above = "duty",
  roster = { shift { from = "08:00", to = "20:00", persons = { "chen.jing", "liu.fang" } },
             shift { from = "20:00", to = "08:00", persons = { "liu.fang", "chen.jing" } } },
}
department "second_line" {
  zh = "客服二线", en = "second line", head = "lin.tao", above = "duty",
  roster = { shift { from = "08:00", to = "20:00", persons = { "wu.qiang", "zheng.li" } },
             shift { from = "20:00", to = "08:00", persons = { "zheng.li" } } },
}
department "city_support" {
  zh = "地市业务支撑", en = "city business support", head = "xie.hua", above = "province_support",
  roster = { shift { persons = { "he.yong", "luo.bin" } },
             shift { cities = { "guangzhou", "shenzhen" }, persons = { "luo.bin" } } },
}
department "city_other" {
  zh = "地市其他部门", en = "other city departments", head = "tang.wei", above = "province_other",
  outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "17:30", persons = { "tang.wei" } } },
}
department "province_support" {
  zh = "省业务支撑中心", en = "provincial support centre", head = "peng.yan", above = "duty",
  roster = { shift { from = "08:30", to = "20:30", persons = { "deng.jun", "feng.lei" } },
             shift { from = "20:30", to = "08:30", persons = { "feng.lei" } } },
}
department "province_other" {
  zh = "省公司其他部门", en = "other provincial departments", head = "cai.ming", above = "duty",
  outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "17:30", persons = { "cai.ming" } } },
}
department "group_business" {
  zh = "集团客户部", en = "company customers", head = "su.ping", above = "duty",
  outside = "head",
  roster = { shift { from = "08:30", to = "18:00", persons = { "su.ping" } } },
}
department "expert" {
  zh = "专家组", en = "expert group", head = "ye.feng", above = "province_support",
  outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "18:00", persons = { "ye.feng" } } },
}
