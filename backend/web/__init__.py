"""HTTP, HTML and events."""
