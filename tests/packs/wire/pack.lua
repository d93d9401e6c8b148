-- What examples/clients/PROTOCOL.md talks to: small answers, and its own so that other packs may change freely.
pack { name = "wire", zone = "Asia/Shanghai" }
channels { { "app", zh = "掌上营业厅", en = "mobile app" } }
queues { { "duty", zh = "值班", en = "duty", department = "desk" } }
roles { { "agent", zh = "座席", en = "agent" } }
person "li.ming" { zh = "李明", en = "Li Ming", roles = { "agent" }, department = "desk" }
department "desk" { zh = "值班室", en = "desk", roster = { shift { persons = { "li.ming" } } } }
kind "complaint" {
  zh = "投诉", en = "complaint", prefix = "C", first = "open",
  stage "open" { zh = "受理", en = "open", status = "acknowledged" },
  stage "closed" { zh = "归档", en = "closed", status = "closed" },
  action "close" { zh = "归档", en = "close", from = { "open" }, to = "closed" },
  action "reopen" { zh = "重开", en = "reopen", from = { "closed" }, to = "open" },
}
rules "routing" { otherwise { to = "duty" } }
spec "it is taken" { given = ticket { channel = "app", text = "x" }, expect = { queue = "duty", owner = "li.ming" } }
