-- What there is: channels, categories, cities, queues, grades, roles. Every name that rules use must stand here.
-- rhythm: how often a channel that lives is heard by day; a longer silence shows in server.stats as late.
channels {
  { "hotline_10086", zh = "10086热线", en = "hotline 10086", rhythm = { every = "5m", from = "08:00", to = "22:00" } },
  { "hall", zh = "营业厅", en = "service hall", rhythm = { every = "30m", from = "09:30", to = "18:00" } },
  { "account_manager", zh = "客户经理", en = "account manager" },
  { "app", zh = "掌上营业厅", en = "mobile app", rhythm = { every = "15m", from = "08:00", to = "23:00" } },
  { "online_chat", zh = "在线客服", en = "online chat" },
  { "sms", zh = "短信", en = "text message" },
  { "ivr", zh = "语音自助", en = "voice menu" },
  { "wecom", zh = "企业微信群", en = "WeCom group" },
  { "qq_group", zh = "QQ群", en = "QQ group" },
  { "bsim", zh = "BSIM支撑消息", en = "BSIM support messages" },
  { "email", zh = "电子邮件", en = "e-mail" },
  { "webhook", zh = "系统接口", en = "web hook" },
  { "import", zh = "批量导入", en = "batch import" },
  { "complaint_10080", zh = "10080投诉升级热线", en = "complaint line 10080" },
  -- Complaints that went past us: their own clock, owner and rules.
  { "regulator_12300", zh = "12300电信申诉", en = "regulator 12300", bypass = true },
  { "miit_12381", zh = "12381工信部热线", en = "ministry line 12381", bypass = true },
  { "spam_12321", zh = "12321举报中心", en = "spam reports 12321", bypass = true },
  { "hotline_12345", zh = "12345政务热线", en = "city hotline 12345", bypass = true },
  { "consumer_12315", zh = "12315消费者投诉", en = "consumer line 12315", bypass = true },
  { "petition", zh = "信访", en = "petition office", bypass = true },
  { "group_company", zh = "集团公司转办", en = "group company", bypass = true },
  { "media", zh = "新闻媒体", en = "press", bypass = true },
  { "social_media", zh = "网络舆情", en = "social media", bypass = true },
  { "leader", zh = "领导交办", en = "leader", bypass = true },
}

forms {
  { "appeal", zh = "申诉", en = "appeal" },
  { "transfer", zh = "转办", en = "forwarded" },
  { "petition", zh = "信访", en = "petition" },
  { "report", zh = "举报", en = "report" },
}

-- The tree of categories is a table: code, names, valid dates, what replaced what, what must be known (for it and all below), and
-- in what time it must be complete (24h unless said).
categories { csv = "catalog.csv" }

-- area_code: fixed lines; also used to write numbers plainly
cities {
  { "guangzhou", zh = "广州", en = "Guangzhou", area_code = "020" },
  { "shenzhen", zh = "深圳", en = "Shenzhen", area_code = "0755" },
  { "zhuhai", zh = "珠海", en = "Zhuhai", area_code = "0756" },
  { "shantou", zh = "汕头", en = "Shantou", area_code = "0754" },
  { "foshan", zh = "佛山", en = "Foshan", area_code = "0757" },
  { "shaoguan", zh = "韶关", en = "Shaoguan", area_code = "0751" },
  { "heyuan", zh = "河源", en = "Heyuan", area_code = "0762" },
  { "meizhou", zh = "梅州", en = "Meizhou", area_code = "0753" },
  { "huizhou", zh = "惠州", en = "Huizhou", area_code = "0752" },
  { "shanwei", zh = "汕尾", en = "Shanwei", area_code = "0660" },
  { "dongguan", zh = "东莞", en = "Dongguan", area_code = "0769" },
  { "zhongshan", zh = "中山", en = "Zhongshan", area_code = "0760" },
  { "jiangmen", zh = "江门", en = "Jiangmen", area_code = "0750" },
  { "yangjiang", zh = "阳江", en = "Yangjiang", area_code = "0662" },
  { "zhanjiang", zh = "湛江", en = "Zhanjiang", area_code = "0759" },
  { "maoming", zh = "茂名", en = "Maoming", area_code = "0668" },
  { "zhaoqing", zh = "肇庆", en = "Zhaoqing", area_code = "0758" },
  { "qingyuan", zh = "清远", en = "Qingyuan", area_code = "0763" },
  { "chaozhou", zh = "潮州", en = "Chaozhou", area_code = "0768" },
  { "jieyang", zh = "揭阳", en = "Jieyang", area_code = "0663" },
  { "yunfu", zh = "云浮", en = "Yunfu", area_code = "0766" },
}

