-- Who answers where, at which hour.
local function on_duty(department, city, at, person, by)
  spec(department .. " of " .. (city or "the province") .. " at " .. at) {
    duty = { department = department, city = city }, at = at, expect = { on_duty = person, by = by },
  }
end
on_duty("city_support", "shenzhen", "2026-09-22T10:00", "luo.fang", "shift")
on_duty("city_support", "shenzhen", "2026-09-23T10:00", "guo.yong", "shift")
on_duty("city_duty", "shenzhen", "2026-09-22T03:00", "zheng.tao", "shift")
on_duty("city_leaders", "shenzhen", "2026-09-22T10:00", "he.ming", "shift")
on_duty("city_other", "shenzhen", "2026-09-22T20:00", "tang.wei", "head")
on_duty("halls", nil, "2026-09-22T22:00", "liu.fang", "above")
on_duty("leaders", nil, "2026-09-22T10:00", "zhang.ling", "shift")

spec "a complaint from Futian is Shenzhen's" {
  given = ticket { channel = "hall", text = "没有信号", category = "network.no_service", fields = { district = "440304" } },
  expect = { city = "shenzhen", queue = "city_support.shenzhen", owner = "luo.fang" },
}
