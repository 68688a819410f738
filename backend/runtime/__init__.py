"""This process, its helpers, and how they end."""
