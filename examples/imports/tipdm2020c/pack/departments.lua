-- The first level of the data's own taxonomy; it comes on top of the default's categories.
categories {
  { "labour", zh = "劳动和社会保障", en = "labour and social security" },
  { "health", zh = "卫生计生", en = "health and family planning" },
  { "education", zh = "教育文体", en = "education, culture, sport" },
  { "transport", zh = "交通运输", en = "transport" },
  { "environment", zh = "环境保护", en = "environment" },
  { "commerce", zh = "商贸旅游", en = "commerce and tourism" },
  { "urban", zh = "城乡建设", en = "building and town" },
}
