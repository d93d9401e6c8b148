pack { base = "default", name = "csv_quote" }
