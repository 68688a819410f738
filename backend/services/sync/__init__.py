"""Exchanges changes with a person's other computers, and pairs those."""
