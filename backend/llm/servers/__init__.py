"""Which servers there are, where they are, and which models they have."""
