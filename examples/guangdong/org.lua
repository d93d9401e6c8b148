-- Who is in charge in Guangdong: the province's departments, the cities, the front line, the duty managers and the leaders on duty.
-- The form is the default pack's (lua/org.lua tells it). The persons (persons.csv) are examples, and so is who stands where.
persons { csv = "persons.csv" }

-- ---- the province: duty, leaders -------------------------------------------------------------------------
department "duty" {
  zh = "省值班室", en = "provincial duty desk", head = "zhou.gang", team_head = "lu.min", above = "leaders",
  reach = "ext. 8000, day and night",
  roster = { shift { from = "08:00", to = "20:00", persons = { "lu.min", "chen.wei", "lin.bin", "huang.jing" } },
             shift { from = "20:00", to = "08:00", persons = { "li.juan", "liang.hao" } } },
}
-- The leader on duty (带班领导) changes each week.
department "leaders" {
  zh = "带班领导", en = "leader on duty", head = "wu.chao",
  roster = { shift { turn = "week", persons = { "zhang.ling", "liu.feng", "he.lin", "zheng.jie" } } },
}

-- ---- the front line ---------------------------------------------------------------------------------------
department "care" {
  zh = "10086客户服务中心", en = "10086 customer care", head = "huang.mei", above = "duty",
  roster = { shift { from = "08:00", to = "20:00", persons = { "chen.jing", "liu.fang" } },
             shift { from = "20:00", to = "08:00", persons = { "liu.fang", "chen.jing" } } },
}
department "halls" {
  zh = "营业厅", en = "service halls", head = "wen.bo", above = "care", outside = "above",
  roster = { shift { from = "09:00", to = "18:30", persons = { "fan.xia", "chen.min", "lin.peng" } } },
}
department "group_business" {
  zh = "集团客户部（客户经理）", en = "company customers, account managers", head = "su.ping", above = "duty", outside = "head",
  roster = { shift { from = "08:30", to = "18:00", persons = { "su.ping" } } },
}
department "second_line" {
  zh = "客服二线", en = "second line", head = "lin.tao", above = "duty",
  roster = { shift { from = "08:00", to = "20:00", persons = { "wu.qiang", "zheng.li" } },
             shift { from = "20:00", to = "08:00", persons = { "zheng.li" } } },
}

