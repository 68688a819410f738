"""Changes seen again: undone, versions of texts, and the trash."""
