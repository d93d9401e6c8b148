-- Service requests to a city, each with the date by which it was due. Try it with examples/imports/baltimore.
pack { base = "default", name = "city", version = "1", zh = "市政热线", en = "city hotline" }
