"""The sidecar as a child process, and how the shell speaks to it."""
