"""Replaces the marks that ChatGPT writes into answers by what they stand for."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from backend.importing.markup import link, outside_code
from backend.importing.values import as_dict, as_list, as_text, first_text

_MARK: Final = re.compile(" ?\ue200([^\ue200\ue201]*)\ue201")
_LEFT: Final = re.compile("[\ue200-\ue20f]")
_SOURCE: Final = re.compile(r" ?【[\d:]+†([^】\n]*)】")
_WRITING: Final = re.compile(
    r"^:::writing\{(?P<attributes>[^}\n]*)\}[ \t]*\n(?P<body>.*?)(?:^:::[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_SUBJECT: Final = re.compile(r'subject="(?P<quoted>[^"]*)"|subject=(?P<bare>[^\s"]+)')


def without_marks(text: str, metadata: Mapping[str, Any]) -> str:
    """Return an answer with links for its sources, and no marks of the program."""
    text = _WRITING.sub(_letter, text) if ":::writing" in text else text
    for data in map(as_dict, as_list(metadata.get("content_references"))):
        matched = as_text(data.get("matched_text"))
        if len(matched) > 1 and _is_mark(matched):
            text = text.replace(matched, _links(data))
    text = _LEFT.sub("", _MARK.sub(_meant, text))
    if "†" not in text:
        return text
    sources = _sources(text, metadata)
    return outside_code(text, lambda piece: _SOURCE.sub(sources.sub, piece))


def _is_mark(text: str) -> bool:
    return bool(_LEFT.search(text)) or ("【" in text and "†" in text)


def _links(data: Mapping[str, Any]) -> str:
    """Return the links of a reference; else the words it stands for."""
    found: dict[str, str] = {}
    for one in (*map(as_dict, as_list(data.get("items"))), data):
        url = first_text(one.get("url"), *as_list(one.get("safe_urls")))
        title = first_text(one.get("title"), one.get("name"), one.get("attribution"))
        if url:
            found.setdefault(url, link(title or url, url))
        elif title and not found:
            found[title] = title
    if found:
        has_url = any(key != words for key, words in found.items())
        return f"({', '.join(found.values())})" if has_url else next(iter(found))
    alt = first_text(data.get("alt"), data.get("prompt_text"))
    return "" if _LEFT.search(alt) else alt


def _meant(match: re.Match[str]) -> str:
    """Return the words of a mark that has some; a mark for a source has none."""
    space = " " if match[0].startswith(" ") else ""
    kind, _, content = match[1].partition("\ue202")
    if kind == "entity":
        words = _entity(content)
    elif kind in {"navlist", "url"}:
        title, _, url = content.partition("\ue202")
        words = link(title, url)
    else:
        words = ""
    return space + words if words else ""


def _entity(content: str) -> str:
    try:
        names = [as_text(name) for name in as_list(json.loads(content))]
    except (ValueError, RecursionError):
        return ""
    return first_text(*names[1:2], *names)


def _letter(match: re.Match[str]) -> str:
    found = _SUBJECT.search(match["attributes"])
    subject = (found["quoted"] or found["bare"] or "").strip() if found else ""
    body = match["body"].rstrip("\n")
    return f"### {subject}\n\n{body}\n" if subject else f"{body}\n"


class _Sources:
    """What the older marks stand for, in the order they come."""

    def __init__(self, links: Mapping[str, str]) -> None:
        self._links = links

    def sub(self, match: re.Match[str]) -> str:
        """Return the link of a mark, or the name of the file it tells."""
        mark = match[0].lstrip(" ")
        space = match[0][: -len(mark)]
        link = self._links.get(mark) or ("" if match[1] == "source" else match[1])
        return f"{space}({link})" if link else ""


def _sources(text: str, metadata: Mapping[str, Any]) -> _Sources:
    """Find the link of each mark by the place that the citations tell."""
    links: dict[str, str] = {}
    unplaced: list[str] = []
    for citation in map(as_dict, as_list(metadata.get("citations"))):
        inner = as_dict(citation.get("metadata"))
        url, title = as_text(inner.get("url")), as_text(inner.get("title"))
        words = link(title or url, url)
        start, end = citation.get("start_ix"), citation.get("end_ix")
        slice_ = (
            text[start:end] if isinstance(start, int) and isinstance(end, int) else ""
        )
        if _SOURCE.fullmatch(slice_):
            links[slice_] = words
        elif words:
            unplaced.append(words)
    left = dict.fromkeys(m[0].lstrip(" ") for m in _SOURCE.finditer(text))
    open_marks = [mark for mark in left if mark not in links]
    if len(open_marks) == len(unplaced):
        links |= dict(zip(open_marks, unplaced, strict=True))
    return _Sources(links)
