"""What a search finds."""

from dataclasses import dataclass
from enum import StrEnum

from backend.store.search.snippets import SnippetPart


class Kind(StrEnum):
    """What can be found."""

    MESSAGE = "message"
    CONVERSATION = "conversation"
    NOTE = "note"
    ASSISTANT = "assistant"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something found.

    Attributes:
        id: Of what was found; of a document, the question it is of.
        conversation_id: Where the message is; the conversation itself; "" for the rest.
        title: The title of the conversation or note, the name of an assistant.
        snippet: The words around what was found.
        created_at: Milliseconds, UTC.
        is_archived: Whether its conversation is in the archive.
        file: The name of a document.
        place: Where in it.
    """

    kind: Kind
    id: str
    conversation_id: str
    title: str
    snippet: tuple[SnippetPart, ...]
    created_at: int
    is_archived: bool = False
    file: str = ""
    place: str = ""
