"""Open WebUI's export: a list of chats, each with a tree of messages."""

import html
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from backend.importing.markup import (
    CODE,
    CODE_FLAGS,
    fenced,
    joined,
    paragraphs,
    titled,
)
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceFolder,
    SourceMessage,
)
from backend.importing.said import Said, leave_out
from backend.importing.trees import branches_from
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    failed,
    first_text,
    names_of,
    texts,
    thought_in,
    tool_words,
)
from backend.text.thoughts import split_thoughts

_Tools: TypeAlias = list[tuple[str, str]]
"""The tools an answer used: the name of each, with what it was asked and gave."""
_DETAILS: Final = re.compile(
    r"<details type=\"(?P<type>reasoning|tool_calls|code_interpreter)\""
    r"(?P<attributes>[^>]*)>(?P<inner>.*?)</details>\n?",
    re.DOTALL,
)
_DETAILS_OR_CODE: Final = re.compile(f"{_DETAILS.pattern}|{CODE}", CODE_FLAGS)
_SUMMARY: Final = re.compile(r"<summary>.*?</summary>", re.DOTALL)
_QUOTE: Final = re.compile(r"^> ?", re.MULTILINE)
_IMAGES: Final = frozenset({"image_url", "input_image", "image"})


def read(item: object, tally: ImportCounts) -> SourceConversation:
    """Return a chat with all its branches."""
    data = as_dict(item)
    chat = as_dict(data.get("chat")) or data
    messages = _messages(chat, tally)
    parents = _parents(chat, messages)
    leaf = as_text(as_dict(chat.get("history")).get("currentId"))
    said, shown = Said(tally), ""
    for branch in branches_from(leaf, parents, messages, "timestamp"):
        for key in branch:
            said.take(_said(key, messages[key], tally), key, parents[key])
        shown = shown or said.last
    tags = as_list(as_dict(data.get("meta")).get("tags")) or as_list(chat.get("tags"))
    tally.skip(Skip.MARK, len(tags))
    return SourceConversation(
        key=first_text(data.get("id"), chat.get("id")),
        title=first_text(data.get("title"), chat.get("title")),
        at_ms=as_ms(data.get("created_at")) or as_ms(chat.get("timestamp")),
        said=said.messages,
        shown=shown,
        is_pinned=bool(data.get("pinned")),
        is_archived=bool(data.get("archived")),
        folder=_folder(data),
    )


def _folder(data: Mapping[str, Any]) -> SourceFolder | None:
    """Return the folder of a chat; exports tell its id, and seldom more."""
    folder = as_dict(data.get("folder"))
    key = first_text(folder.get("id"), data.get("folder_id"))
    if not key:
        return None
    kept = as_dict(folder.get("data"))
    return SourceFolder(
        key=key,
        name=first_text(folder.get("name"), f"Open WebUI folder {key[:4]}"),
        instructions=as_text(kept.get("system_prompt")),
    )


def _messages(
    chat: Mapping[str, Any], tally: ImportCounts
) -> dict[str, dict[str, Any]]:
    """Return the messages of the tree, or of the plain list where there is no tree."""
    data = as_dict(as_dict(chat.get("history")).get("messages")) or {
        first_text(as_dict(one).get("id"), str(number)): one
        for number, one in enumerate(as_list(chat.get("messages")))
    }
    found = {key: one for key, one in data.items() if isinstance(one, dict)}
    leave_out(Skip.UNREADABLE_MESSAGE, tally, len(data) - len(found))
    return found


def _parents(
    chat: Mapping[str, Any], messages: Mapping[str, dict[str, Any]]
) -> dict[str, str]:
    """Return what each message follows: in a plain list, the one before it."""
    if as_dict(as_dict(chat.get("history")).get("messages")):
        return {key: as_text(one.get("parentId")) for key, one in messages.items()}
    return dict(zip(messages, ("", *messages), strict=False))


