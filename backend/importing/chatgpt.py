"""ChatGPT's export: a list of conversations, each a tree of messages."""

from typing import Any

from backend.importing.records import Said, Skip, Talk, Tally
from backend.importing.values import as_dict, as_list, as_ms, as_text, first_text, take

_FILES = frozenset({"image_asset_pointer", "audio_asset_pointer"})


def read(item: object, tally: Tally) -> Talk | None:
    """Return the branch of a conversation that was shown last."""
    told = as_dict(item)
    nodes = as_dict(told.get("mapping"))
    path = _path(nodes, as_text(told.get("current_node")))
    said: list[Said] = []
    thought: list[str] = []
    for node_id in path:
        message = as_dict(as_dict(nodes[node_id]).get("message"))
        if not message or _is_hidden(message):
            continue
        if reasoning := _reasoning(message):
            thought.append(reasoning)
            continue
        candidate = _said(node_id, message, "\n\n".join(thought), tally)
        if take(said, candidate, tally):
            thought.clear()
    on_path = set(path)
    others = [node for key, node in nodes.items() if key not in on_path]
    tally.skip(Skip.BRANCH, sum(map(_is_spoken, others)))
    key = first_text(told.get("conversation_id"), told.get("id"))
    title = as_text(told.get("title"))
    at_ms = as_ms(told.get("create_time"))
    return Talk(key=key, title=title, at_ms=at_ms, said=tuple(said))


def _path(nodes: dict[str, Any], leaf: str) -> list[str]:
    """Return the nodes from the root to the leaf; a loop ends it."""
    if leaf not in nodes:
        leaf = next(reversed(nodes), "")
    path: dict[str, None] = {}
    while leaf in nodes and leaf not in path:
        path[leaf] = None
        leaf = as_text(as_dict(nodes[leaf]).get("parent"))
    return list(reversed(path))


def _said(node_id: str, message: dict[str, Any], reasoning: str, tally: Tally) -> Said:
    content = as_dict(message.get("content"))
    role = as_text(as_dict(message.get("author")).get("role"))
    # What is addressed to a tool is no answer to the user.
    if role == "assistant" and message.get("recipient") not in {None, "all"}:
        role = "tool"
    metadata = as_dict(message.get("metadata"))
    return Said(
        key=first_text(message.get("id"), node_id),
        role=role,
        text=_text(content, tally),
        reasoning=reasoning if role == "assistant" else "",
        at_ms=as_ms(message.get("create_time")),
        model=as_text(metadata.get("model_slug")) if role == "assistant" else "",
    )


def _text(content: dict[str, Any], tally: Tally) -> str:
    if content.get("content_type") == "code":
        code = as_text(content.get("text"))
        return f"```{as_text(content.get('language'))}\n{code}\n```" if code else ""
    found: list[str] = []
    for part in as_list(content.get("parts")):
        inner = as_dict(part)
        if inner.get("content_type") in _FILES:
            tally.skip(Skip.ATTACHMENT)
        found.append(first_text(part, inner.get("text")))
    text = "\n\n".join(piece for piece in found if piece)
    return text or as_text(content.get("text"))


def _reasoning(message: dict[str, Any]) -> str:
    content = as_dict(message.get("content"))
    if content.get("content_type") != "thoughts":
        return ""
    told = (as_dict(thought) for thought in as_list(content.get("thoughts")))
    found = [first_text(one.get("content"), one.get("summary")) for one in told]
    return "\n\n".join(piece for piece in found if piece)


def _is_hidden(message: dict[str, Any]) -> bool:
    metadata = as_dict(message.get("metadata"))
    content = as_dict(message.get("content"))
    return (
        metadata.get("is_visually_hidden_from_conversation") is True
        or metadata.get("is_user_system_message") is True
        or content.get("content_type") in {"model_editable_context", "reasoning_recap"}
        or (
            as_dict(message.get("author")).get("role") == "system"
            and not any(as_list(content.get("parts")))
        )
    )


def _is_spoken(node: object) -> bool:
    message = as_dict(as_dict(node).get("message"))
    role = as_dict(message.get("author")).get("role")
    return role in {"user", "assistant"} and not _is_hidden(message)
