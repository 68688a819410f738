"""One module per noun: its routes and the typed contexts of its templates."""
