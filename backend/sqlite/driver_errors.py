"""The errors of the driver, in PEP 249's classes."""

import re
from typing import Final


class Warning(Exception):  # noqa: A001, N818 PEP 249 names it so
    """Something noteworthy; never raised here."""


class Error(Exception):
    """Any error of this module."""


class InterfaceError(Error):
    """A parameter of a type the driver cannot take."""


class DatabaseError(Error):
    """Any error of the database."""


class DataError(DatabaseError):
    """A value that would not be stored exactly."""


class OperationalError(DatabaseError):
    """The database could not do it now."""


class LockedError(OperationalError):
    """Another writer kept the database for too long."""


class DiskFullError(OperationalError):
    """The disk has no room for the change."""


class ReadOnlyError(OperationalError):
    """The file or its folder cannot be written."""


class CannotOpenError(OperationalError):
    """The file cannot be opened or created."""


class IntegrityError(DatabaseError):
    """A constraint refused the change."""


class InternalError(DatabaseError):
    """The driver panicked."""


class CorruptError(DatabaseError):
    """The file is damaged."""


class BadKeyError(DatabaseError):
    """A wrong key or no database at all: the library cannot tell the two apart."""


class ProgrammingError(DatabaseError):
    """The driver was used in a wrong way."""


class NotSupportedError(DatabaseError):
    """Something libSQL does not have."""


_KINDS: Final[tuple[tuple[str, type[Error]], ...]] = (
    (r"constraint failed|datatype mismatch|cannot store \w+ value", IntegrityError),
    (r"database (table |schema )?is locked", LockedError),
    (r"database or disk is full", DiskFullError),
    (r"readonly database", ReadOnlyError),
    (r"Unable to open connection|unable to open database", CannotOpenError),
    (r"image is malformed|malformed database schema|fts5: corrupt", CorruptError),
    (r"vtable constructor failed|unsupported file format|invalid fts5", CorruptError),
    (r"file is not a database", BadKeyError),
    (r"string or blob too big|integer overflow", DataError),
    (r"already closed|Misuse", ProgrammingError),
    (r"Unsupported parameter|cannot be converted", InterfaceError),
)


def translate(text: str) -> Error:
    """Return the error that the driver's words stand for."""
    for pattern, kind in _KINDS:
        if re.search(pattern, text):
            return kind(text)
    return OperationalError(text)
