"""DeepSeek's export: a list of conversations, each a tree of messages in fragments."""

from typing import Any

from backend.importing.markup import joined, link, paragraphs
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceMessage,
)
from backend.importing.said import Said
from backend.importing.trees import branches_from
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    names_of,
)


def read(item: object, tally: ImportCounts) -> SourceConversation:
    """Return a conversation; of its branches, the one written last is shown."""
    data = as_dict(item)
    nodes = as_dict(data.get("mapping"))
    nodes_left = [(key, as_dict(node)) for key, node in nodes.items()]
    messages = {key: as_dict(node.get("message")) for key, node in nodes_left}
    parents = {key: as_text(node.get("parent")) for key, node in nodes_left}
    leaf = as_text(data.get("current_node"))
    said, shown = Said(tally), ""
    for branch in branches_from(leaf, parents, messages, "inserted_at"):
        for key in branch:
            if messages[key]:
                said.take(_said(key, messages[key], tally), key, parents[key])
            else:
                said.pass_over(key, parents[key])
        shown = shown or said.last
    return SourceConversation(
        key=as_text(data.get("id")),
        title=as_text(data.get("title")),
        at_ms=as_ms(data.get("inserted_at")),
        said=said.messages,
        shown=shown,
    )


def _said(key: str, message: dict[str, Any], tally: ImportCounts) -> SourceMessage:
    asked: list[str] = []
    answered: list[str] = []
    thought: list[str] = []
    kinds = {"REQUEST": asked, "RESPONSE": answered, "THINK": thought}
    for fragment in map(as_dict, as_list(message.get("fragments"))):
        kind = as_text(fragment.get("type"))
        if kind in kinds:
            kinds[kind].append(as_text(fragment.get("content")))
        elif kind == "SEARCH":
            answered += _found(fragment)
        else:
            tally.skip(Skip.TOOL, 1, [kind.lower()])
    is_question = bool(asked) and not answered and not thought
    return SourceMessage(
        key=key,
        role="user" if is_question else "assistant",
        text=joined([*asked, *answered]),
        reasoning=paragraphs(*thought),
        at_ms=as_ms(message.get("inserted_at")),
        model=as_text(message.get("model")),
        files=tuple(names_of(message.get("files"))),
    )


def _found(fragment: dict[str, Any]) -> list[str]:
    """Return links to what was found on the web."""
    results = map(as_dict, as_list(fragment.get("results")))
    links = [
        link(first_text(one.get("title"), one.get("url")), as_text(one.get("url")))
        for one in results
    ]
    return ["\n".join(f"- {one}" for one in links) + "\n\n"] if links else []
