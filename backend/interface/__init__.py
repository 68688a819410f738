"""What shell and sidecar agree on: hello, paths, JSON, stored values."""
