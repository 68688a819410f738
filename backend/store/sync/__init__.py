"""What of the change log goes to other computers, and how what comes is merged."""
