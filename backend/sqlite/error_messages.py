"""What the user reads when the database fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.errors import (
    ConflictError,
    HearthError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreKeyError,
    StoreReadOnlyError,
)
from backend.sqlite import dbapi

_SENTENCES: Final[tuple[tuple[type[dbapi.Error], type[HearthError], str], ...]] = (
    (
        dbapi.LockedError,
        StoreBusyError,
        "Another program keeps Hearth's database busy. Try again in a moment.",
    ),
    (
        dbapi.DiskFullError,
        StoreFullError,
        "The disk is full, so this was not saved. Make room and try again.",
    ),
    (
        dbapi.ReadOnlyError,
        StoreReadOnlyError,
        "Hearth's data folder cannot be written, so this was not saved. "
        "Check the permissions of the folder and the disk.",
    ),
    (
        dbapi.CannotOpenError,
        StoreReadOnlyError,
        "Hearth's database file cannot be opened. Check that it is a file and that "
        "you may read and write it.",
    ),
    (
        dbapi.CorruptError,
        StoreDamagedError,
        "Hearth's database is damaged. Restore a backup; the damaged file is kept.",
    ),
    (
        dbapi.BadKeyError,
        StoreKeyError,
        "Hearth's database cannot be opened with this key, or is not a database. "
        "Enter the "
        "recovery code, or restore a backup.",
    ),
    (
        dbapi.IntegrityError,
        ConflictError,
        "This does not fit what is already stored. Reload and try again.",
    ),
    (
        dbapi.Error,
        StoreError,
        "Hearth's database could not do this. Check the disk and try again.",
    ),
)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the errors of the driver into ours, with a sentence for the user.

    Raises:
        StoreError: The database failed.
        ConflictError: A constraint refused the change.
    """
    try:
        yield
    except DBAPIError as exc:
        raise _translate(exc.orig) from exc
    except PoolTimeoutError as exc:
        raise StoreBusyError(
            "Hearth is very busy. Try again in a moment.",
        ) from exc
    except dbapi.Error as exc:
        raise _translate(exc) from exc


def _translate(error: BaseException | None) -> HearthError:
    return next(
        (
            ours(sentence)
            for kind, ours, sentence in _SENTENCES
            if isinstance(error, kind)
        ),
        StoreError(_SENTENCES[-1][2]),
    )
