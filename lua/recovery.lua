-- Recovery: somebody says that it works (claimed), a probe and the complaints show it (proven); then lua/lifecycle/incident.lua tells the
-- customers and watches. Asked at each close of a warning whose case recovers (warning = "recovery").
rules.before "warning" {
  rule "recovery is proven" {
    when = { warning = "recovery", recovery = "claimed", ["case.probe_ok"] = true, ["under.red"] = at_least(3) },
    act = "prove",
    because = "the probe is good, and complaints were under the exit of red for three closes in a row",
  },
}
