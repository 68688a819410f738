"""The history that Chatbot UI exports: conversations with their messages in order."""

from backend.importing.records import Said, Skip, Talk, Tally
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    leave_out,
    take,
    texts,
)


def read(item: object, tally: Tally) -> Talk:
    """Return one conversation."""
    told = as_dict(item)
    said: list[Said] = []
    for number, entry in enumerate(as_list(told.get("messages"))):
        message = as_dict(entry)
        if not message:
            leave_out(Skip.UNREADABLE_MESSAGE, tally)
            continue
        model = as_dict(told.get("model")).get("id")
        candidate = Said(
            key=first_text(message.get("id"), str(number)),
            role=as_text(message.get("role")),
            text=texts(message.get("content")),
            at_ms=as_ms(message.get("timestamp")),
            model=as_text(model),
        )
        take(said, candidate, tally)
    tally.skip(Skip.MARK, bool(told.get("folderId")))
    key = told.get("id")
    return Talk(
        key=str(key) if isinstance(key, int | str) else "",
        title=as_text(told.get("name")),
        at_ms=as_ms(told.get("createdAt")),
        said=tuple(said),
    )
