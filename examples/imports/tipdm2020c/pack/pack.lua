-- Messages of citizens to their city, 2017-2020: seven departments, found by keywords. Try it with examples/imports/tipdm2020c.
pack { base = "default", name = "citizens", version = "1", zh = "市民留言", en = "messages of citizens" }
