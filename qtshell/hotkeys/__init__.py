"""Global shortcuts, on each window system."""
