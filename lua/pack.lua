-- The default pack: a provincial mobile operator. Build your own on it with: pack { base = "default", … }
pack {
  name = "default", version = "1",
  zh = "默认规则包", en = "default pack",
  zone = "Asia/Shanghai",
}

limits {
  history = "90d",      -- how far back the history of a number is shown to the rules
  request_keep = "7d",  -- how long a request_id answers with its first answer
  ahead = "5m",         -- a complaint may be of a time so far ahead, by clocks that go wrong; of a later one the time is dropped
  held = "10m",         -- an action that was to follow by itself and is refused is tried again after so long
  rule_failures = 5,    -- a rule whose condition raises or never ends rests after so many failures …
  rule_rest = "60s",    -- … for so long: the rules that follow decide, and the duty desk is told
}

-- Numbers are kept without the country code and with their area code (catalog.lua), however they were written.
numbers { country = "86" }
