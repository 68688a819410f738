"""Claude's export: a list of conversations, each a tree of messages."""

from collections.abc import Iterator
from typing import Any, Final

from backend.importing.markup import joined, link, paragraphs
from backend.importing.programs.documents import Documents, Replays
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceFolder,
    SourceMessage,
    SourceNote,
)
from backend.importing.said import Said, keyed
from backend.importing.trees import branches_from, parents_in
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    is_too_long,
    names_of,
    thoughts,
    tool_words,
)

_ROLES: Final = {"human": "user", "user": "user", "assistant": "assistant"}
PROJECT: Final = "prompt_template"
"""What only projects have: the instructions of their conversations."""
_REPLAYED: Final = frozenset({"artifacts", "create_file", "str_replace", "repl"})


def read(item: object, tally: ImportCounts) -> SourceConversation:
    """Return a conversation; of its branches, the one written last is shown.

    Of a project, one without messages: the folder alone.
    """
    data = as_dict(item)
    if PROJECT in data:
        return SourceConversation(
            key="",
            title="",
            at_ms=None,
            said=(),
            shown="",
            folder=_project(data),
            notes=tuple(_notes(data, tally)),
        )
    messages = keyed(as_list(data.get("chat_messages")), "uuid", tally)
    parents = parents_in(messages, "parent_message_uuid")
    leaf = as_text(data.get("current_leaf_message_uuid"))
    said, shown = Said(tally), ""
    replays = Replays(lambda key, documents: _replay(messages[key], key, documents))
    for branch in branches_from(leaf, parents, messages, "created_at"):
        documents = replays.along(branch, parents)
        tally.skip(Skip.VERSION, documents.superseded)
        for key in branch:
            candidate = _said(key, messages[key], documents, tally)
            said.take(candidate, key, parents[key])
        shown = shown or said.last
    project = as_dict(data.get("project"))
    uuid = first_text(project.get("uuid"), data.get("project_uuid"))
    return SourceConversation(
        key=as_text(data.get("uuid")),
        title=as_text(data.get("name")),
        at_ms=as_ms(data.get("created_at")),
        said=said.messages,
        shown=shown,
        is_pinned=bool(data.get("is_starred")),
        folder=_project({**project, "uuid": uuid}) if uuid else None,
    )


def _notes(data: dict[str, Any], tally: ImportCounts) -> Iterator[SourceNote]:
    """Yield the documents of a project, which are told with their text."""
    for number, doc in enumerate(map(as_dict, as_list(data.get("docs")))):
        name, body = as_text(doc.get("filename")), as_text(doc.get("content"))
        if not body.strip() or is_too_long(body):
            tally.skip(Skip.ATTACHMENT, 1, [name])
            continue
        key = first_text(doc.get("uuid"), f"{as_text(data.get('uuid'))}/{number}")
        title = " \u00b7 ".join(filter(None, (as_text(data.get("name")), name)))
        at_ms = as_ms(doc.get("created_at"))
        yield SourceNote(
            key=key, title=title, body=paragraphs(title, body), at_ms=at_ms
        )


def _project(data: dict[str, Any]) -> SourceFolder:
    key = first_text(data.get("uuid"), data.get("name"))
    return SourceFolder(
        key=key,
        name=first_text(data.get("name"), f"Claude project {key[:4]}"),
        instructions=as_text(data.get(PROJECT)),
    )


def _said(
    key: str, message: dict[str, Any], documents: Documents, tally: ImportCounts
) -> SourceMessage:
    sender = as_text(message.get("sender"))
    content = as_list(message.get("content"))
    text = _text(content, tally) or as_text(message.get("text"))
    return SourceMessage(
        key=key,
        role=_ROLES.get(sender, sender),
        text=paragraphs(text, *_pasted(message), *documents.shown_in(key)),
        reasoning=paragraphs(*(_folded(as_dict(part), tally) for part in content)),
        at_ms=as_ms(message.get("created_at")),
        files=_files(message),
    )


def _text(content: list[object], tally: ImportCounts) -> str:
    pieces: list[str] = []
    for part in content:
        block = as_dict(part)
        match block.get("type"):
            case "text" | "voice_note":
                text = first_text(block.get("text"), block.get("transcript"))
                pieces.append(_with_sources(text, block))
            case "thinking" | "tool_use" | "tool_result":
                pass
            case _ if isinstance(part, str):
                pieces.append(part)
            case _:
                words = as_text(block.get("text"))
                pieces.append(words)
                tally.skip(Skip.TOOL, not words, [as_text(block.get("name"))])
    return joined(pieces)


def _folded(block: dict[str, Any], tally: ImportCounts) -> str:
    """Return a thought, or what was asked of a tool and what it gave."""
    name = as_text(block.get("name"))
    match block.get("type"):
        case "tool_use" if name in _REPLAYED:
            return ""
        case "tool_use":
            words = tool_words(name, block.get("input"))
        case "tool_result":
            words = tool_words(f"{name}: result".lstrip(": "), block.get("content"))
        case _:
            return thoughts([block])
    tally.skip(Skip.TOOL, not words, [name])
    return words


def _with_sources(text: str, block: dict[str, Any]) -> str:
    """Add links to what a text is taken from, before the space it ends with."""
    links: dict[str, str] = {}
    for citation in map(as_dict, as_list(block.get("citations"))):
        details = as_dict(citation.get("details")) or citation
        url = first_text(details.get("url"), citation.get("url"))
        title = first_text(details.get("title"), citation.get("title"), url)
        if title:
            links[url or title] = link(title, url)
    if not links:
        return text
    words = text.rstrip()
    return f"{words} ({', '.join(links.values())}){text[len(words) :]}"


def _pasted(message: dict[str, Any]) -> list[str]:
    """Return the text of attachments, which is part of what was said."""
    pieces = []
    for attachment in map(as_dict, as_list(message.get("attachments"))):
        if pasted := as_text(attachment.get("extracted_content")):
            name = as_text(attachment.get("file_name"))
            pieces.append(f"{name}\n\n{pasted}" if name else pasted)
    return pieces


def _files(message: dict[str, Any]) -> tuple[str, ...]:
    attached = map(as_dict, as_list(message.get("attachments")))
    lost = [one for one in attached if not as_text(one.get("extracted_content"))]
    return tuple(names_of(as_list(message.get("files")) + lost))


def _replay(message: dict[str, Any], key: str, documents: Documents) -> None:
    """Do again what an answer did to the documents beside the talk."""
    for part in map(as_dict, as_list(message.get("content"))):
        data = as_dict(part.get("input"))
        if part.get("type") != "tool_use":
            continue
        old, new = as_text(data.get("old_str")), as_text(data.get("new_str"))
        content = as_text(data.get("content"))
        title, path = as_text(data.get("title")), as_text(data.get("path"))
        language = first_text(data.get("language"), data.get("type"))
        match part.get("name"), data.get("command"):
            case "artifacts", "update":
                documents.replace(key, as_text(data.get("id")), old, new)
            case "artifacts", _:
                name = as_text(data.get("id"))
                documents.write(key, name, content, title=title, language=language)
            case "create_file", _:
                text = as_text(data.get("file_text"))
                documents.write(key, path, text, title=path, language=_ending(path))
            case "str_replace", _:
                documents.replace(key, path, old, new)
            case "repl", _:
                documents.add(key, as_text(data.get("code")), "javascript")
            case _:
                pass


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""
