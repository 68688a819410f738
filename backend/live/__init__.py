"""What open pages show and hear: messages as they grow, and what was committed."""
