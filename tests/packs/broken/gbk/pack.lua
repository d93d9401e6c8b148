pack { base = "default", name = "gbk" }
