"""Readers of pieces of text: thoughts split off, half characters joined."""
