"""Draws diagrams for files that are written, in a process of its own."""
