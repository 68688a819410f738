"""Where secrets are kept, and the key of the database."""
