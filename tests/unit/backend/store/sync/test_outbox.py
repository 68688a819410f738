"""What others are told of the change log, and what waits."""

from collections.abc import Sequence

import pytest

from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.messages import MessageStore
from backend.store.states.message_state import MessageState
from backend.store.sync import outbox
from backend.store.sync.outbox import waiting
from backend.store.sync.travelling import Op


def outgoing(database: Database) -> Sequence[Op]:
    with database.write() as session:
        return waiting(session, [database.clock.device_id], 0, 100).ops


def test_an_answer_that_is_written_waits_for_its_end(database: Database) -> None:
    messages = MessageStore(database)
    talk = ConversationStore(database).create(title="Talk")
    asked, answer = messages.add_exchange(talk.id, "Why?", engine_name="E", model="m")
    assert {op.row_id for op in outgoing(database)} == {talk.id, asked.id}
    messages.finish(
        answer.id, text="Because.", reasoning="", state=MessageState.COMPLETE
    )
    begun, *_, ended = (op for op in outgoing(database) if op.row_id == answer.id)
    assert begun.base is None
    assert ended.fields["text"] == "Because."
    assert ended.hlc > begun.hlc


@pytest.mark.parametrize("name", ["_MINE", "_NEWEST", "_COUNT"])
def test_what_waits_is_found_by_its_place_whatever_else_is_in_the_log(
    database: Database, name: str
) -> None:
    with database.read() as session:
        plan = session.run(f"explain query plan {getattr(outbox, name)}", (0,) * 6)
        first, *_ = (detail for *_, detail in plan.all())
    assert first.startswith("SEARCH change USING INTEGER PRIMARY KEY")
