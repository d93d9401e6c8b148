-- One example a rule; a load that breaks one is refused.
spec "title: labour" {
  given = ticket { channel = "import", title = "企业拖欠工资", text = "请尽快处理" },
  expect = { category = "labour", by = "title: labour" },
}
spec "text: labour" {
  given = ticket { channel = "import", title = "请尽快处理", text = "企业拖欠工资" },
  expect = { category = "labour", by = "text: labour" },
}
spec "title: health" {
  given = ticket { channel = "import", title = "医院乱开药品", text = "请尽快处理" },
  expect = { category = "health", by = "title: health" },
}
spec "text: health" {
  given = ticket { channel = "import", title = "请尽快处理", text = "医院乱开药品" },
  expect = { category = "health", by = "text: health" },
}
spec "title: education" {
  given = ticket { channel = "import", title = "小学违规补课", text = "请尽快处理" },
  expect = { category = "education", by = "title: education" },
}
spec "text: education" {
  given = ticket { channel = "import", title = "请尽快处理", text = "小学违规补课" },
  expect = { category = "education", by = "text: education" },
}
spec "title: transport" {
  given = ticket { channel = "import", title = "出租车拒载", text = "请尽快处理" },
  expect = { category = "transport", by = "title: transport" },
}
spec "text: transport" {
  given = ticket { channel = "import", title = "请尽快处理", text = "出租车拒载" },
  expect = { category = "transport", by = "text: transport" },
}
spec "title: environment" {
  given = ticket { channel = "import", title = "夜间噪音扰民", text = "请尽快处理" },
  expect = { category = "environment", by = "title: environment" },
}
spec "text: environment" {
  given = ticket { channel = "import", title = "请尽快处理", text = "夜间噪音扰民" },
  expect = { category = "environment", by = "text: environment" },
}
spec "title: commerce" {
  given = ticket { channel = "import", title = "商家虚假宣传", text = "请尽快处理" },
  expect = { category = "commerce", by = "title: commerce" },
}
spec "text: commerce" {
  given = ticket { channel = "import", title = "请尽快处理", text = "商家虚假宣传" },
  expect = { category = "commerce", by = "text: commerce" },
}
spec "title: urban" {
  given = ticket { channel = "import", title = "小区停水三天", text = "请尽快处理" },
  expect = { category = "urban", by = "title: urban" },
}
spec "text: urban" {
  given = ticket { channel = "import", title = "请尽快处理", text = "小区停水三天" },
  expect = { category = "urban", by = "text: urban" },
}
spec "nothing fits" {
  given = ticket { channel = "import", title = "感谢信", text = "谢谢" },
  expect = { category = "other" },
}
