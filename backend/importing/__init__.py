"""Reads what other programs export; a process of its own, which trusts no byte."""
