pack { base = "default", name = "spec_fails" }
