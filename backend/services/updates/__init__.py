"""Whether there is a newer Hearth, asked for when a person wants it."""
