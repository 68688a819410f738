"""Snapshots of the database, and what is done about a damaged one."""
