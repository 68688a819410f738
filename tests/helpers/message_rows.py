"""Messages that were stored, in the form in which they are found."""

from backend.store.models import Message
from backend.store.rows import MessageRow


def as_rows(*messages: Message) -> list[MessageRow]:
    """Return the rows of messages."""
    return [
        MessageRow._make(getattr(message, name) for name in MessageRow._fields)
        for message in messages
    ]
