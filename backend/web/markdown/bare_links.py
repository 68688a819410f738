"""Makes links of addresses that stand in a text as they are."""

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_CJK: Final = (
    r"\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    r"\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
)
_END: Final = rf"\s<>\"`\u2039\u203a“”„«»{_CJK}"
_BARE = re.compile(
    r"(?<![A-Za-z0-9_@/.:+-])"
    rf"(?:(?P<web>https?://(?=[^\W_]|\[)|www\.(?=[^\W_]))[^{_END}]+"
    r"|(?P<mail>[A-Za-z0-9.+_-]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+))",
    re.IGNORECASE,
)
_TRAILING: Final = "?!.,:;*_~'\u2018\u2019…"
_ENTITY = re.compile(r"&[A-Za-z0-9]+;\Z")
_HOST = re.compile(r"(?:https?://)?([^/?#:]*)", re.IGNORECASE)


def install(parser: MarkdownIt) -> None:
    """Let a parser find bare addresses, once all else is known."""
    parser.core.ruler.push("bare_links", _find)


def _find(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children and _may_hold(token.content):
            token.children = list(_linked(token.children, state.md))


def _may_hold(text: str) -> bool:
    return "://" in text or "@" in text or "www." in text or "WWW." in text


def _linked(children: list[Token], parser: MarkdownIt) -> Iterator[Token]:
    depth = 0
    for child in children:
        if child.type in {"link_open", "link_close"}:
            depth += child.nesting
        if child.type == "text" and not depth and _may_hold(child.content):
            yield from _split(child, parser)
        else:
            yield child


def _split(token: Token, parser: MarkdownIt) -> Iterator[Token]:
    text, done = token.content, 0
    for match in _BARE.finditer(text):
        shown = _mail(match[0]) if match["mail"] else _web(match[0])
        url = parser.normalizeLink(_address(shown, is_mail=bool(match["mail"])))
        if not shown or not parser.validateLink(url):
            continue
        yield Token("text", "", 0, content=text[done : match.start()])
        yield Token("link_open", "a", 1, attrs={"href": url}, info="auto")
        yield Token("text", "", 0, content=shown)
        yield Token("link_close", "a", -1, info="auto")
        done = match.start() + len(shown)
    yield Token("text", "", 0, content=text[done:])


def _address(shown: str, *, is_mail: bool) -> str:
    if is_mail:
        return f"mailto:{shown}"
    return shown if "://" in shown[:8] else f"http://{shown}"


def _mail(found: str) -> str:
    return "" if found[-1] in "-_" else found


def _web(found: str) -> str:
    """Return an address without what belongs to the sentence around it."""
    end, surplus = len(found), found.count(")") - found.count("(")
    while end:
        last = found[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last == ";" and (entity := _ENTITY.search(found, max(end - 32, 0), end)):
            end = entity.start() + 1
        elif last not in _TRAILING:
            break
        end -= 1
    shown = found[:end]
    match = _HOST.match(shown)
    host = match[1] if match else ""
    is_www = not shown.lower().startswith("http")
    is_host = "_" not in "".join(host.split(".")[-2:]) and host.strip(".")
    return shown if is_host and (not is_www or host.count(".") > 1) else ""
