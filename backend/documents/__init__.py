"""Reads files that go with a question into text, in a process of its own."""
