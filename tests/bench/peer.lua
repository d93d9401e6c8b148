-- Tarantool's side of the job: one tuple a ticket with six indexes, durable before the answer. Run by run.sh in the data directory.
box.cfg {
  listen = "unix/:./tarantool.sock",
  wal_mode = "fsync",
  memtx_memory = 6 * 1024 ^ 3,
  wal_max_size = 4 * 1024 ^ 3,
  checkpoint_interval = 0, -- no snapshot in the middle of a round
  net_msg_max = 8192,
  readahead = 1024 * 1024,
  log_level = 3,
}

local tickets = box.schema.space.create("ticket", { if_not_exists = true })
-- id, no, status, number, city, category, queue, due, owner, created, channel, title, text
tickets:create_index("id", { parts = { 1, "unsigned" } })
tickets:create_index("number", { parts = { 4, "string", 1, "unsigned" } })
tickets:create_index("queue", { parts = { 7, "string", 8, "unsigned", 1, "unsigned" } })
tickets:create_index("city", { parts = { 5, "string", 1, "unsigned" } })
tickets:create_index("category", { parts = { 6, "string", 1, "unsigned" } })
tickets:create_index("due", { parts = { 8, "unsigned", 1, "unsigned" } })
box.schema.user.grant("guest", "execute,read,write", "universe", nil, { if_not_exists = true })

local clock = require("clock")
local last = 0
local near = { network = true, broadband = true }

function ticket_create(channel, number, city, category, title, text)
  local now = math.floor(clock.time() * 1000)
  local queue = near[category:match("^%a+")] and "city_support." .. city or "second_line"
  last = last + 1
  local id, due = last, now + 2 * 3600 * 1000
  local no = string.format("C20261124-%06d", id)
  tickets:insert { id, no, "acknowledged", number, city, category, queue, due, "zheng.li", now, channel, title, text }
  return { id, no, "acknowledged", "accepted", city, category, queue, due }
end

function ticket_get(id)
  return tickets:get(id)
end

function ticket_find(queue, limit)
  return tickets.index.queue:select({ queue }, { limit = limit })
end

-- Affected numbers: number.check's job is one look-up by number.
local numbers = box.schema.space.create("number", { if_not_exists = true })
numbers:create_index("number", { parts = { 1, "string" }, type = "hash" })

function numbers_put(from, n)
  box.begin()
  for i = 0, n - 1 do numbers:replace { string.format("%d", tonumber(from) + i), "affected", false, "E1023", 1 } end
  box.commit()
  return n
end

function number_check(number)
  local t = numbers:get(number)
  return t and { t[2], t[3], t[4], t[5] } or { "clear" }
end
