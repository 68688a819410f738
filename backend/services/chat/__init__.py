"""Conversations, and the answers that grow in them."""
