"""What a conversation is sent beside its messages."""
