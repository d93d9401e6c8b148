-- Guangdong: a province of 21 cities on the default pack. A file here replaces the default's of the same name, any other is added.
pack {
  base = "default", name = "guangdong", version = "1",
  zh = "广东省规则包（示例）", en = "Guangdong, an example of a province",
  zone = "Asia/Shanghai",
}
