"""Turns a model's Markdown into HTML that is safe at every cut of the stream.

Model text is hostile: raw HTML in it is shown as text, but for a few elements by name,
and what Markdown makes of the rest still passes an allow-list that has no id, style or
htmx attribute. Frames and links within a page are ours and come after
(`backend.web.markdown.markdown_page`).

What it stands on is slow to import and loaded with the first text: the first page has
none.
"""

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from backend.web.formulas import mathml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import nh3
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

MAX_HIGHLIGHTED_CHARS: Final = 100_000
_MAX_LABEL: Final = 60
_LINK_SCHEMES: Final = {"http", "https", "mailto"}
# fmt: off
_TAGS: Final = frozenset({
    "a", "b", "bdi", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "s", "samp", "strong", "sub",
    "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul", "var",
}) | mathml.TAGS
_DIRECTED: Final = (
    "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "table", "td", "th",
)
# fmt: on
_ATTRIBUTES: Final = {
    **dict.fromkeys(mathml.TAGS, mathml.ATTRIBUTES),
    # Else nh3 lets lang and title pass everywhere.
    "*": frozenset[str](),
    "a": {"href", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}


class RemoteImage(Struct, frozen=True):
    """An image an answer names; it is loaded only when the user asks."""

    url: str
    host: str
    description: str


class Block(Struct, frozen=True):
    """One top-level block of an answer, rendered.

    Attributes:
        html: Sanitised; for code, the contents of its `<pre><code>`.
        language: What a code block says it is; "" for other blocks and plain code.
        is_code: Whether the page frames it as code with Copy.
        images: The remote images it names.
        labels: Of the tables and the code within it, in their order: what a table
            tells, and the language of code.
    """

    html: str
    is_code: bool = False
    language: str = ""
    images: tuple[RemoteImage, ...] = ()
    labels: tuple[str, ...] = ()


@cache
def _cleaner() -> "nh3.Cleaner":
    import nh3  # noqa: PLC0415 see the module

    from backend.web.markdown.markdown_rules import is_link  # noqa: PLC0415 see the module

    def kept(tag: str, name: str, value: str) -> str | None:
        if tag in mathml.TAGS:
            return mathml.kept_attribute(name, value)
        return value if name != "href" or is_link(value) else None

    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        tag_attribute_values={
            "code": {"class": {"math", "math block"}},
            **{tag: {"dir": {"ltr", "rtl"}} for tag in _DIRECTED},
            "bdi": {"dir": {"ltr"}},
            "p": {"dir": {"ltr", "rtl"}, "class": {"math"}},
        },
        attribute_filter=kept,
        url_schemes=_LINK_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def sanitise(html: str) -> str:
    """Return the HTML with only what the allow-list names."""
    return _cleaner().clean(html)


def render(
    text: str,
    *,
    highlighted_chars: int = MAX_HIGHLIGHTED_CHARS,
    is_growing: bool = False,
    definitions: dict[str, Any] | None = None,
) -> list[Block]:
    """Render a whole text, block by block.

    Args:
        text: As the model or the user wrote it.
        highlighted_chars: A longer block of code has no marks, which take their time.
        is_growing: More is to come: a formula may be closed yet.
        definitions: Those of links that came before; those of the text are added.
    """
    env: dict[str, Any] = {"is_growing": is_growing, "marked": highlighted_chars}
    if definitions is not None:
        env["references"] = definitions
    tokens = markdown().parse(text, env)
    return [_block(group, env) for group in _groups(tokens)]


def _groups(tokens: "Sequence[Token]") -> "list[list[Token]]":
    groups: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            groups.append([])
        groups[-1].append(token)
    return groups


def _block(tokens: "list[Token]", env: dict[str, Any]) -> Block:
    head = tokens[0]
    if head.type in _CODE:
        code = sanitise(_code(head, env)) if _language(head) else _code(head, env)
        return Block(code, is_code=True, language=_language(head))
    parser = markdown()
    html = parser.renderer.render(tokens, parser.options, env)
    return Block(sanitise(html), images=_images(tokens), labels=_labels(tokens))


_CODE: Final = {"fence", "code_block"}


def _labels(tokens: "Sequence[Token]") -> tuple[str, ...]:
    return tuple(
        _language(token) if token.type in _CODE else _heads(tokens, index)
        for index, token in enumerate(tokens)
        if token.type in _CODE or token.type == "table_open"
    )


def _language(token: "Token") -> str:
    words = token.info.split()
    return words[0][:40] if words else ""


def _heads(tokens: "Sequence[Token]", index: int) -> str:
    """Return what the columns of a table are called."""
    heads: list[str] = []
    while tokens[index].type != "thead_close":
        if tokens[index].type == "inline" and tokens[index].content:
            heads.append(tokens[index].content)
        index += 1
    label = ", ".join(heads)
    return label if len(label) <= _MAX_LABEL else f"{label[:_MAX_LABEL]}…"


def _images(tokens: "Sequence[Token]") -> tuple[RemoteImage, ...]:
    found: dict[str, RemoteImage] = {}
    children = (child for token in tokens for child in token.children or ())
    for child in children:
        if child.type != "image":
            continue
        url = str(child.attrs.get("src", ""))
        if host := _remote_host(url):
            found.setdefault(url, RemoteImage(url, host, child.content))
    return tuple(found.values())


def _remote_host(src: str) -> str | None:
    try:
        parts = urlsplit(src)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in {"http", "https"} else None


def _code(token: "Token", env: dict[str, Any]) -> str:
    language = _language(token)
    if not language or len(token.content) > env["marked"]:
        return escape(token.content, quote=False)
    from backend.web.markdown.highlighting import highlight  # noqa: PLC0415 see the module

    return highlight(token.content, language)


def _framed_code(
    _self: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    _options: "OptionsDict",
    env: dict[str, Any],
) -> str:
    return f"<pre><code>{_code(tokens[index], env)}</code></pre>\n"


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
    if host is None or token.meta.get("is_linked"):
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


def _item(
    self: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: dict[str, Any],
) -> str:
    """Leave the box of a task to its own token."""
    return self.renderToken(tokens, index, options, env)


def _around(before: str, after: str) -> "Callable[..., str]":
    """Return a rule that puts a token's escaped text between two pieces of HTML."""

    def rule(
        _self: "RendererHTML",
        tokens: "Sequence[Token]",
        index: int,
        _options: "OptionsDict",
        _env: dict[str, Any],
    ) -> str:
        return f"{before}{escape(tokens[index].content, quote=False)}{after}"

    return rule


def _formula(drawn: str, undrawn: str, *, is_display: bool) -> "Callable[..., str]":
    """Return a rule that puts a drawing, or else the source, into its frame."""
    keep_source = _around(*undrawn.split("{}"))

    def rule(
        self: "RendererHTML",
        tokens: "Sequence[Token]",
        index: int,
        options: "OptionsDict",
        env: dict[str, Any],
    ) -> str:
        if drawing := _drawn(tokens[index].content, is_display=is_display):
            return drawn.format(drawing)
        return keep_source(self, tokens, index, options, env)

    return rule


def _drawn(source: str, *, is_display: bool) -> str | None:
    """Draw a formula between its marks; None for one that is open or not understood."""
    from backend.web.formulas.formula_drawing import draw  # noqa: PLC0415 see the module
    from backend.web.formulas.formulas import body_of  # noqa: PLC0415 see the module

    body = body_of(source)
    drawn = body and draw(body, is_display=is_display)
    return drawn and drawn.replace("<math", f'<math alttext="{escape(source)}"', 1)


# The page knows `samp` and `var` outside code for marks: no text can make them there.
_RULES: Final = {
    "image": _image,
    "td_open": _cell,
    "th_open": _cell,
    "fence": _framed_code,
    "code_block": _framed_code,
    "list_item_open": _item,
    "task": _around("<samp>", "</samp> "),
    "footnote_ref": _around("<sup><samp>", "</samp></sup>"),
    "footnote_mark": _around("<sup><var>", "</var></sup> "),
    "footnote_reference_open": _around("", ""),
    "footnote_reference_close": _around("", ""),
    "formula": _formula("{}", '<code class="math">{}</code>', is_display=False),
    "formula_block": _formula(
        '<p class="math">{}</p>\n',
        '<p><code class="math block">{}</code></p>\n',
        is_display=True,
    ),
}


@cache
def markdown() -> "MarkdownIt":
    """Return the parser, the same for whole and for growing texts."""
    from backend.web.markdown.markdown_rules import build_parser  # noqa: PLC0415 see the module

    parser = build_parser()
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser
