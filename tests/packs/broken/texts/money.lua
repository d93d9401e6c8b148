grants "gift" { zh = "赠", en = "gift", above = "shout", { ticket = 100 }, { role = "sphinx" }, { person = "nobody", day = "much" } }
person "rich" { zh = "富", en = "rich", authority = "lots", lang = "chinese" }
kind "present" { zh = "礼", en = "present", first = "open",
  stage "open" { zh = "开", en = "open", status = "acknowledged" },
  action "give" { zh = "给", en = "give", from = { "open" }, data = { text = "text" }, spends = { gift = "text", gold = "text" }, releases = { "silver" } },
}
rules.before "follow" { rule "gives back" { when = { action = "give" }, release = "silver" } }
