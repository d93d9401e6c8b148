#!lua name=tocsin
-- Redis' side of the job: one hash a ticket and five sorted sets.
local function ticket_create(_, args)
  local channel, number, city, category, title, text = unpack(args)
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local kind = string.match(category, "^%a+")
  local queue = (kind == "network" or kind == "broadband") and "city_support." .. city or "second_line"
  local id, due = redis.call("INCR", "last"), now + 2 * 3600 * 1000
  local no = string.format("C20261124-%06d", id)
  redis.call("HSET", "t:" .. id, "no", no, "status", "acknowledged", "number", number, "city", city, "category", category,
    "queue", queue, "due", due, "owner", "zheng.li", "created", now, "channel", channel, "title", title, "text", text)
  redis.call("ZADD", "number", 0, number .. ":" .. id)
  redis.call("ZADD", "queue:" .. queue, due, id)
  redis.call("ZADD", "city:" .. city, id, id)
  redis.call("ZADD", "category:" .. category, id, id)
  redis.call("ZADD", "due", due, id)
  return { id, no, "acknowledged", "accepted", city, category, queue, due }
end

local function ticket_find(_, args)
  local found = {}
  for i, id in ipairs(redis.call("ZRANGE", "queue:" .. args[1], 0, args[2] - 1)) do
    found[i] = redis.call("HGETALL", "t:" .. id)
  end
  return found
end

redis.register_function("ticket_create", ticket_create)
redis.register_function { function_name = "ticket_find", callback = ticket_find, flags = { "no-writes" } }
