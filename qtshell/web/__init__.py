"""The page in Chromium: what it may load, where it may go, what becomes of it."""
