-- What follows when a warning's level changes (warning = "change"), waits for a signature ("ready"), is not answered ("again"), its incident
-- recovers ("recovery"), or cities come to a roll-up ("joined"). open: an incident of its own; act: an action on it; call: more persons;
-- say: a line for the bulletin.
rules.all "warning" {
  rule "a case from orange" {
    when = { warning = "change", level = at_least("orange"), incident = absent, part_of = absent }, open = "incident",
    because = "many complaints of one fault are one case: restore first, one answer for all",
  },
  rule "the case has its cities" {
    when = { warning = any_of("change", "joined"), joined = at_least(1), incident = present, incident_stage = none_of("closed") },
    act = "widen", data = { cities = "{in_cities}" },
    because = "what spreads to another city is the same case",
  },
  rule "the case has its level" {
    when = { warning = "change", level = at_least("yellow"), incident = present, incident_stage = none_of("closed") },
    act = "level", data = { level = "{level}" },
  },
}
