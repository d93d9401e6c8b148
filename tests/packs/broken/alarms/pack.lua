pack { base = "default" }
counting { contacts = { "same_fualt" }, duplicates = "yes", keep = "for ever", relearn = -1 }
alarm "yellow" { zh = "黄", en = "yellow", call = { { "duty of cares" }, { "zhou.gagn" } }, again = "30 min" }
warning_roles { ack = { "agnet" } }
rollup "payment" { zh = "缴费", en = "payment", categories = {}, cities = 1, within = "20m" }
alarm "purple" { zh = "紫", en = "purple", colour = "purple" }
rollup "other" { zh = "其他", en = "other", categories = { "nothing.here" }, cities = 3, within = "20m" }
alarm "orange" { zh = "橙", en = "orange", bulletin = "1d", bulletin_at = "8.30" }
alarm "red" { zh = "红", en = "red", bulletin_at = "08:30" }
bulletin_facts { { is = "not_delivered", zh = "未送达", en = "not delivered" } }
