-- Which open case a warning is evidence of, also one that stood when the case was opened: it then opens none of its own. same: the case
-- is about this category, or one above or below it, or its service ("category"); its city, or a roll-up over it ("city"). together: also
-- of another category of the same cluster, when both began within so long. within: so long after the case was opened, or got its level.
rules "evidence" {
  rule "a dead feed is no evidence of a fault" { when = { key = starts_with "source:" }, attach = false },
  otherwise { same = { "category", "city" }, together = "1h", within = "24h" },
}

-- What follows when a warning's level changes (warning = "change"), waits for a signature ("ready"), is not answered ("again"), its incident
-- recovers ("recovery"), cities come to a roll-up ("joined"), it stood when a case was opened, and is its evidence ("standing"), or its
-- roll-up has another case than it has itself ("part"), or it stands and has none, or one that is over ("caseless", at each close).
-- open: an incident of its own; act: an action on it; call: more persons; say: a line for the bulletin.
rules.all "warning" {
  rule "a case from orange" {
    when = { warning = "change", level = at_least("orange"), incident = absent, part_of = absent }, open = "incident",
    because = "many complaints of one fault are one case: restore first, one answer for all",
  },
  rule "many cities are a case of the province" {
    when = { warning = "change", level = at_least("yellow"), joined = at_least(2), incident = absent }, open = "incident",
    because = "what is yellow in many cities at once is one fault of the province, however small it is in each",
  },
  rule "the case has its cities" {
    when = { warning = any_of("change", "joined", "standing"), joined = at_least(1), incident = present, incident_stage = none_of("closed") },
    act = "widen", data = { cities = "{in_cities}" },
    because = "what spreads to another city is the same case",
  },
  rule "a city's case is one with that of its roll-up" {
    when = { warning = "part", incident_stage = any_of("open", "restoring"), whole_stage = any_of("open", "restoring"), ["case.apart"] = absent,
      ["case.green"] = none_of("approved", "live", "handing_back", "handed_back") },
    act = "merge", data = { ticket = "{whole_case}" },
    because = "what many cities have is one fault: one case, one script, one answer; unmerge takes it out again",
  },
  rule "it stands without a case" {
    when = { warning = "caseless", level = at_least("orange"), part_of = absent }, say = { zh = "预警仍在，没有事件单", en = "it stands without a case" },
    because = "a case that was cancelled by mistake is noticed only when somebody says so",
  },
  rule "many cities stand without a case" {
    when = { warning = "caseless", level = "yellow", joined = at_least(2) },
    say = { zh = "多个地市预警仍在，没有事件单", en = "many cities stand without a case" },
  },
  rule "many cities after an hour without" {
    when = { warning = "caseless", level = "yellow", joined = at_least(2), caseless_for = at_least "1h" }, open = "incident",
    call = { "duty of care" },
  },
  rule "a case after an hour without" {
    when = { warning = "caseless", level = at_least("orange"), part_of = absent, is_ready = absent, caseless_for = at_least "1h" },
    open = "incident", call = { "duty of care", "duty of province_support" },
    because = "whoever cancelled the case may have been right about the first minutes; what stands for another hour is a fault",
  },
  rule "the case has its level" {
    when = { warning = any_of("change", "joined", "standing"), case_moved = true, incident = present, incident_stage = none_of("closed") },
    act = "level", data = { level = "{case_level}" },
    because = "a case is as bad as the worst of its warnings is now; fields.highest keeps what it was at its worst",
  },
}
