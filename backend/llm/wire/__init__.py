"""Speaking to a model server over HTTP, and reading what it sends."""