-- ---- the cities -------------------------------------------------------------------------------------------
department "city_leaders" {
  zh = "地市分管领导", en = "city leaders", head = "zhou.gang", above = "leaders", outside = "head",
  roster = { shift { cities = { "guangzhou" }, persons = { "huang.kai" } },
             shift { cities = { "shenzhen" }, persons = { "he.ming" } },
             shift { cities = { "zhuhai" }, persons = { "deng.yu" } },
             shift { cities = { "shantou" }, persons = { "pan.juan" } },
             shift { cities = { "foshan" }, persons = { "liao.jie" } },
             shift { cities = { "shaoguan" }, persons = { "huang.bo" } },
             shift { cities = { "heyuan" }, persons = { "he.hao" } },
             shift { cities = { "meizhou" }, persons = { "deng.jie" } },
             shift { cities = { "huizhou" }, persons = { "pan.liang" } },
             shift { cities = { "shanwei" }, persons = { "liao.tao" } },
             shift { cities = { "dongguan" }, persons = { "huang.wen" } },
             shift { cities = { "zhongshan" }, persons = { "he.ying" } },
             shift { cities = { "jiangmen" }, persons = { "deng.dan" } },
             shift { cities = { "yangjiang" }, persons = { "pan.xia" } },
             shift { cities = { "zhanjiang" }, persons = { "liao.chao" } },
             shift { cities = { "maoming" }, persons = { "huang.fang" } },
             shift { cities = { "zhaoqing" }, persons = { "he.wei" } },
             shift { cities = { "qingyuan" }, persons = { "deng.ling" } },
             shift { cities = { "chaozhou" }, persons = { "pan.hua" } },
             shift { cities = { "jieyang" }, persons = { "liao.hui" } },
             shift { cities = { "yunfu" }, persons = { "huang.feng" } }, },
}
department "city_duty" {
  zh = "地市值班经理", en = "city duty managers", head = "lu.min", above = "duty", outside = "head",
  roster = { shift { cities = { "guangzhou" }, persons = { "li.liang", "liang.ying" } },
             shift { cities = { "shenzhen" }, persons = { "zheng.tao", "yang.dan" } },
             shift { cities = { "zhuhai" }, persons = { "zeng.bo", "xu.xia" } },
             shift { cities = { "shantou" }, persons = { "ye.hao", "su.chao" } },
             shift { cities = { "foshan" }, persons = { "qiu.jie", "wen.wen" } },
             shift { cities = { "shaoguan" }, persons = { "li.xia", "liang.wei" } },
             shift { cities = { "heyuan" }, persons = { "zheng.chao", "yang.ling" } },
             shift { cities = { "meizhou" }, persons = { "zeng.wen", "xu.hua" } },
             shift { cities = { "huizhou" }, persons = { "ye.ying", "su.hui" } },
             shift { cities = { "shanwei" }, persons = { "qiu.dan", "wen.fang" } },
             shift { cities = { "dongguan" }, persons = { "li.hua", "liang.min" } },
             shift { cities = { "zhongshan" }, persons = { "zheng.hui", "yang.ting" } },
             shift { cities = { "jiangmen" }, persons = { "zeng.fang", "xu.yong" } },
             shift { cities = { "yangjiang" }, persons = { "ye.wei", "su.bin" } },
             shift { cities = { "zhanjiang" }, persons = { "qiu.ling", "wen.feng" } },
             shift { cities = { "maoming" }, persons = { "li.yong", "liang.jun" } },
             shift { cities = { "zhaoqing" }, persons = { "zheng.bin", "yang.jing" } },
             shift { cities = { "qingyuan" }, persons = { "zeng.feng", "xu.lin" } },
             shift { cities = { "chaozhou" }, persons = { "ye.min", "su.peng" } },
             shift { cities = { "jieyang" }, persons = { "qiu.ting", "wen.jian" } },
             shift { cities = { "yunfu" }, persons = { "li.lin", "liang.jie" } }, },
}
department "city_support" {
  zh = "地市业务支撑", en = "city business support", head = "xie.hua", above = "province_support",
  roster = { shift { persons = { "he.yong", "luo.bin" } },
             shift { cities = { "guangzhou" }, persons = { "wu.hui", "zhang.ting" } },
             shift { cities = { "shenzhen" }, persons = { "luo.fang", "guo.yong" } },
             shift { cities = { "zhuhai" }, persons = { "cai.wei", "peng.bin" } },
             shift { cities = { "shantou" }, persons = { "lu.ling", "yuan.feng" } },
             shift { cities = { "foshan" }, persons = { "fan.hua", "chen.jun" } },
             shift { cities = { "shaoguan" }, persons = { "wu.bin", "zhang.jing" } },
             shift { cities = { "heyuan" }, persons = { "luo.feng", "guo.lin" } },
             shift { cities = { "meizhou" }, persons = { "cai.min", "peng.peng" } },
             shift { cities = { "huizhou" }, persons = { "lu.ting", "yuan.jian" } },
             shift { cities = { "shanwei" }, persons = { "fan.yong", "chen.jie" } },
             shift { cities = { "dongguan" }, persons = { "wu.peng", "zhang.kai" } },
             shift { cities = { "zhongshan" }, persons = { "luo.jian", "guo.ming" } },
             shift { cities = { "jiangmen" }, persons = { "cai.jun", "peng.yu" } },
             shift { cities = { "yangjiang" }, persons = { "lu.jing", "yuan.juan" } },
             shift { cities = { "zhanjiang" }, persons = { "fan.lin", "chen.tao" } },
             shift { cities = { "maoming" }, persons = { "wu.yu", "zhang.bo" } },
             shift { cities = { "zhaoqing" }, persons = { "luo.juan", "guo.hao" } },
             shift { cities = { "qingyuan" }, persons = { "cai.jie", "peng.jie" } },
             shift { cities = { "chaozhou" }, persons = { "lu.kai", "yuan.liang" } },
             shift { cities = { "jieyang" }, persons = { "fan.ming", "chen.chao" } },
             shift { cities = { "yunfu" }, persons = { "wu.jie", "zhang.wen" } }, },
}
department "city_other" {
  zh = "地市其他部门", en = "other city departments", head = "tang.wei", above = "province_other", outside = "head",
  roster = { shift { cities = { "guangzhou" }, on = "workday", from = "08:30", to = "17:30", persons = { "liu.jian" } },
             shift { cities = { "shenzhen" }, on = "workday", from = "08:30", to = "17:30", persons = { "xie.jun" } },
             shift { cities = { "zhuhai" }, on = "workday", from = "08:30", to = "17:30", persons = { "feng.jing" } },
             shift { cities = { "shantou" }, on = "workday", from = "08:30", to = "17:30", persons = { "zhong.lin" } },
             shift { cities = { "foshan" }, on = "workday", from = "08:30", to = "17:30", persons = { "lin.yu" } },
             shift { cities = { "shaoguan" }, on = "workday", from = "08:30", to = "17:30", persons = { "liu.juan" } },
             shift { cities = { "heyuan" }, on = "workday", from = "08:30", to = "17:30", persons = { "xie.jie" } },
             shift { cities = { "meizhou" }, on = "workday", from = "08:30", to = "17:30", persons = { "feng.kai" } },
             shift { cities = { "huizhou" }, on = "workday", from = "08:30", to = "17:30", persons = { "zhong.ming" } },
             shift { cities = { "shanwei" }, on = "workday", from = "08:30", to = "17:30", persons = { "lin.jie" } },
             shift { cities = { "dongguan" }, on = "workday", from = "08:30", to = "17:30", persons = { "liu.liang" } },
             shift { cities = { "zhongshan" }, on = "workday", from = "08:30", to = "17:30", persons = { "xie.tao" } },
             shift { cities = { "jiangmen" }, on = "workday", from = "08:30", to = "17:30", persons = { "feng.bo" } },
             shift { cities = { "yangjiang" }, on = "workday", from = "08:30", to = "17:30", persons = { "zhong.hao" } },
             shift { cities = { "zhanjiang" }, on = "workday", from = "08:30", to = "17:30", persons = { "lin.dan" } },
             shift { cities = { "maoming" }, on = "workday", from = "08:30", to = "17:30", persons = { "liu.xia" } },
             shift { cities = { "zhaoqing" }, on = "workday", from = "08:30", to = "17:30", persons = { "xie.chao" } },
             shift { cities = { "qingyuan" }, on = "workday", from = "08:30", to = "17:30", persons = { "feng.wen" } },
             shift { cities = { "chaozhou" }, on = "workday", from = "08:30", to = "17:30", persons = { "zhong.ying" } },
             shift { cities = { "jieyang" }, on = "workday", from = "08:30", to = "17:30", persons = { "lin.ling" } },
             shift { cities = { "yunfu" }, on = "workday", from = "08:30", to = "17:30", persons = { "liu.hua" } }, },
}

