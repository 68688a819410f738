"""The process of the shell, without windows: logs, signals, garbage, files."""
