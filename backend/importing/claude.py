"""Claude's export: a list of conversations with their messages in order."""

from typing import Any, Final

from backend.importing.records import Said, Skip, Talk, Tally
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    take,
    texts,
    thoughts,
)

_ROLES: Final = {"human": "user", "user": "user", "assistant": "assistant"}


def read(item: object, tally: Tally) -> Talk | None:
    """Return one conversation."""
    told = as_dict(item)
    said: list[Said] = []
    shown = _shown(as_list(told.get("chat_messages")), told, tally)
    for number, message in enumerate(shown):
        sender = as_text(message.get("sender"))
        content = as_list(message.get("content"))
        candidate = Said(
            key=first_text(message.get("uuid"), str(number)),
            role=_ROLES.get(sender, sender),
            text=_with_pasted(texts(content) or as_text(message.get("text")), message),
            reasoning=thoughts(content),
            at_ms=as_ms(message.get("created_at")),
        )
        tally.skip(Skip.ATTACHMENT, len(as_list(message.get("files"))))
        take(said, candidate, tally)
    return Talk(
        key=as_text(told.get("uuid")),
        title=as_text(told.get("name")),
        at_ms=as_ms(told.get("created_at")),
        said=tuple(said),
    )


def _shown(
    messages: list[object], told: dict[str, Any], tally: Tally
) -> list[dict[str, Any]]:
    """Return the messages of the branch that was shown last, where there are any."""
    known = {as_text(as_dict(m).get("uuid")): as_dict(m) for m in messages}
    leaf = as_text(told.get("current_leaf_message_uuid"))
    if leaf not in known:
        return [as_dict(message) for message in messages]
    path: dict[str, dict[str, Any]] = {}
    while leaf in known and leaf not in path:
        path[leaf] = known[leaf]
        leaf = as_text(known[leaf].get("parent_message_uuid"))
    tally.skip(Skip.BRANCH, len(messages) - len(path))
    return list(reversed(path.values()))


def _with_pasted(text: str, message: dict[str, Any]) -> str:
    """Add the text of attachments, which is part of what was said."""
    pieces = [text] if text else []
    for attachment in map(as_dict, as_list(message.get("attachments"))):
        if pasted := as_text(attachment.get("extracted_content")):
            name = as_text(attachment.get("file_name"))
            pieces.append(f"{name}\n\n{pasted}" if name else pasted)
    return "\n\n".join(pieces)