-- CITY stands for a city's name; ID for what the ticket carries in the field named by id.
queues {
  { "frontdesk", zh = "前台", en = "front desk", department = "care" },
  { "hall.ID", zh = "营业厅", en = "service hall", department = "care", id = "fields.hall" },
  { "account_manager.ID", zh = "客户经理", en = "account manager", department = "group_business", id = "fields.account_manager" },
  { "second_line", zh = "客服二线", en = "second line", department = "second_line" },
  { "city_support.CITY", zh = "地市业务支撑", en = "city business support", department = "city_support" },
  { "city_other.CITY", zh = "地市其他部门", en = "other city departments", department = "city_other" },
  { "province_support", zh = "省业务支撑中心", en = "provincial support centre", department = "province_support" },
  { "province_other", zh = "省公司其他部门", en = "other provincial departments", department = "province_other" },
  { "group_company", zh = "集团公司", en = "group company", department = "province_support" },
  { "sister_province", zh = "兄弟省公司", en = "sister province", department = "province_support" },
  { "vendor", zh = "厂商", en = "vendor", department = "province_support" },
  { "expert", zh = "专家组", en = "expert group", department = "expert" },
  { "duty", zh = "值班", en = "duty desk", department = "duty" },
}

grades {
  { "normal", zh = "一般", en = "normal", rank = 1 },
  { "important", zh = "重要", en = "important", rank = 2 },
  { "major", zh = "重大", en = "major", rank = 3 },
}

-- What actions ask for, where it is not called like the ticket's field of the same name.
inputs {
  { "answered", zh = "客户答复时间", en = "when the customer answered" },
  { "fields", zh = "分类要求的信息", en = "what the category asks for" },
  { "cause", zh = "原因", en = "cause" },
  { "note", zh = "备注", en = "note" },
  { "owner", zh = "处理人", en = "person in charge" },
  { "reason", zh = "理由", en = "reason" },
  { "refund", zh = "退费金额（分）", en = "refund, in fen" },
  { "resolution", zh = "解决办法", en = "resolution" },
  { "satisfied", zh = "客户是否满意", en = "the customer is satisfied" },
  { "score", zh = "得分", en = "score" },
  { "text", zh = "内容", en = "what is said" },
  { "ticket", zh = "另一工单", en = "the other ticket" },
  { "verdict", zh = "结论", en = "verdict" },
  { "workaround", zh = "临时办法", en = "workaround" },
  -- of incidents
  { "service", zh = "业务", en = "service" },
  { "until_time", zh = "截止时间", en = "until when" },
  { "began", zh = "开始时间", en = "when it began" },
  { "person", zh = "人员", en = "person" },
  { "ok", zh = "是否正常", en = "whether it works" },
  { "operation", zh = "恢复操作", en = "operation" },
  { "numbers", zh = "号码", en = "numbers" },
  { "zh", zh = "中文口径", en = "script in Chinese" },
  { "en", zh = "英文口径", en = "script in English" },
  { "prompt", zh = "语音提示编号", en = "voice prompt" },
  { "eta", zh = "预计恢复时间", en = "expected recovery" },
  { "component", zh = "部件", en = "component" },
  { "evidence", zh = "依据", en = "evidence" },
  { "keys", zh = "预警对象", en = "warnings" },
  { "maintainers", zh = "处理人员", en = "who works on it" },
}

posts {
  { "head", zh = "部门负责人", en = "department head" },
  { "team_head", zh = "班组长", en = "team head" },
  { "complaint_officer", zh = "投诉专员", en = "complaint officer" },
  { "support_engineer", zh = "支撑工程师", en = "support engineer" },
  { "duty_officer", zh = "值班员", en = "duty officer" },
}

roles {
  { "intake", zh = "受理接口", en = "intake" },
  { "agent", zh = "座席", en = "agent" },
  { "supervisor", zh = "班组长", en = "supervisor" },
  { "leader", zh = "领导", en = "leader" },
  { "analyst", zh = "规则分析师", en = "analyst" },
  { "operator", zh = "运维", en = "operator" },
  { "adapter", zh = "系统接口", en = "adapter" },
  { "auditor", zh = "审计", en = "auditor" },
  { "admin", zh = "管理员", en = "administrator" },
}

-- Levels of warnings, the lowest first. A company's own scale, not the state's (国家通信保障应急预案 has its own four).
warning_levels {
  { "yellow", zh = "黄色", en = "yellow" },
  { "orange", zh = "橙色", en = "orange" },
  { "red", zh = "红色", en = "red" },
  { "black", zh = "黑色", en = "black" },
}
