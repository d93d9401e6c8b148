pack { name = "limits", base = "default" }
limits { rule_failures = "often", rule_rest = "soon" }
