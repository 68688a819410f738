"""Backups, encryption, and what the user must know about the store."""