-- ---- the province's departments ---------------------------------------------------------------------------
department "province_support" {
  zh = "省业务支撑中心", en = "provincial support centre", head = "peng.yan", above = "duty",
  roster = { shift { from = "08:30", to = "20:30", persons = { "deng.jun", "feng.lei" } },
             shift { from = "20:30", to = "08:30", persons = { "feng.lei" } } },
}
department "billing" {
  zh = "计费账务组（充值、话单）", en = "billing and recharge platform", head = "zeng.kai", above = "province_support",
  roster = { shift { persons = { "xu.liang", "cai.ying", "peng.hui", "feng.ting" } } },
}
department "network" {
  zh = "网络部", en = "network", head = "yang.jie", above = "duty",
  roster = { shift { persons = { "luo.wen", "guo.hua", "xie.min", "deng.peng" } } },
}
department "marketing" {
  zh = "市场部", en = "marketing", head = "pan.jian", above = "province_other", outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "17:30", persons = { "ye.ming", "su.tao" } } },
}
-- Answers the press and watches what is said in public (舆情).
department "public_relations" {
  zh = "新闻宣传与舆情", en = "press and public opinion", head = "lu.dan", above = "leaders",
  roster = { shift { persons = { "yuan.fang", "zhong.yong" } } },
}
department "supervision" {
  zh = "投诉督办组", en = "complaint supervision", head = "liao.jun", above = "leaders", outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "17:30", persons = { "qiu.yu" } } },
}
department "province_other" {
  zh = "省公司其他部门", en = "other provincial departments", head = "cai.ming", above = "duty", outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "17:30", persons = { "cai.ming" } } },
}
department "expert" {
  zh = "专家组", en = "expert group", head = "ye.feng", above = "province_support", outside = "head",
  roster = { shift { on = "workday", from = "08:30", to = "18:00", persons = { "ye.feng" } } },
}
