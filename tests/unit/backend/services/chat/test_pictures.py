"""A picture reaches a model that sees; of one that does not, this is said before."""

import asyncio
import json
from base64 import b64encode
from typing import Final

import pytest

from backend.errors import ConflictError, InvalidInputError
from backend.ids import NEW
from backend.interface.stored_values import EngineKind
from backend.services.chat.answers import AnswerService
from backend.services.chat.conversations import ConversationService, Exchange
from backend.services.engines.engines import Choice, EngineService
from backend.services.engines.sights import Sight, Sights
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.settings import SettingStore
from backend.store.states.message_state import MessageState
from tests.helpers.engine_setup import Nobody, Setup, asking, setup
from tests.helpers.model_server import Exchange as Request
from tests.helpers.model_server import FakeModelServer

__all__ = ["setup"]

CAT: Final = b"\x89PNG a cat"
SENT: Final = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{b64encode(CAT).decode()}"},
}
REFUSAL: Final = '{"error": {"message": "image input is not supported - hint: mmproj"}}'


class Talk:
    """A person who asks a model about pictures."""

    def __init__(self, setup: Setup, server: FakeModelServer) -> None:
        self.answers = AnswerService(setup.library.messages, Nobody())
        self.conversations: ConversationService = asking(setup, self.answers)
        self.attachments = AttachmentStore(setup.library.database)
        self.sights = Sights(
            setup.service,
            SettingStore(setup.library.database),
            setup.library.database.act,
        )
        record = setup.engines.add(EngineKind.OPENAI, "Fake", f"{server.url}/v1")
        self.choice = Choice(record.id, "m")
        self.messages = setup.library.messages
        self.server = server

    def attach(self, draft_id: str, name: str = "cat.png") -> None:
        checked = CheckedFile(
            kind="picture",
            name=name,
            media_type="image/png",
            content=CAT,
            width=800,
            height=600,
        )
        self.attachments.add(draft_id, checked)

    async def begin(self, text: str) -> Exchange:
        begun = await self.conversations.begin(text, self.choice, draft=NEW)
        await self.answers.wait(begun.answer.id)
        return begun

    async def ask(self, conversation_id: str, text: str) -> Exchange:
        asked = await self.conversations.ask(conversation_id, text)
        await self.answers.wait(asked.answer.id)
        return asked

    @property
    def sent(self) -> list[object]:
        """The contents of the latest request."""
        bodies = [one.body for one in self.server.requests if one.body]
        return [message["content"] for message in json.loads(bodies[-1])["messages"]]


def listing(sees: object) -> dict[str, object]:
    return {"data": [{"id": "m", "capabilities": {"vision": sees}}]}


def model(*, sees: object = None, refuses: bool = False) -> FakeModelServer:
    def play(exchange: Request) -> None:
        if exchange.path.endswith("/models"):
            exchange.answer(200, json.dumps(listing(sees)))
        elif refuses and b"image_url" in exchange.body:
            exchange.answer(500, REFUSAL, "Content-Type: application/json")
        else:
            exchange.say("Yes.")

    return FakeModelServer(play)


def test_the_parts_that_are_sent_are_text_and_picture(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        talk.attach(NEW)
        begun = await talk.begin("What is it?")
        assert talk.sent == [[{"type": "text", "text": "What is it?"}, SENT]]
        await talk.ask(begun.conversation.id, "Sure?")
        assert talk.sent[0] == [{"type": "text", "text": "What is it?"}, SENT]
        assert talk.sent[1:] == ["Yes.", "Sure?"]
        again = await talk.conversations.ask_again(begun.question.id, "Which animal?")
        await talk.answers.wait(again.answer.id)
        assert talk.sent == [[{"type": "text", "text": "Which animal?"}, SENT]]
        await talk.conversations.answer_again(again.answer.id, keep_text=False)
        await asyncio.gather(*map(talk.answers.wait, [*talk.answers._growing]))
        assert talk.sent == [[{"type": "text", "text": "Which animal?"}, SENT]]

    with model() as server:
        talk = Talk(setup, server)
        setup.run(use)


def test_a_picture_alone_is_a_question(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        with pytest.raises(InvalidInputError, match="nothing to send"):
            await talk.begin(" ")
        talk.attach(NEW, "receipt.png")
        begun = await talk.begin(" ")
        assert talk.sent == [[SENT]]
        assert begun.conversation.title == "receipt.png"

    with model(sees=True) as server:
        talk = Talk(setup, server)
        setup.run(use)


def test_a_model_known_not_to_see_is_said_to_be_so_and_nothing_is_lost(
    setup: Setup,
) -> None:
    async def use(service: EngineService) -> None:
        await service.offers()
        begun = await talk.begin("Hello")
        talk.attach(begun.conversation.id)
        asked = len(server.requests)
        with pytest.raises(ConflictError, match="m cannot see pictures"):
            await talk.ask(begun.conversation.id, "What is it?")
        assert len(server.requests) == asked
        assert len(talk.attachments.of_draft(begun.conversation.id)) == 1
        assert await talk.sights.of(talk.choice) is Sight.BLIND

    with model(sees=False) as server:
        talk = Talk(setup, server)
        setup.run(use)


def test_a_refusal_is_told_remembered_and_can_be_forgotten(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        talk.attach(NEW)
        begun = await talk.begin("What is it?")
        failed = talk.messages.get(begun.answer.id)
        assert failed.state is MessageState.FAILED
        assert failed.error.startswith("This model cannot see pictures, says Fake (")
        assert await talk.sights.of(talk.choice) is Sight.REFUSED
        with pytest.raises(ConflictError):
            await talk.conversations.answer_again(begun.answer.id, keep_text=False)
        # What follows is asked without it, and the model is told of it.
        await talk.ask(begun.conversation.id, "Then guess.")
        (said,) = talk.sent
        assert isinstance(said, str)
        assert "which you cannot see: cat.png" in said
        talk.sights.forget(talk.choice)
        assert await talk.sights.of(talk.choice) is Sight.UNKNOWN

    with model(refuses=True) as server:
        talk = Talk(setup, server)
        setup.run(use)


def test_a_lost_picture_does_not_keep_a_question_from_being_asked(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        talk.attach(NEW)
        for path in setup.library.database.files.folder.iterdir():
            path.unlink()
        await talk.begin("What is it?")
        assert talk.sent == ["What is it?"]

    with model() as server:
        talk = Talk(setup, server)
        setup.run(use)
