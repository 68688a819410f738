"""Turns a model's Markdown into HTML that is safe at every cut of the stream.

Model text is hostile: raw HTML in it is shown as text, and what Markdown makes of the
rest still passes an allow-list that has no class, id, style or htmx attribute. The
frame of a code block is ours and is put around the sanitised code.

What it stands on is slow to import and loaded with the first text: the first page has
none.
"""

from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import nh3
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

MAX_HIGHLIGHTED_CHARS: Final = 100_000
_LINK_SCHEMES: Final = {"http", "https", "mailto"}
# fmt: off
_TAGS: Final = frozenset({
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "s", "samp", "strong", "table",
    "tbody", "td", "th", "thead", "tr", "u", "ul", "var",
})
# fmt: on
_ATTRIBUTES: Final = {
    # Else nh3 lets lang and title pass everywhere.
    "*": frozenset[str](),
    "a": {"href", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image an answer names; it is loaded only when the user asks."""

    url: str
    host: str
    description: str


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level block of an answer, rendered.

    Attributes:
        html: Sanitised; for code, the contents of its `<pre><code>`.
        language: What a code block says it is; "" for other blocks and plain code.
        is_code: Whether the page frames it as code with Copy.
        images: The remote images it names.
    """

    html: str
    is_code: bool = False
    language: str = ""
    images: tuple[RemoteImage, ...] = ()


@cache
def _cleaner() -> "nh3.Cleaner":
    import nh3  # noqa: PLC0415 see the module

    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=_LINK_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def sanitise(html: str) -> str:
    """Return the HTML with only what the allow-list names."""
    return _cleaner().clean(html)


def render(text: str, *, highlighted_chars: int = MAX_HIGHLIGHTED_CHARS) -> list[Block]:
    """Render a whole text, block by block.

    Args:
        text: As the model or the user wrote it.
        highlighted_chars: A longer block of code has no marks, which take their time.
    """
    env: dict[str, Any] = {}
    tokens = markdown().parse(text, env)
    return [_block(group, env, highlighted_chars) for group in _groups(tokens)]


def _groups(tokens: "Sequence[Token]") -> "list[list[Token]]":
    groups: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            groups.append([])
        groups[-1].append(token)
    return groups


def _block(tokens: "list[Token]", env: dict[str, Any], highlighted_chars: int) -> Block:
    head = tokens[0]
    if head.type in {"fence", "code_block"}:
        words = head.info.split()
        language = words[0] if words else ""
        is_short = len(head.content) <= highlighted_chars
        code = _highlight(head.content, language if is_short else "")
        return Block(code, is_code=True, language=language[:40])
    parser = markdown()
    html = parser.renderer.render(tokens, parser.options, env)
    return Block(sanitise(html), images=_images(tokens))


def _images(tokens: "Sequence[Token]") -> tuple[RemoteImage, ...]:
    found: dict[str, RemoteImage] = {}
    children = (child for token in tokens for child in token.children or ())
    for child in children:
        url = str(child.attrs.get("src", "")) if child.type == "image" else ""
        if host := _remote_host(url):
            found.setdefault(url, RemoteImage(url, host, child.content))
    return tuple(found.values())


def _remote_host(src: str) -> str | None:
    try:
        parts = urlsplit(src)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in {"http", "https"} else None


def _highlight(code: str, language: str) -> str:
    if not language:
        return escape(code, quote=False)
    from backend.highlighting import highlight  # noqa: PLC0415 see the module

    return sanitise(highlight(code, language))


def _image(
    _self: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    _options: "OptionsDict",
    _env: dict[str, Any],
) -> str:
    """Name an image instead of loading it: its text, its host, and a link."""
    token = tokens[index]
    src = str(token.attrs.get("src", ""))
    host = _remote_host(src)
    name = f"[image: {token.content or 'no description'}{f', {host}' if host else ''}]"
    if host is None:
        return escape(name)
    return f'<a href="{escape(src)}">{escape(name)}</a>'


def _cell(
    self: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    _env: dict[str, Any],
) -> str:
    """Say a cell's alignment as an attribute: the allow-list has no style."""
    token = tokens[index]
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrs["align"] = style.removeprefix("text-align:")
    return self.renderToken(tokens, index, options, _env)


@cache
def markdown() -> "MarkdownIt":
    """Return the parser of what Hearth understands of Markdown."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 see the module

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    parser.enable(["table", "strikethrough"])
    parser.add_render_rule("image", _image)
    parser.add_render_rule("td_open", _cell)
    parser.add_render_rule("th_open", _cell)
    return parser
