"""What other programs are given of an answer in quick ask: its words and its looks."""

import re
from typing import Final

_SPAN: Final = re.compile(r'(?s)<span style="([^"]*)">(.*?)</span>')
_TAGS: Final = (
    ("font-weight:700", "strong"),
    ("font-style:italic", "em"),
    ("font-family:", "code"),
    ("line-through", "s"),
    ("vertical-align:sub", "sub"),
    ("vertical-align:super", "sup"),
)
_BODY: Final = re.compile(r"(?s)<body[^>]*>(.*)</body>")
_OWN: Final = re.compile(
    r' (?:style|border|cellspacing|cellpadding|type|class)="[^"]*"|<!--\w+-->'
    r'|<p style="-qt-paragraph-type:empty;[^>]*><br /></p>|<a name="[^"]*"></a>'
)
_IN_HEADING: Final = re.compile(r"(?s)(<h[1-6][^>]*>)<strong>(.*?)</strong>(</h[1-6]>)")
_LINES: Final = re.compile(r"</pre>\s*<pre[^>]*>")
_IN_CODE: Final = re.compile(r"(?s)<pre[^>]*>.*?</pre>")
_MARK: Final = re.compile(r"</?(?:strong|em|code|s)>|<br />")
"""What Qt writes of the looks of code, and into its empty lines."""


def clean_html(written: str) -> str:
    """Return what Qt wrote of a document as elements that any program reads."""
    body = _BODY.search(written)
    html = _SPAN.sub(_element, body[1] if body else written)
    html = _LINES.sub("\n", _OWN.sub("", html))
    html = _IN_HEADING.sub(r"\1\2\3", html)
    return _IN_CODE.sub(lambda match: _MARK.sub("", match[0]), html).strip()


def _element(match: re.Match[str]) -> str:
    html = match[2]
    for style, tag in _TAGS:
        if style in match[1]:
            html = f"<{tag}>{html}</{tag}>"
    return html
