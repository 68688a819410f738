"""A database of its own for every test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.messages import MessageStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hearth.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(path)
    yield opened
    opened.close()


@pytest.fixture
def conversations(database: Database) -> ConversationStore:
    return ConversationStore(database)


@pytest.fixture
def messages(database: Database) -> MessageStore:
    return MessageStore(database)
