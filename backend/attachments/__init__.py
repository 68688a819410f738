"""Attached files: how they are kept beside the database, and made of what is chosen."""
