"""Start-menu entry, icons, completion and start at log-in, on each platform."""
