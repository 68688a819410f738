"""Expected errors: each speaks to the user in one or two plain sentences."""

from enum import Enum
from typing import ClassVar, Final

UNWRITABLE: Final = (
    "Hearth cannot write in its data folder, so nothing was changed. "
    "Check that the disk is not full or read-only."
)


class HearthError(Exception):
    """Something expected went wrong; the text says what happened and what to do.

    Attributes:
        status: The HTTP status a route answers with.
    """

    status: ClassVar[int] = 400


class InvalidInputError(HearthError):
    """What was sent cannot be used."""

    status = 422


class NotFoundError(HearthError):
    """What was asked for is not there, or no longer."""

    status = 404


class GoneError(HearthError):
    """What was asked for was never kept, and is no more."""

    status = 410


class ConflictError(HearthError):
    """What was asked for does not fit what is stored."""

    status = 409


class TooLargeError(HearthError):
    """What was sent is larger than Hearth takes."""

    status = 413


class StoreError(HearthError):
    """The database cannot do what was asked."""

    status = 500


class StoreBusyError(StoreError):
    """Another writer kept the database for too long."""

    status = 503


class StoreFullError(StoreError):
    """The disk has no room for the change."""

    status = 507


class StoreReadOnlyError(StoreError):
    """The database file or its folder cannot be written."""


class StoreDamagedError(StoreError):
    """The database file is damaged."""


class StoreKeyError(StoreError):
    """The file does not open with this key, or is no database."""


class StoreTooNewError(StoreError):
    """The database was written by a newer version of Hearth."""


class StoreClosedError(StoreError):
    """The store is not open; the page shows why and what to do."""

    status = 423


class StoreLockedError(StoreClosedError):
    """The store is encrypted and waits for its key."""


class BackupLockedError(HearthError):
    """A backup is encrypted with another key, which has to be entered."""

    status = 409


class EngineFault(Enum):
    """Why an engine gave no (whole) answer."""

    REFUSED = "refused"
    UNTRUSTED = "untrusted certificate"
    NO_TLS = "no https"
    PROXY = "proxy"
    MOVED = "moved"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NO_CREDIT = "no credit"
    MODEL_MISSING = "model missing"
    NO_SIGHT = "no sight"
    CONTEXT_TOO_LONG = "context too long"
    RATE_LIMITED = "rate limited"
    LOADING = "loading"
    TIMEOUT = "timeout"
    STALLED = "stalled"
    GARBAGE = "garbage"
    WEB_PAGE = "web page"
    CUT_OFF = "cut off"
    EMPTY = "empty"
    THOUGHTS_ONLY = "thoughts only"
    FILTERED = "filtered"
    DECLINED = "declined"
    TOOL_CALL = "tool call"
    LIMIT = "limit"
    REJECTED = "rejected"
    SERVER_ERROR = "server error"
    BAD_MODEL_FILE = "bad model file"
    TOO_LARGE = "too large"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    SAFE_MODE = "safe mode"
    REMOVED = "removed"


class EngineError(HearthError):
    """An engine failed; the sentence names the engine and the next step."""

    status = 502

    def __init__(self, fault: EngineFault, sentence: str) -> None:
        """Keep the fault beside the sentence for the user."""
        super().__init__(sentence)
        self.fault = fault
