"""Reads the files of a bundle, each with the parser of its program."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, Final, Self

from backend.importing.bundles import Bundle
from backend.importing.identity import assign_ids, folder_of, note_of, print_of
from backend.importing.limits import (
    MAX_CONVERSATIONS,
    DamagedError,
    damaged,
    too_large,
)
from backend.importing.programs import (
    chatbot_ui,
    chatbox,
    chatgpt,
    cherry_studio,
    claude,
    deepseek,
    hearth,
    jan,
    librechat,
    lm_studio,
    open_webui,
)
from backend.importing.records import (
    ImportCounts,
    ImportedAttachment,
    ImportedConversation,
    ImportedFolder,
    Row,
    Skip,
    Source,
    SourceConversation,
    SourceFolder,
)
from backend.importing.said import without_bare_files
from backend.importing.stream import Readable, entries, lines, whole

WRAPPERS: Final = ("conversations", "data", "chats", "history")
"""What the list of conversations is called where it is not the whole file."""
_FAULTS: Final = (TypeError, ValueError, KeyError, AttributeError, RecursionError)
_LISTS: Final[dict[Source, Callable[[object, ImportCounts], SourceConversation]]] = {
    Source.CHATGPT: chatgpt.read,
    Source.CLAUDE: claude.read,
    Source.OPEN_WEBUI: open_webui.read,
    Source.DEEPSEEK: deepseek.read,
    Source.CHATBOT_UI: chatbot_ui.read,
    Source.LIBRECHAT: librechat.read,
}
_LOST: Final = (Skip.UNREADABLE_MESSAGE, Skip.TOO_LONG)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a bundle, or the two of a thread, and the program it is from."""

    source: Source
    name: str
    files: tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """A bundle that was recognised.

    Attributes:
        parts: What will be read.
        total: How many bytes that has.
        left: The files that will not be read, and why.
        done: How many bytes have been read.
    """

    bundle: Bundle
    parts: list[SourceFile]
    total: int
    left: list[tuple[Skip, str]] = field(default_factory=list)
    done: int = 0
    _seen: dict[str, int] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The programs the files come from."""
        *most, last = dict.fromkeys(part.source.value for part in self.parts)
        return f"{', '.join(most)} and {last}" if most else last

    def rows(self, tally: ImportCounts) -> Iterator[Row]:
        """Yield everything that can be imported, and count it and the rest.

        Raises:
            InvalidInputError: All files are damaged.
            TooLargeError: They hold too much.
        """
        for why, name in self.left:
            tally.skip(why, 1, [name])
        damaged_parts: list[SourceFile] = []
        for part in self.parts:
            try:
                yield from self._counted(part, tally)
            except DamagedError:
                if len(self.parts) == 1:
                    raise
                damaged_parts.append(part)
                tally.skip(Skip.DAMAGED, 1, [part.name])
        if damaged_parts and not self._seen:
            raise damaged(damaged_parts[0].name)

    def _counted(self, part: SourceFile, tally: ImportCounts) -> Iterator[Row]:
        for row in self._rows(part, tally):
            if isinstance(row, ImportedAttachment):
                yield row  # part of a message that was counted
            elif kept := self._kept(row, tally):
                tally.count(kept)
                yield kept

    def _kept(self, row: Row, tally: ImportCounts) -> Row | None:
        """Return a row unless it has come already as it is."""
        tally.entries += 1
        print_ = print_of(row)
        if self._seen.get(row.id) == print_:
            tally.skip(Skip.TWICE)
            if isinstance(row, ImportedConversation):
                tally.skip(Skip.TWICE_MESSAGE, len(row.messages))
            return None
        self._seen[row.id] = print_
        if len(self._seen) > MAX_CONVERSATIONS:
            raise too_large("This contains more than 200,000 conversations.")
        return row

    def _rows(self, part: SourceFile, tally: ImportCounts) -> Iterator[Row]:
        if part.source is Source.HEARTH:
            yield from self._own(part.name, tally)
            return
        for source, talk in self._talks(part, tally):
            if talk.folder:
                yield from self._folder(source, talk.folder)
            for note in talk.notes:
                yield note_of(source, note)
            # One of Hearth's own may have no messages yet, but a title or a draft.
            if talk.said:
                yield self._settled(source, talk)
            elif talk.key or not talk.folder:
                tally.entries += 1
                tally.skip(Skip.EMPTY)

    def _folder(self, source: Source, folder: SourceFolder) -> Iterator[ImportedFolder]:
        """Yield a folder once: each of its conversations tells it again."""
        row = folder_of(source, folder)
        if row.id not in self._seen:
            yield row

    def _settled(
        self, source: Source, talk: SourceConversation
    ) -> ImportedConversation:
        """Return a conversation; of several called the same, one by its place."""
        row = assign_ids(source, talk)
        if talk.place and self._seen.get(row.id) not in {None, print_of(row)}:
            return assign_ids(source, replace(talk, key=talk.place))
        return row

    def _talks(
        self, part: SourceFile, tally: ImportCounts
    ) -> Iterator[tuple[Source, SourceConversation]]:
        match part.source:
            case Source.JAN:
                yield from _whole(
                    Source.JAN, lambda: [self._thread(part, tally)], tally
                )
            case Source.LM_STUDIO:
                with self._open(part.name) as file:
                    item = whole(file)
                yield from _whole(
                    Source.LM_STUDIO,
                    lambda: [lm_studio.read(item, part.name, tally)],
                    tally,
                )
            case Source.CHATBOX:
                yield from self._sessions(part.name, tally)
            case Source.CHERRY_STUDIO:
                yield from self._topics(part.name, tally)
            case _:
                for item in self._items(part.name, tally):
                    source = source_of(item) or part.source
                    parse = _LISTS.get(source, _LISTS[part.source])
                    yield from _whole(source, lambda: [parse(item, tally)], tally)  # noqa: B023 called now

    def _items(self, name: str, tally: ImportCounts) -> Iterator[dict[str, Any]]:
        """Yield the conversations of a list, wherever it is, or the only one."""
        for item in self._values(name, tally):
            if isinstance(item, dict):
                yield item
            else:
                _unread(tally)

    def _values(self, name: str, tally: ImportCounts) -> Iterator[Any]:
        if name.lower().endswith(".jsonl"):
            with self._open(name) as file:
                yield from lines(file)
            return
        is_single = False
        with self._open(name) as file:
            for key, item in entries(file):
                if key in WRAPPERS and not _is_tree(item):
                    yield from _unwrapped(item)
                elif key and source_of({key: item}):
                    is_single = True
                    break
                elif key:
                    is_list = key in {"folders", "prompts"}
                    tally.skip(Skip.PROMPT if is_list else Skip.MARK, is_list)
                else:
                    yield item
        if is_single:
            with self._open(name) as file:
                yield whole(file)

    def _sessions(
        self, name: str, tally: ImportCounts
    ) -> Iterator[tuple[Source, SourceConversation]]:
        with self._open(name) as file:
            for key, item in entries(file):
                if chatbox.holds_session(key):
                    read = partial(chatbox.read, item, tally)
                    yield from _whole(Source.CHATBOX, read, tally)

    def _topics(
        self, name: str, tally: ImportCounts
    ) -> Iterator[tuple[Source, SourceConversation]]:
        topics = cherry_studio.Topics(tally)
        with self._open(name) as file:
            for key, item in entries(file, cherry_studio.OPENED):
                topics.look(key, item)
        self.done = 0
        with self._open(name) as file:
            for key, item in entries(file, cherry_studio.OPENED):
                if key == cherry_studio.TOPICS:
                    read = partial(topics.read, item)
                    yield from _whole(Source.CHERRY_STUDIO, read, tally)

    def _thread(self, part: SourceFile, tally: ImportCounts) -> SourceConversation:
        folder, _, _ = part.name.rpartition("/")
        head: object = {}
        if part.name.endswith(".json"):
            with self._open(part.name) as file:
                head = whole(file)
        messages = [name for name in part.files if name.endswith(".jsonl")]
        if not messages:
            return jan.read(head, [], folder, tally)
        with self._open(messages[0]) as file:
            return jan.read(head, lines(file), folder, tally)

    def _own(self, name: str, tally: ImportCounts) -> Iterator[Row]:
        with self._open(name) as file:
            for key, item in entries(file):
                if key == "version":
                    hearth.check_version(item)
                elif key in _OWN:
                    if row := _OWN[key](item, tally):
                        yield row
                    elif key != _ATTACHED:
                        tally.entries += 1
                elif key not in {"format", "exported_at"}:
                    tally.skip(Skip.UNKNOWN, 1, [key])

    def _open(self, name: str) -> "_Metered":
        return _Metered(self, self.bundle.open(name))


class _Metered:
    """A file whose reading is counted."""

    def __init__(self, reading: Reading, file: Readable) -> None:
        self._reading = reading
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        piece = self._file.read(size)
        self._reading.done += len(piece)
        return piece


def source_of(item: object) -> Source | None:
    """Return which program writes conversations like this."""
    data: Mapping[str, Any] = item if isinstance(item, dict) else {}
    if "mapping" in data:
        return Source.DEEPSEEK if _is_deepseek(data) else Source.CHATGPT
    if "chat_messages" in data or claude.PROJECT in data:
        return Source.CLAUDE
    if librechat.MARK in data:
        return Source.LIBRECHAT
    history, messages = data.get("history"), data.get("messages")
    if isinstance(data.get("chat"), dict) or _is_tree(history):
        return Source.OPEN_WEBUI
    first = messages[0] if isinstance(messages, list) and messages else None
    if isinstance(first, dict) and "versions" in first:
        return Source.LM_STUDIO
    has_roles = isinstance(first, dict) and {"role", "content"} <= first.keys()
    if "folderId" in data or (has_roles and {"prompt", "temperature"} & data.keys()):
        return Source.CHATBOT_UI if isinstance(messages, list) else None
    return None


def lists_in(item: object) -> list[list[Any]]:
    """Return the lists of conversations that stand below a name in an entry."""
    inner: Mapping[str, Any] = item if isinstance(item, dict) else {}
    return [inner[name] for name in WRAPPERS if isinstance(inner.get(name), list)]


def _is_tree(history: object) -> bool:
    """Whether it is the tree of messages of a chat of Open WebUI."""
    return isinstance(history, dict) and isinstance(history.get("messages"), dict)


def _is_deepseek(data: Mapping[str, Any]) -> bool:
    mapping = data.get("mapping")
    nodes = mapping.values() if isinstance(mapping, dict) else ()
    messages = [node.get("message") for node in nodes if isinstance(node, dict)]
    has_parts = any(isinstance(m, dict) and "fragments" in m for m in messages)
    return "inserted_at" in data or has_parts


def _unwrapped(item: object) -> Iterator[Any]:
    """Yield the conversation below a name, or those of a list below another name."""
    lists = lists_in(item)
    if lists and not source_of(item):
        yield from chain.from_iterable(lists)
    else:
        yield item


def _whole(
    source: Source,
    read: Callable[[], Iterable[SourceConversation]],
    tally: ImportCounts,
) -> Iterator[tuple[Source, SourceConversation]]:
    """Yield what a parser finds, and whether all of it could be read."""
    lost = _lost(tally)
    try:
        for talk in read():
            answered = without_bare_files(talk, tally)
            now = _lost(tally)
            yield source, replace(answered, is_whole=now == lost)
            lost = now
    except _FAULTS:
        _unread(tally)


def _own_conversation(item: object, tally: ImportCounts) -> ImportedConversation | None:
    lost = _lost(tally)
    row = hearth.read_conversation(item, tally)
    return replace(row, is_whole=_lost(tally) == lost) if row else None


def _lost(tally: ImportCounts) -> int:
    """Return how many messages could not be read so far."""
    return sum(tally.skipped[why] for why in _LOST)


_ATTACHED: Final = "attachments"
_OWN: Final[dict[str, Callable[[object, ImportCounts], Row | None]]] = {
    "conversations": _own_conversation,
    "notes": hearth.read_note,
    "assistants": hearth.read_assistant,
    "actions": hearth.read_action,
    "folders": hearth.read_folder,
    _ATTACHED: hearth.read_attachment,
}
"""What an export of Hearth holds."""


def _unread(tally: ImportCounts) -> None:
    tally.entries += 1
    tally.skip(Skip.UNREADABLE)
