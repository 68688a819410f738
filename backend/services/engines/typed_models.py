"""Names of models a person typed, for servers that do not list them."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from backend.errors import InvalidInputError
from backend.llm.listed_model import ListedModel
from backend.llm.wire.model_list import MAX_ID_CHARS

if TYPE_CHECKING:
    from backend.store.settings import SettingStore

MOST: Final = 100


class TypedModels:
    """Keeps them, per engine."""

    def __init__(self, settings: "SettingStore") -> None:
        self._settings = settings

    def of(self, engine_id: str) -> tuple[str, ...]:
        """Return the names typed for an engine."""
        return tuple(filter(None, self._settings.get(_key(engine_id)).split("\n")))

    def keep(self, engine_id: str, names: Sequence[str]) -> None:
        """Let these be the names typed for an engine."""
        if tuple(names) != self.of(engine_id):
            self._settings.set(_key(engine_id), "\n".join(names))


def with_typed(
    found: Sequence[ListedModel], typed: Sequence[str]
) -> tuple[ListedModel, ...]:
    """Return the models with those a person typed, which come first."""
    by_id = {model.id: model for model in found}
    first = {name: by_id.get(name) or ListedModel(id=name) for name in typed}
    return tuple((first | by_id).values())


def read_names(typed: str) -> tuple[str, ...]:
    """Read names of models, apart by commas or lines.

    Raises:
        InvalidInputError: They are too many or too long.
    """
    names = dict.fromkeys(filter(None, map(str.strip, re.split(r"[,\n\r]", typed))))
    if len(names) > MOST:
        raise InvalidInputError(f"That is more than {MOST} model names.")
    for name in names:
        if not name.isprintable() or len(name) > MAX_ID_CHARS:
            raise InvalidInputError(
                "That is not a model name. It looks like llama3.2:3b or gpt-4o-mini."
            )
    return tuple(names)


def _key(engine_id: str) -> str:
    return f"models.{engine_id}"