def _said(key: str, message: dict[str, Any], tally: ImportCounts) -> SourceMessage:
    role = as_text(message.get("role"))
    content = message.get("content")
    text, reasoning = texts(content), ""
    images = [p for p in as_list(content) if as_text(as_dict(p).get("type")) in _IMAGES]
    error = ""
    if role == "assistant":
        written, thought, used = _from_output(as_list(message.get("output")))
        text, details, called = _without_details(text)
        text, thoughts = split_thoughts(text)
        text = text if text.strip() else written
        tools = called or used
        words = [words for _, words in tools]
        reasoning = paragraphs(paragraphs(details, thoughts) or thought, *words)
        lost = [name for name, words in tools if not words]
        tally.skip(Skip.TOOL, len(lost), lost)
        error = failed(message.get("error"))
    return SourceMessage(
        key=first_text(message.get("id"), key),
        role=role,
        text=text,
        reasoning=reasoning,
        at_ms=as_ms(message.get("timestamp")),
        model=first_text(message.get("model"), message.get("modelName")),
        state=_state(message, error),
        error=error,
        files=(*names_of(message.get("files")), *("" for _ in images)),
    )


def _state(message: Mapping[str, Any], error: str) -> str:
    if error:
        return "failed"
    is_cut = message.get("role") == "assistant" and message.get("done") is False
    return "interrupted" if is_cut else "complete"


def _from_output(output: list[Any]) -> tuple[str, str, _Tools]:
    """Return text, reasoning and tools of an answer that is stored in steps."""
    written: list[str] = []
    thought: list[str] = []
    tools: _Tools = []
    for step in map(as_dict, output):
        match step.get("type"):
            case "message":
                written.append(texts(step.get("content")))
            case "reasoning":
                thought.append(
                    joined(_summaries(step, "content"))
                    or joined(_summaries(step, "summary"))
                    or thought_in(step)
                )
            case _:
                tools.append(
                    _tool(
                        as_text(step.get("name")),
                        step.get("arguments"),
                        step.get("output"),
                    )
                )
    return joined(written), paragraphs(*thought), tools


def _tool(name: str, asked: object, gave: object) -> tuple[str, str]:
    result = f"{name}: result" if name else "Result"
    words = (tool_words(name, asked, "json"), tool_words(result, gave))
    return name, paragraphs(*words)


def _summaries(step: Mapping[str, Any], name: str) -> list[str]:
    return [first_text(as_dict(p).get("text"), p) for p in as_list(step.get(name))]


def _without_details(text: str) -> tuple[str, str, _Tools]:
    """Return an answer without what the program folds into it, and that."""
    if "<details type=" not in text:
        return text, "", []
    thought: list[str] = []
    tools: _Tools = []

    def taken(match: re.Match[str]) -> str:
        if not match["type"]:
            return match[0]
        inner = html.unescape(_SUMMARY.sub("", match["inner"]))
        # What the program itself writes says whether it is done; a person does not.
        if "done=" not in match["attributes"] and match.start() > 0:
            return match[0]
        if match["type"] == "reasoning":
            thought.append(_QUOTE.sub("", inner).strip())
            return ""
        if match["type"] == "tool_calls":
            of = partial(_attribute, match["attributes"])
            tools.append(_tool(of("name"), of("arguments"), of("result")))
            return ""
        output = _attribute(match["attributes"], "output")
        shown = titled("Output", fenced(output, "text")) + "\n\n" if output else ""
        return f"{inner.strip()}\n\n{shown}"

    # Reasoning may hold code, so that it goes before code is looked for.
    text = _DETAILS_OR_CODE.sub(taken, _leading(text.lstrip(), taken))
    return text.strip(), paragraphs(*thought), tools


def _leading(text: str, taken: Callable[[re.Match[str]], str]) -> str:
    while (match := _DETAILS.match(text)) and match["type"] != "code_interpreter":
        text = taken(match) + text[match.end() :].lstrip()
    return text


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', attributes)
    return html.unescape(found[1]) if found else ""
