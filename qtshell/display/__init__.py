"""Whether there is a display, its screens, and light or dark."""
