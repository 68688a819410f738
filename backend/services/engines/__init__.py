"""Which engines the user has, what they offer, and which one answers."""
