"""What the store says of answers agrees with the tasks that write them."""

import asyncio
from pathlib import Path

import pytest

from backend.errors import ConflictError
from backend.services.chat.answers import AnswerService
from backend.services.chat.beginnings import Beginnings
from backend.services.chat.growing import Growing
from backend.store.states.message_state import MessageState
from tests.helpers.library import Library, open_library


class Silence:
    """Listens to nothing."""

    def began(self, answer: Growing) -> None: ...

    def grew(self, answer: Growing) -> None: ...

    async def ended(self, answer: Growing) -> None: ...

    def storage_failed(self, sentence: str) -> None: ...


def left_open(library: Library) -> tuple[Beginnings, str, str]:
    """Store an answer that no task writes; return its conversation and its id."""
    conversation = library.conversations.create(title="Left")
    _, answer = library.messages.add_exchange(
        conversation.id, "q", engine_name="E", model="m"
    )
    library.messages.append_chunk(answer.id, 0, "what was stored")
    answers = AnswerService(library.messages, Silence())
    return Beginnings(library.messages, answers), conversation.id, answer.id


def test_an_answer_nobody_writes_is_ended_where_it_is_read(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        beginnings, conversation, answer = left_open(library)
        read = asyncio.run(
            beginnings.read(lambda: library.messages.of_conversation(conversation))
        )
    assert [message.id for message in read][-1] == answer
    assert read[-1].state is MessageState.INTERRUPTED
    assert read[-1].text == "what was stored"


def test_an_answer_that_just_begins_is_left_alone(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        beginnings, conversation, _ = left_open(library)
        with beginnings.one(conversation):
            read = asyncio.run(
                beginnings.read(lambda: library.messages.of_conversation(conversation))
            )
    assert read[-1].state is MessageState.STREAMING


def test_two_answers_of_a_conversation_do_not_begin_at_once(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        beginnings, conversation, _ = left_open(library)
        with beginnings.one(conversation):
            with pytest.raises(ConflictError), beginnings.one(conversation):
                pytest.fail("a second one has begun")
            with beginnings.one("another"):
                pass
        with beginnings.one(conversation, alone=True):
            pass
