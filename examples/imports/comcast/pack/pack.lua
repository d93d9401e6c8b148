-- Complaints about a cable company, in English. Try it with examples/imports/comcast.
pack { base = "default", name = "cable", version = "1", zh = "有线运营商投诉", en = "complaints about a cable company" }
