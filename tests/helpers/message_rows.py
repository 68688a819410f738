"""Messages that were stored, in the form in which they are found."""

from backend.store.rows import AnyMessage, MessageRow


def as_rows(*messages: AnyMessage) -> list[MessageRow]:
    """Return the rows of messages."""
    return [
        MessageRow._make(getattr(message, name) for name in MessageRow._fields)
        for message in messages
    ]
