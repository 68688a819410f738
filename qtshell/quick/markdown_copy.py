"""The Markdown of a part of an answer in quick ask, from what Qt wrote of it.

Qt's own writer breaks code and long lines, and leaves bars in cells as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, TypeGuard

_VOID: Final = frozenset({"br", "hr", "img"})
_BLOCKS: Final = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}) | {
    *("hr", "li", "ol", "p", "pre", "table", "ul")
}
_AROUND: Final = {"strong": "**", "em": "*", "s": "~~"}
_SIGNS: Final = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)|~~")
_FIRST: Final = re.compile(r"(?m)^(\s*(?:\d+(?=[.)]\s))?)([#>+-](?=[#\s])|[.)](?=\s))")
_ESCAPED: Final = r"\\\g<0>"
_FORMULA: Final = re.compile(r"(?s)\$\$.+\$\$|\$[^$]+\$|\\\(.+\\\)|\\\[.+\\\]")
_BOXES: Final = {"☑": "[x]", "☐": "[ ]"}
_RUN: Final = re.compile(r"`+")


@dataclass(slots=True)
class _Element:
    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    inside: "list[_Element | str]" = field(default_factory=list)

    def text(self) -> str:
        if self.tag == "br":
            return "\n"
        return "".join(n if isinstance(n, str) else n.text() for n in self.inside)

    def all(self, tag: str) -> "list[_Element]":
        found: list[_Element] = []
        for one in self.inside:
            if isinstance(one, _Element):
                found += [one] if one.tag == tag else one.all(tag)
        return found


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [_Element("body")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = _Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(made)
        if tag not in _VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        if any(one.tag == tag for one in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def markdown_of(html: str) -> str:
    """Return the Markdown of HTML as `clean_html` returns it."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return "\n\n".join(_blocks(tree.open[0].inside))


def _blocks(inside: "Sequence[_Element | str]") -> list[str]:
    found: list[str] = []
    line: list[_Element | str] = []
    for one in [*inside, None]:
        if one is not None and not (isinstance(one, _Element) and one.tag in _BLOCKS):
            line.append(one)
            continue
        if words := _inline(line).strip():
            found.append(_FIRST.sub(r"\1\\\2", words))
        line = []
        if isinstance(one, _Element) and (block := _block(one)):
            found.append(block)
    return found


def _block(one: _Element) -> str:
    match one.tag:
        case "hr":
            return "---"
        case "pre":
            code = one.text().strip("\n")
            fence = "`" * max(3, 0, *(len(run) + 1 for run in _RUN.findall(code)))
            return f"{fence}\n{code}\n{fence}"
        case "ul" | "ol":
            return _list(one)
        case "table":
            return _table(one)
        case "blockquote":
            quoted = "\n\n".join(_blocks(one.inside))
            return re.sub(r"(?m)^", "> ", quoted)
        case "p":
            return "\n\n".join(_blocks(one.inside))
        case _:
            words = " ".join(_inline(one.inside).split())
            return f"{'#' * int(one.tag[1])} {words}" if words else ""


def _list(one: _Element) -> str:
    items: list[str] = []
    number = int(one.attrs.get("start") or 1)
    for item in one.inside:
        if isinstance(item, str):
            continue
        mark = f"{number}. " if one.tag == "ol" else "- "
        inside = item.inside if item.tag == "li" else [item]
        text = re.sub(r"\n(?=.)", "\n" + " " * len(mark), _tight(_blocks(inside)))
        if item.tag == "li":
            items.append(mark + text)
            number += 1
        elif items:  # Qt writes what else is in an item behind it
            items[-1] += f"\n\n{' ' * len(mark)}{text}"
    return "\n".join(items)


def _tight(blocks: Sequence[str]) -> str:
    """Return what is in an item: a list in it stands right under its words."""
    text = blocks[0] if blocks else ""
    for block in blocks[1:]:
        is_list = re.match(r"(?:-|\d+\.) ", block)
        text += ("\n" if is_list else "\n\n") + block
    return text


def _table(one: _Element) -> str:
    rows = [
        [_cell(cell) for cell in row.inside if isinstance(cell, _Element)]
        for row in one.all("tr")
    ]
    if not rows:
        return ""
    is_headed = one.all("thead") or one.all("th")
    head, *rest = rows if is_headed else [[""] * len(rows[0]), *rows]
    head = [re.sub(r"\A\*\*(.*)\*\*\Z", r"\1", words) for words in head]
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: _Element) -> str:
    words = " ".join(_inline(cell.inside).split())
    return words.replace("|", "\\|")


def _inline(inside: "Sequence[_Element | str]") -> str:
    return "".join(
        _SIGNS.sub(_ESCAPED, one) if isinstance(one, str) else _span(one)
        for one in _joined(inside)
    )


def _is_link(one: _Element | str) -> TypeGuard[_Element]:
    return isinstance(one, _Element) and one.tag == "a"


def _joined(inside: "Sequence[_Element | str]") -> "list[_Element | str]":
    """Return what is inside with one link for each that Qt wrote as several."""
    found: list[_Element | str] = []
    for one in inside:
        last = found[-1] if found else ""
        if _is_link(one) and _is_link(last) and one.attrs == last.attrs:
            found[-1] = _Element("a", one.attrs, [*last.inside, *one.inside])
        else:
            found.append(one)
    return found


def _span(one: _Element) -> str:
    match one.tag:
        case "br":
            return "\\\n"
        case "img":
            return one.attrs.get("alt", "")
        case "code":
            return _code(one.text())
        case "a" if one.attrs.get("href"):
            return f"[{_inline(one.inside)}]({one.attrs['href']})"
        case "sub" | "sup":
            return f"<{one.tag}>{_SIGNS.sub(_ESCAPED, one.text())}</{one.tag}>"
        case tag:
            return _marked(_inline(one.inside), _AROUND.get(tag, ""))


def _marked(words: str, mark: str) -> str:
    """Return words between marks, which stand at letters."""
    bare = words.strip()
    before, _, after = words.partition(bare) if bare else (words, "", "")
    return f"{before}{mark}{bare}{mark}{after}" if bare else words


def _code(text: str) -> str:
    """Return code; quick ask shows formulas and boxes of tasks as such, too."""
    if text in _BOXES or _FORMULA.fullmatch(text):
        return _BOXES.get(text, text)
    ticks = "`" * (1 + max((len(run) for run in _RUN.findall(text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"
