"""Assistants: instructions, a model and parameters under one name."""
