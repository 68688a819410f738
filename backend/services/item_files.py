"""The file in which things of one kind go from one Hearth to another."""

import json
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from backend.errors import InvalidInputError

_VERSION: Final = 1


class ItemFile(Struct, frozen=True, kw_only=True):
    """A kind of file.

    Attributes:
        format: What the file calls itself.
        key: Under which the things stand in it.
        noun: What a person calls them, in the plural.
        most: How many one may hold.
    """

    format: str
    key: str
    noun: str
    most: int

    def write(self, items: Sequence[object]) -> str:
        """Return things as the text of a file."""
        whole = {"format": self.format, "version": _VERSION, self.key: items}
        return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"

    def read(self, content: str) -> list[dict[str, Any]]:
        """Return the things in the text of a file, as they stand there.

        Raises:
            InvalidInputError: It is no such file, or one of a newer version.
        """
        try:
            data = json.loads(content)
        except (ValueError, RecursionError) as exc:
            raise InvalidInputError(f"This file holds no {self.noun}.") from exc
        if not isinstance(data, dict) or data.get("format") != self.format:
            raise InvalidInputError(f"This file holds no {self.noun}.")
        if data.get("version") != _VERSION:
            raise InvalidInputError(
                "This file was written by a newer version of Hearth. "
                "Update Hearth first."
            )
        rows = data.get(self.key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InvalidInputError(
                f"This file is damaged. Export the {self.key} again."
            )
        if len(rows) > self.most:
            raise InvalidInputError(f"A file may hold {self.most} {self.noun}.")
        return rows
