"""Use cases, free of HTTP and SQL; collaborators come in as Protocols."""
