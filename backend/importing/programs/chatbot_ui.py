"""The history that Chatbot UI exports: conversations with their messages in order."""

from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceMessage,
)
from backend.importing.said import Said, leave_out
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    texts,
)


def read(item: object, tally: ImportCounts) -> SourceConversation:
    """Return one conversation."""
    data = as_dict(item)
    said = Said(tally)
    for number, entry in enumerate(as_list(data.get("messages"))):
        message = as_dict(entry)
        if not message:
            leave_out(Skip.UNREADABLE_MESSAGE, tally)
            continue
        model = as_dict(data.get("model")).get("id")
        candidate = SourceMessage(
            key=first_text(message.get("id"), str(number)),
            role=as_text(message.get("role")),
            text=texts(message.get("content")),
            at_ms=as_ms(message.get("timestamp")),
            model=as_text(model),
        )
        said.take(candidate)
    tally.skip(Skip.MARK, bool(data.get("folderId")))
    key = data.get("id")
    return SourceConversation(
        key=str(key) if isinstance(key, int | str) else "",
        title=as_text(data.get("name")),
        at_ms=as_ms(data.get("createdAt")),
        said=said.messages,
        shown=said.last,
    )
