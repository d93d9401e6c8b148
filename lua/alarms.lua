-- What a warning does to people. Thresholds are in levels and watches; here: whom each level calls, its bulletins, who may act on it.

-- Further contacts that count like a complaint; whether duplicates count, and complaints merged into another. keep: how long counts stay.
-- back: what happened longer before it was told counts when it came in. relearn: so many that were told after the lesson of their day
-- (server.stats counts them) let all that is usual be learned anew.
counting { contacts = { "same_fault" }, duplicates = true, merged = true, keep = "400d", back = "24h", relearn = 1000 }

-- call: rungs, the first at once, the next whenever `again` has passed and nobody has acted; each person once per case and level.
-- ack: how long an acknowledgement holds. bulletin: its rhythm, on the clock (1h: 11:00, 12:00, …;
-- bulletin_at: from that time of the day on, else from midnight). to: who gets the bulletins.
alarm "yellow" {
  zh = "黄色预警", en = "yellow warning", call = { { "duty of care" }, { "head of care" } },
  again = "30m", ack = "2h", bulletin = "1d", bulletin_at = "08:30", to = { "wall", "frontdesk" },
}
alarm "orange" {
  zh = "橙色预警", en = "orange warning", call = { { "duty of care", "duty of province_support" }, { "head of care" }, { "head of province_support" } },
  again = "15m", ack = "1h", bulletin = "4h", to = { "wall", "frontdesk" },
}
alarm "red" {
  zh = "红色预警", en = "red warning", call = { { "duty of care", "head of care", "head of province_support" }, { "head of duty" } },
  again = "10m", ack = "30m", bulletin = "1h", to = { "wall", "frontdesk", "leaders" },
}
alarm "black" {
  zh = "黑色预警", en = "black warning", call = { { "duty of care", "head of care", "head of province_support", "head of duty" } },
  again = "5m", ack = "15m", bulletin = "30m", to = { "wall", "frontdesk", "leaders" },
}

-- What every bulletin says of its case, too.
bulletin_facts {
  { field = "ivr", is = "not_delivered", zh = "IVR未送达", en = "IVR not delivered" },
  { field = "ivr", is = "on", zh = "语音提示已播放", en = "IVR plays the prompt" },
}

warning_roles {
  ack = { "agent", "supervisor", "leader", "operator" }, sign_down = { "supervisor", "leader" },
  raise = { "supervisor", "leader" }, lower = { "leader" }, note = { "agent", "supervisor", "leader", "operator" },
  disaster = { "leader" },
}

-- By signed order (warning.act on the key "*"): warnings go on, but only these levels still call people, and all that stands is a bulletin
-- of its own, too.
disaster { longest = "72h", calls = { "red", "black" }, bulletin = "1h", to = { "wall", "leaders" } }

-- Names in braces: seen, expected, p, chance (p in words), window, key, kind (of a signal), affected (numbers that are hit), level, cities,
-- minutes, count, incident, person, until. What numbers and climbing say stands in front of the others.
warning_texts {
  line = { zh = "近{window}{seen}件，平时{expected}件，偶然的可能{chance}（p = {p}）",
    en = "{seen} seen, {expected} expected in {window}, by chance {chance} (p = {p})" },
  assumed = { zh = "近{window}{seen}件，平时{expected}件（尚在学习，按设定），偶然的可能{chance}（p = {p}）",
    en = "{seen} seen, {expected} expected in {window} (assumed, not learned yet), by chance {chance} (p = {p})" },
  unlearned = { zh = "近{window}{seen}件，平时多少尚在学习", en = "{seen} seen in {window}, how many are usual is not learned yet" },
  signals = { zh = "近{window}{kind}{seen}笔，平时{expected}笔，偶然的可能{chance}（p = {p}）",
    en = "{kind}: {seen} seen, {expected} expected in {window}, by chance {chance} (p = {p})" },
  numbers = { zh = "受影响号码{affected}个；", en = "{affected} numbers affected; " },
  climbing = { zh = "缓慢爬升；", en = "a slow climb; " },
  over = { zh = "{level}解除", en = "{level} is over" },
  uncounted = { zh = "人工发布，尚无计数", en = "raised by hand, nothing was counted yet" },
  rolled_up = { zh = "{cities}个地市{minutes}分钟内相继预警：共{seen}件，平时{expected}件，偶然的可能{chance}（p = {p}）",
    en = "{cities} cities warned within {minutes} minutes: {seen} seen, {expected} expected, by chance {chance} (p = {p})" },
  unwatched = { zh = "近{window}没有监视（停机）", en = "nothing was watched for {window}: the system was down" },
  silent = { zh = "{minutes}分钟没有任何数据，应不超过{expected}分钟一次：可能断线",
    en = "nothing for {minutes} minutes, expected every {expected}: the feed may be dead" },
  quiet = { zh = "安静：此时段本来就少", en = "quiet: nobody expects more at this hour" },
  late = { zh = "补报：停机期间的变化", en = "late: it changed while the system was down" },
  missed = { zh = "补报，跳过{count}期：{skipped}", en = "late, {count} skipped: {skipped}" },
  recovering = { zh = "恢复中", en = "recovering" },
  ready = { zh = "可以降级，待签字", en = "ready to lower, waits for a signature" },
  unanswered = { zh = "第{count}次催告：仍无人处理", en = "reminder {count}: nobody has acted yet" },
  disaster = { zh = "灾害模式至{until}：{person}签发", en = "disaster mode until {until}, signed by {person}" },
  disaster_over = { zh = "灾害模式结束", en = "disaster mode is over" },
  next_close = { zh = "下次评估 {at}", en = "evaluated next at {at}" },
  next_sign = { zh = "等待{person}签字降级", en = "waits for {person} to sign it down" },
  next_down = { zh = "再有{count}个时段低于退出线即降级", en = "goes down after {count} more quiet bins" },
}
