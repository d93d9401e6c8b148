-- Who works on incidents: three support lines as queues, the organisation's lines as departments. The log names 649 groups and 1,440
-- persons, these by first name only: both are kept on the ticket (fields.group, fields.person) and are nobody's account here, so one
-- dispatcher stands in every roster.
queues {
  { "first_support_line", zh = "一线", en = "first line", department = "org_line_c" },
  { "second_support_line", zh = "二线", en = "second line", department = "org_line_c" },
  { "third_support_line", zh = "三线", en = "third line", department = "org_line_c" },
}

person "dispatcher" { zh = "调度员", en = "dispatcher", roles = { "agent" }, department = "org_line_c" }
local roster = { shift { persons = { "dispatcher" } } }

department "org_line_a2" { zh = "A2条线", en = "Org line A2", above = "duty", roster = roster }
department "org_line_b" { zh = "B条线", en = "Org line B", above = "duty", roster = roster }
department "org_line_c" { zh = "C条线", en = "Org line C", above = "duty", roster = roster }
department "org_line_d" { zh = "D条线", en = "Org line D", above = "duty", roster = roster }
department "org_line_e" { zh = "E条线", en = "Org line E", above = "duty", roster = roster }
department "org_line_f" { zh = "F条线", en = "Org line F", above = "duty", roster = roster }
department "org_line_g1" { zh = "G1条线", en = "Org line G1", above = "duty", roster = roster }
department "org_line_g2" { zh = "G2条线", en = "Org line G2", above = "duty", roster = roster }
department "org_line_g3" { zh = "G3条线", en = "Org line G3", above = "duty", roster = roster }
department "org_line_g4" { zh = "G4条线", en = "Org line G4", above = "duty", roster = roster }
department "org_line_h" { zh = "H条线", en = "Org line H", above = "duty", roster = roster }
department "org_line_i" { zh = "I条线", en = "Org line I", above = "duty", roster = roster }
department "org_line_v" { zh = "V条线", en = "Org line V", above = "duty", roster = roster }
department "org_line_v1" { zh = "V1条线", en = "Org line V1", above = "duty", roster = roster }
department "org_line_v10" { zh = "V10条线", en = "Org line V10", above = "duty", roster = roster }
department "org_line_v11" { zh = "V11条线", en = "Org line V11", above = "duty", roster = roster }
department "org_line_v2" { zh = "V2条线", en = "Org line V2", above = "duty", roster = roster }
department "org_line_v3" { zh = "V3条线", en = "Org line V3", above = "duty", roster = roster }
department "org_line_v4" { zh = "V4条线", en = "Org line V4", above = "duty", roster = roster }
department "org_line_v5" { zh = "V5条线", en = "Org line V5", above = "duty", roster = roster }
department "org_line_v7" { zh = "V7条线", en = "Org line V7", above = "duty", roster = roster }
department "org_line_v7n" { zh = "V7n条线", en = "Org line V7n", above = "duty", roster = roster }
department "org_line_v8" { zh = "V8条线", en = "Org line V8", above = "duty", roster = roster }
department "org_line_v9" { zh = "V9条线", en = "Org line V9", above = "duty", roster = roster }
department "org_other" { zh = "其他", en = "Other", above = "duty", roster = roster }
