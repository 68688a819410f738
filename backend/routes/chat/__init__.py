"""The pages of conversations and their messages."""
