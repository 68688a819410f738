"""The one spelling of a URL on which decisions are made."""

from PySide6.QtCore import QUrl


def encoded(url: QUrl) -> str:
    """Return the URL in ASCII: percent-encoded, its host in punycode."""
    return url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
