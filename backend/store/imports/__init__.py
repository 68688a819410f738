"""Imported rows: what a later import does to them, and taking an import back."""
