cities { csv = "cities.csv" }
cities { { "heyuan", zh = "河源", en = "Heyuan", subscribers = 0 } }
districts { csv = "districts.csv" }
