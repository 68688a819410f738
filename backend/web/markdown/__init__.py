"""Markdown to HTML: whole, growing, in blocks of a page, and to plain text."""
