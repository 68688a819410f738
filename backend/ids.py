"""Makes the ids of rows: UUIDv7 text, so that sorting by id is sorting by creation."""

import re
import secrets
import threading
import time
import uuid
from enum import StrEnum
from typing import Final

NEW: Final = "new"
ARCHIVE: Final = "archive"
"""A place of the list of conversations; other places are ids of folders."""
"""The draft of what does not exist yet: a conversation, an action."""

COUNTER_BITS: Final = 12
RANDOM_BITS: Final = 62
_VERSION: Final = 7
_TEMPORARY: Final = 8
_VERSION_AT: Final = 14
_ID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LAST_MS: Final = 253_370_764_800_000
"""The year 9999, the last one of a `datetime`."""


def now_ms() -> int:
    """Return the wall clock in milliseconds, UTC."""
    return time.time_ns() // 1_000_000


def uuid7(stamp: int, chance: int) -> str:
    """Return a UUIDv7.

    Args:
        stamp: Milliseconds, and a counter in the lowest 12 bits.
        chance: The random part.
    """
    ms, counter = divmod(stamp, 1 << COUNTER_BITS)
    number = ms << 80 | _VERSION << 76 | counter << 64 | 0b10 << RANDOM_BITS | chance
    return str(uuid.UUID(int=number))


def next_after(row_id: str) -> str:
    """Return the beginning, up to the random part, of an id right after another one."""
    number = uuid.UUID(row_id).int
    stamp = (number >> 80 << COUNTER_BITS | number >> 64 & 0xFFF) + 1
    return uuid7(stamp, 0)[: len("018bcfe5-69f4-7000-")]


class IdSource:
    """Gives ids that only rise, also when the clock is set back.

    The 12 bits after the milliseconds count the ids of one millisecond; when they
    run out, or the clock lags, the time part runs ahead of the clock instead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        """Return the next id."""
        with self._lock:
            self._last = max(now_ms() << COUNTER_BITS, self._last + 1)
            return uuid7(self._last, secrets.randbits(RANDOM_BITS))

    def not_before(self, row_id: str) -> None:
        """Let every further id sort after this one, which an earlier run made."""
        try:
            number = uuid.UUID(row_id).int
        except ValueError:
            return
        with self._lock:
            ms, counter = number >> 80, number >> 64 & 0xFFF
            self._last = max(self._last, ms << COUNTER_BITS | counter)


ids: Final = IdSource()
"""The one source of this process."""


def new_id() -> str:
    """Return an id that sorts after every earlier one of this process."""
    return ids.new()


def temporary_id() -> str:
    """Return an id of a conversation that is never written to disk: a UUIDv8."""
    return _with_version(new_id(), _TEMPORARY)


def kept_id(conversation_id: str) -> str:
    """Return the id a temporary conversation has when it is kept."""
    return _with_version(conversation_id, _VERSION)


def is_id(text: str) -> bool:
    """Whether a text is the id of a row."""
    return bool(_ID.fullmatch(text))


def is_temporary(row_id: str) -> bool:
    """Whether a conversation with this id is never written to disk."""
    return is_id(row_id) and row_id[_VERSION_AT] == str(_TEMPORARY)


def _with_version(row_id: str, version: int) -> str:
    return f"{row_id[:_VERSION_AT]}{version}{row_id[_VERSION_AT + 1 :]}"


def made_at(row_id: str) -> int | None:
    """Return when an id was made, in milliseconds; None for what is no such id."""
    try:
        found = uuid.UUID(row_id)
    except ValueError:
        return None
    at = found.int >> 80
    return at if found.version == _VERSION and at <= _LAST_MS else None


def edit_draft(message_id: str) -> str:
    """Return the id of the draft of a message that is being edited."""
    return f"edit:{message_id}"


def assistant_draft(assistant_id: str) -> str:
    """Return the id of the draft of an assistant's form."""
    return f"assistant:{assistant_id}"


class DraftedForm(StrEnum):
    """A form about a row, whose fields are kept while it is filled in."""

    FOLDER = "folder"
    FOLDER_NAME = "folder-name"
    SERVER = "server"
    SETUP = "setup"
    TITLE = "title"


def form_draft(form: DraftedForm, row_id: str) -> str:
    """Return the id of the draft of a form about a row."""
    return f"{form}:{row_id}"
