"""The branches of conversations: what their tree is, and which one is shown."""
