-- news "frontdesk.CITY" { … }: what a topic is told. CITY stands for each city of the case (fields.cities, else the ticket's city, else all:
-- what is said nowhere may be anywhere); texts may name fields in braces, as in tasks.
local host = ...
local tasks = host.lib "tasks"
local errors = host.lib "errors"
local catalog = host.lib "catalog"
local news = { env = {} }
local News = {}
local families = { frontdesk = true, ivr = true, incident = true, bulletin = true, duty = true }

function news.env.news(topic)
  return function(data) return setmetatable({ topic = topic, data = data }, News) end
end

-- What a rule says, checked and made ready; nil when it was reported.
function news.compile(x, at)
  if getmetatable(x) ~= News then
    at('news must be news "frontdesk.CITY" { … }', 'news 应写成 news "frontdesk.CITY" { … }', {})
    return nil
  end
  local family = tostring(x.topic):match("^(%a+)$") or tostring(x.topic):match("^(%a+)%.[%w_]+$")
  if not families[family] then
    at('news: "%s" is not a topic; there are frontdesk.CITY, ivr, incident, bulletin and duty',
      "news：“%s”不是主题；可用 frontdesk.CITY、ivr、incident、bulletin、duty", { tostring(x.topic) }, x.topic, families)
    return nil
  end
  if type(x.data) ~= "table" then
    at('news "%s" needs { … }, what is told', 'news "%s" 后面应是 { … }，即要告诉的内容', { x.topic })
    return nil
  end
  return { prefix = x.topic:match("^(.*%.)CITY$"), topic = x.topic, data = tasks.compile_data(x.data, at) }
end

local function cities_of(v)
  local list = v["fields.cities"]
  if type(list) == "table" and #list > 0 then return list end
  return v.city and { v.city } or errors.names(catalog.data.cities)
end

-- As notices of the decision.
function news.put(n, v, d)
  local data = tasks.fill_data(n.data, v)
  d.notices = d.notices or {}
  if not n.prefix then
    d.notices[#d.notices + 1] = { topic = n.topic, data = data }
    return
  end
  for _, city in ipairs(cities_of(v)) do d.notices[#d.notices + 1] = { topic = n.prefix .. city, data = data } end
end

return news
