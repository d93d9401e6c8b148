-- Who is in charge: departments, persons, duty. An assignment falls along shift → deputy → head → the department above.
-- The persons here are examples; put yours in a file org.lua of your own pack, which then replaces this one.
person "chen.jing" { zh = "陈静", en = "Chen Jing", roles = { "agent" }, department = "care", deputy = "liu.fang" }
person "liu.fang" { zh = "刘芳", en = "Liu Fang", roles = { "agent" }, department = "care" }
person "huang.mei" { zh = "黄梅", en = "Huang Mei", roles = { "supervisor" }, department = "care" }
person "wu.qiang" { zh = "吴强", en = "Wu Qiang", roles = { "agent" }, department = "second_line", deputy = "zheng.li" }
person "zheng.li" { zh = "郑丽", en = "Zheng Li", roles = { "agent" }, department = "second_line" }
person "lin.tao" { zh = "林涛", en = "Lin Tao", roles = { "supervisor" }, department = "second_line" }
person "he.yong" { zh = "何勇", en = "He Yong", roles = { "agent" }, department = "city_support" }
person "luo.bin" { zh = "罗斌", en = "Luo Bin", roles = { "agent" }, department = "city_support" }
person "xie.hua" { zh = "谢华", en = "Xie Hua", roles = { "supervisor" }, department = "city_support" }
person "tang.wei" { zh = "唐伟", en = "Tang Wei", roles = { "supervisor" }, department = "city_other" }
person "deng.jun" { zh = "邓军", en = "Deng Jun", roles = { "agent" }, department = "province_support" }
person "feng.lei" { zh = "冯雷", en = "Feng Lei", roles = { "agent" }, department = "province_support" }
person "peng.yan" { zh = "彭燕", en = "Peng Yan", roles = { "supervisor" }, department = "province_support" }
person "cai.ming" { zh = "蔡明", en = "Cai Ming", roles = { "supervisor" }, department = "province_other" }
person "su.ping" { zh = "苏平", en = "Su Ping", roles = { "agent", "supervisor" }, department = "group_business" }
person "ye.feng" { zh = "叶枫", en = "Ye Feng", roles = { "supervisor" }, department = "expert" }
person "zhou.gang" { zh = "周刚", en = "Zhou Gang", roles = { "leader" }, department = "duty" }
person "lu.min" { zh = "卢敏", en = "Lu Min", roles = { "supervisor" }, department = "duty" }

department "duty" {
  zh = "值班室", en = "duty desk", head = "zhou.gang", team_head = "lu.min",
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
  roster = { shift { persons = { "he.yong", "luo.bin" } } },
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
