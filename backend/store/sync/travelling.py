"""What travels to other computers, and what stays: every table is in one of two lists.

A noun joins by its line here. What is not named does not leave this computer.
"""

import re
from collections.abc import Mapping, Set
from typing import Final, NamedTuple

from backend.interface.stored_values import DERIVED
from backend.store.models import LOGGED
from backend.store.text import clean_text

_ENGINE: Final = frozenset({"engine_id", "model"})

TRAVELS: Final[Mapping[str, Set[str]]] = {
    "conversation": _ENGINE,
    "message": frozenset(),
    "folder": frozenset(),
    "note": frozenset(),
    "assistant": _ENGINE,
    "action": _ENGINE | {"shortcut"},
    "setting": frozenset(),
    "attachment": frozenset(),  # its file travels beside it
}
"""The tables that travel, each with the fields that stay: what this computer has."""

FORGOTTEN: Final = "forgotten"
"""What changes are of that tell of something deleted for good; no table is."""

WANTED: Final = "wanted"
"""What changes are of that ask for all of a row; no table is."""

FORGETTABLE: Final = frozenset(
    {"conversation", "message", "folder", "note", "assistant"}
)
"""What is deleted for good on all computers when it is on one."""

SETTINGS: Final = frozenset({"instructions"})
"""The settings that mean the same elsewhere."""

STAYS: Final = frozenset(
    {
        "change",
        "draft",
        "draft_attachment",
        "engine",
        "import_run",
        "indexed_document",
        "stream_chunk",
        "submission",
        "sync_conflict",
        "sync_gone",
        "sync_out",
        "sync_parked",
        "sync_peer",
        "sync_state",
        "unindexed",
    }
)

COMPARED: Final = frozenset({"title", "text", "body"})
"""The fields whose losing text a person wants to see."""

_READING: Final = re.compile(r"[0-9a-f]{16}-[\w.-]{1,80}")
_MOST: Final = 2**53
"""The driver takes no integer from here on."""

Fields = dict[str, str | int | None]


class Op(NamedTuple):
    """One change of one row, as it travels.

    Attributes:
        hlc: When, by the clock of its device; no two changes have the same.
        base: The clocks of the texts it replaced; None for a new row.
    """

    hlc: str
    transaction_id: str
    table: str
    row_id: str
    base: Mapping[str, str] | None
    fields: Fields

    @classmethod
    def read(cls, data: object) -> "Op":
        """Read one of a record.

        Raises:
            ValueError: It is none.
        """
        if not isinstance(data, list) or len(data) != len(cls._fields):
            raise ValueError("no change")
        *names, base, fields = data
        is_named = all(isinstance(name, str) and name for name in names)
        is_one = isinstance(fields, dict) and isinstance(base, dict | None)
        if not is_named or not is_one or not _READING.fullmatch(names[0]):
            raise ValueError("no change")
        if not all(map(_is_storable, fields.values())):
            raise ValueError("what it holds cannot be stored")
        hlc, transaction_id, table, row_id = names
        return cls(hlc, transaction_id, table, row_id, base, fields)

    @property
    def device_id(self) -> str:
        """Who made the change."""
        return self.hlc[17:]

    @property
    def travels(self) -> bool:
        """Whether this computer takes it from another one."""
        if self.table == "setting":
            return self.row_id in SETTINGS
        return self.table in TRAVELS or self.table not in STAYS


def leaving(table: str, fields: Fields) -> Fields:
    """Return the fields of a change that travel."""
    stays = TRAVELS.get(table, frozenset())
    return {name: value for name, value in fields.items() if name not in stays}


def known_fields(table: str, fields: Fields) -> Fields:
    """Return those of the fields that this version can put into a row.

    What a newer version added stays in the change log, whole.
    """
    stays = TRAVELS[table] | DERIVED | {"id"}
    columns = LOGGED[table].__table__.columns  # type: ignore[attr-defined]  # of a table
    return {
        name: value
        for name, value in fields.items()
        if name in columns and name not in stays and _fits(columns[name], value)
    }


def _fits(column: object, value: str | int | None) -> bool:
    if value is None:
        return bool(column.nullable)  # type: ignore[attr-defined]  # a Column
    return isinstance(value, column.type.python_type)  # type: ignore[attr-defined]  # a Column


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return clean_text(value) == value
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < _MOST
    return value is None
