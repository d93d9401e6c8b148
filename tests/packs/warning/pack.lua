pack { base = "default", name = "warning" }
cities { { "shenzhen", zh = "深圳", en = "Shenzhen", area_code = "0755", subscribers = 10000000 } }
