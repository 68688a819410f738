"""Replays what answers did to the documents beside a talk, and shows the last state."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backend.importing.markup import fenced, titled

_LANGUAGES = {
    "text/markdown": "markdown",
    "document": "markdown",
    "text/html": "html",
    "image/svg+xml": "svg",
    "application/vnd.ant.react": "jsx",
    "application/vnd.ant.mermaid": "mermaid",
    "application/vnd.ant.code": "",
}


_PLAIN = re.compile(r"\\([^\w\s])")
"""A letter that is escaped in an expression."""


@dataclass(slots=True)
class _Document:
    """A document as it is by now, and the message that changed it last."""

    text: str = ""
    title: str = ""
    language: str = ""
    changed_in: str = ""


@dataclass(slots=True)
class Documents:
    """The documents of one conversation.

    Attributes:
        superseded: How many states there were besides the last ones.
    """

    superseded: int = 0
    _open: str = ""
    _known: dict[str, _Document] = field(default_factory=dict)
    _extra: dict[str, list[str]] = field(default_factory=dict)
    _mentions: dict[str, list[str]] = field(default_factory=dict)

    def fork(self) -> "Documents":
        """Return them for a branch that begins here."""
        known = {name: replace(document) for name, document in self._known.items()}
        return Documents(_open=self._open, _known=known)

    def write(
        self, key: str, name: str, text: str, *, title: str = "", language: str = ""
    ) -> None:
        """Begin a document, or write it again; without text it is only looked at."""
        if not text:
            return
        document = self._changed(key, name)
        document.text = text
        document.title = title or document.title
        document.language = _LANGUAGES.get(language, language) or document.language

    def replace(self, key: str, name: str, old: str, new: str) -> None:
        """Replace a passage; where it is not found, keep the new one by itself."""
        known = self._known.get(name)
        if known is None or not old or old not in known.text:
            self.add(key, new, title=known.title if known else name)
            return
        document = self._changed(key, name)
        document.text = document.text.replace(old, new, 1)

    def begin(self, key: str, title: str, text: str, language: str) -> None:
        """Begin the document that later changes without a name are about."""
        self._open = key
        self.write(key, key, text, title=title or "Document", language=language)

    def change(self, key: str, pattern: str, new: str) -> None:
        """Change the document that was begun last, where a pattern says.

        A pattern is an expression of a foreign file, and trying one can take for ever:
        only those that mean all of the text, or a piece of it to the letter, are used.
        """
        known = self._known.get(self._open)
        if pattern.strip("^$") in {".*", "(?s).*", ".+"} and known and new:
            self.write(key, self._open, new)
        else:
            self.replace(key, self._open, _PLAIN.sub(r"\1", pattern), new)

    def add(self, key: str, text: str, language: str = "", *, title: str = "") -> None:
        """Keep a piece of text with the message it came in."""
        if text.strip():
            block = titled(title, fenced(text, language))
            self._extra.setdefault(key, []).append(block)

    def shown_in(self, key: str) -> list[str]:
        """Return what a message shows of documents, as Markdown."""
        last = [
            titled(document.title or name, fenced(document.text, document.language))
            for name, document in self._known.items()
            if document.changed_in == key
        ]
        earlier = [
            f"*{' '.join((self._known[name].title or name).split())}: an earlier "
            "version; the last one stands below.*"
            for name in self._mentions.get(key, [])
            if self._known[name].changed_in != key
        ]
        return [*self._extra.get(key, []), *earlier, *last]

    def _changed(self, key: str, name: str) -> _Document:
        document = self._known.setdefault(name, _Document())
        self.superseded += bool(document.text)
        document.changed_in = key
        mentions = self._mentions.setdefault(key, [])
        if name not in mentions:
            mentions.append(name)
        return document


class Replays:
    """The documents along each branch of a conversation."""

    def __init__(self, replay: Callable[[str, Documents], None]) -> None:
        """Replay a conversation.

        Args:
            replay: Does again what one message did.
        """
        self._replay = replay
        self._behind: dict[str, Documents] = {}

    def along(self, branch: Sequence[str], parents: Mapping[str, str]) -> Documents:
        """Return what a branch shows of documents.

        Args:
            branch: Its own messages, from above.
            parents: What each message of the tree follows.
        """
        if not self._behind:
            self._behind = {one: Documents() for one in _forks(parents)}
        begun = self._behind.get(parents[branch[0]])
        documents = begun.fork() if begun else Documents()
        for key in branch:
            self._replay(key, documents)
            if key in self._behind:
                self._behind[key] = documents.fork()
        return documents


def _forks(parents: Mapping[str, str]) -> list[str]:
    """Return the messages that more than one follows."""
    return [one for one, count in Counter(parents.values()).items() if count > 1]
