"""Engine records are kept, changed and removed."""

import pytest

from backend.errors import NotFoundError
from backend.interface.stored_values import EngineKind
from backend.store.database import Database
from backend.store.engines import EngineStore


def test_engines_are_listed_in_the_order_they_were_added(database: Database) -> None:
    engines = EngineStore(database)
    first = engines.add(EngineKind.OPENAI, "Ollama", url="http://127.0.0.1:11434")
    second = engines.add(EngineKind.BUILTIN, "My model", path="/models/fire.gguf")
    assert engines.all() == [first, second]


def test_only_what_is_given_changes(database: Database) -> None:
    engines = EngineStore(database)
    made = engines.add(EngineKind.OPENAI, "Ollama", url="http://127.0.0.1:1")
    engines.update(made.id, url="http://127.0.0.1:2")
    row = engines.get(made.id)
    assert (row.name, row.url) == ("Ollama", "http://127.0.0.1:2")


def test_a_removed_engine_is_gone(database: Database) -> None:
    engines = EngineStore(database)
    made = engines.add(EngineKind.OPENAI, "Ollama")
    engines.delete(made.id)
    assert engines.all() == []
    with pytest.raises(NotFoundError):
        engines.get(made.id)
