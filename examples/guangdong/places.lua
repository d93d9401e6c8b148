-- The 21 cities with their subscribers (example figures), their districts, and the posts of a provincial company.
cities { csv = "cities.csv" }
districts { csv = "districts.csv" }

-- rank: whose word weighs more; duty managers and leaders are called in this order (1 is the first called).
posts {
  { "hall_officer", zh = "营业厅值班经理", en = "hall duty officer", rank = 1 },
  { "maintenance_engineer", zh = "维护工程师", en = "maintenance engineer", rank = 1 },
  { "city_duty_manager", zh = "地市值班经理", en = "city duty manager", rank = 2 },
  { "duty_manager", zh = "省值班经理", en = "provincial duty manager", rank = 3 },
  { "spokesperson", zh = "新闻发言人", en = "spokesperson", rank = 3 },
  { "city_leader", zh = "地市分管领导", en = "city leader", rank = 4 },
  { "department_manager", zh = "省公司部门总经理", en = "department general manager", rank = 4 },
  { "vice_president", zh = "省公司分管副总", en = "vice president", rank = 5 },
  { "president", zh = "省公司总经理", en = "president", rank = 6 },
}
