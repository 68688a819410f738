"""LibreChat's exports: a conversation with its messages, as a list or as a tree."""

from collections.abc import Iterator
from typing import Any, Final

from backend.importing.markup import paragraphs
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceMessage,
)
from backend.importing.said import Said, keyed, used_tool
from backend.importing.trees import branches_from, parents_in
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    failed,
    first_text,
    names_of,
    texts,
    thoughts,
)

MARK: Final = "conversationId"
"""What only this program calls its conversations so."""
_ID: Final = "messageId"
_PARENT: Final = "parentMessageId"


def read(item: object, tally: ImportCounts) -> SourceConversation:
    """Return a conversation; of its branches, the one written last is shown."""
    data = as_dict(item)
    trees = as_list(data.get("messages")) or as_list(data.get("messagesTree"))
    messages = keyed(_unfolded(trees), _ID, tally)
    parents = parents_in(messages, _PARENT)
    said, shown = Said(tally), ""
    for branch in branches_from("", parents, messages, "createdAt"):
        for key in branch:
            said.take(_said(key, messages[key], tally), key, parents[key])
        shown = shown or said.last
    tally.skip(Skip.MARK, len(as_list(data.get("tags"))))
    return SourceConversation(
        key=as_text(data.get(MARK)),
        title=as_text(data.get("title")),
        at_ms=as_ms(data.get("createdAt")),
        said=said.messages,
        shown=shown,
        is_pinned=bool(data.get("pinned")),
        is_archived=bool(data.get("isArchived")),
    )


def _unfolded(trees: list[Any]) -> Iterator[object]:
    """Yield the messages of trees, each before what stands below it."""
    left = [(tree, "") for tree in reversed(trees)]
    while left:
        entry, above = left.pop()
        if not isinstance(entry, dict):
            yield entry
            continue
        key = as_text(entry.get(_ID))
        below = {_PARENT: above} if above else {}
        yield {name: of for name, of in entry.items() if name != "children"} | below
        left += [(child, key) for child in reversed(as_list(entry.get("children")))]


def _said(key: str, message: dict[str, Any], tally: ImportCounts) -> SourceMessage:
    parts = [as_dict(part) for part in as_list(message.get("content"))]
    calls = [as_dict(p.get("tool_call")) for p in parts if p.get("type") == "tool_call"]
    used = [
        used_tool(as_text(one.get("name")), one.get("args"), one.get("output"), tally)
        for one in calls
    ]
    images = [part for part in parts if part.get("type") == "image_file"]
    is_question = message.get("isCreatedByUser") is True
    faults = (part.get("error") for part in parts if part.get("type") == "error")
    error = first_text(failed(message.get("error")), *map(failed, faults))
    error = "" if is_question else error
    is_cut = message.get("unfinished") is True and not is_question
    return SourceMessage(
        key=key,
        role="user" if is_question else "assistant",
        text=texts(parts) or as_text(message.get("text")),
        reasoning=paragraphs(thoughts(parts), *used),
        at_ms=as_ms(message.get("createdAt")),
        model=first_text(message.get("model"), message.get("sender")),
        state="failed" if error else "interrupted" if is_cut else "complete",
        error=error,
        files=(*names_of(message.get("files")), *("" for _ in images)),
    )
