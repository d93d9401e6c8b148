pack { name = "texts_alone" }
