-- The default pack, and what the groups are told.
pack { base = "default", name = "groups" }
