"""A document reaches the model with its question: all of it, or what fits that best."""

import json

import pytest

from backend.errors import HearthError
from backend.ids import NEW
from backend.interface.stored_values import EngineKind
from backend.services.attachments import AttachmentService
from backend.services.chat.answers import AnswerService
from backend.services.chat.conversations import ConversationService, Exchange
from backend.services.chat.summaries import SummaryService
from backend.services.engines.engines import Choice, EngineService
from backend.services.notices import Tone
from backend.store.attachments.attachments import AttachmentStore
from backend.store.chat.summaries import SummaryStore
from backend.store.models import Message
from tests.helpers import documents
from tests.helpers.engine_setup import Nobody, Setup, asking, setup
from tests.helpers.model_server import Exchange as Request
from tests.helpers.model_server import FakeModelServer

__all__ = ["setup"]

FILLER = "The weather was fair and the road was long. " * 8


class Silence:
    """No page is open."""

    def changed(self, noun: str) -> None: ...

    def say(self, sentence: str, *, tone: Tone = Tone.INFO, undo: str = "") -> None: ...


class Person:
    """A person who asks a model about documents."""

    def __init__(self, setup: Setup, server: FakeModelServer) -> None:
        self.setup = setup
        self.answers = AnswerService(setup.library.messages, Nobody())
        self.conversations: ConversationService = asking(setup, self.answers)
        store = AttachmentStore(setup.library.database)
        self.attachments = AttachmentService(store, Silence())
        record = setup.engines.add(EngineKind.OPENAI, "Fake", f"{server.url}/v1")
        self.choice = Choice(record.id, "m")
        self.server = server

    async def begin(self, text: str) -> Exchange:
        begun = await self.conversations.begin(text, self.choice, draft=NEW)
        await self.answers.wait(begun.answer.id)
        return begun

    async def ask(self, begun: Exchange, text: str) -> Exchange:
        asked = await self.conversations.ask(begun.conversation.id, text)
        await self.answers.wait(asked.answer.id)
        return asked

    @property
    def requests(self) -> list[list[str]]:
        """The contents of all requests, one after the other."""
        bodies = [json.loads(one.body) for one in self.server.requests if one.body]
        return [[turn["content"] for turn in body["messages"]] for body in bodies]

    def error(self, exchange: Exchange) -> str:
        """What is said below an answer."""
        return self.setup.library.messages.get(exchange.answer.id).error


def model(*, most_bytes: int = 1_000_000) -> FakeModelServer:
    def play(exchange: Request) -> None:
        if exchange.path.endswith("/models"):
            exchange.answer(200, '{"data": [{"id": "m"}]}')
        elif len(exchange.body) > most_bytes:
            said = {"error": {"message": "exceeds the available context size"}}
            exchange.answer(400, json.dumps(said), "Content-Type: application/json")
        else:
            exchange.say("Yes.")

    return FakeModelServer(play)


def pages(count: int, **special: str) -> bytes:
    return documents.pdf([f"{special.get(f'p{n}', '')}{FILLER}" for n in range(count)])


def test_a_short_document_is_sent_whole_with_each_question(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        content = documents.pdf(["The total is 42 euro.", None])
        added = person.attachments.add(NEW, "bill.pdf", content)
        assert added.notice == (
            "PDF, 2 pages, 5 words; 1 page holds only a picture (2)"
        )
        begun = await person.begin("What is the total?")
        (sent,) = person.requests[-1]
        assert "“bill.pdf” (2 pages)" in sent
        assert "The total is 42 euro." in sent
        assert sent.endswith("```\n\nWhat is the total?")
        assert person.error(begun) == ""
        await person.ask(begun, "Sure?")
        assert person.requests[-1] == [sent, "Yes.", "Sure?"]

    with model() as server:
        person = Person(setup, server)
        setup.run(use)


def test_of_a_long_document_the_fitting_pages_are_sent_and_said(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        content = pages(300, p69="A zebra eats grass. ")
        person.attachments.add(NEW, "zoo.pdf", content)
        begun = await person.begin("What does the zebra eat?")
        (sent,) = person.requests[-1]
        assert "[page 70]\nA zebra eats grass." in sent
        assert len(sent) < 60_000
        assert "Of “zoo.pdf” the model was given pages" in person.error(begun)
        assert person.error(begun).endswith("of 300.")
        answer = setup.library.messages.get(begun.answer.id)
        shown = person.attachments.passages(answer)
        assert ("page 70", "A zebra eats grass. The weather") in [
            (one.place, one.words[:31]) for one in shown
        ]
        ((id, name),) = {(one.file_id, one.name) for one in shown}
        assert name == "zoo.pdf"
        whole = [one.text for one in person.attachments.document(id)[1].sections]
        assert all(
            one.passage and " ".join(whole[one.passage.section].split()) in sent
            for one in shown
        )
        for kept_file in setup.library.database.files.folder.iterdir():
            kept_file.unlink()
        (lost,) = person.attachments.passages(answer)
        assert (lost.name, lost.passage) == ("zoo.pdf", None)

    with model() as server:
        person = Person(setup, server)
        setup.run(use)


def test_a_model_that_reads_less_is_given_less(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        person.attachments.add(NEW, "zoo.pdf", pages(200, p69="A zebra eats grass. "))
        begun = await person.begin("What does the zebra eat?")
        sizes = [sum(map(len, request)) for request in person.requests]
        assert sizes == sorted(sizes, reverse=True)
        assert len(sizes) > 2
        assert "A zebra eats grass." in person.requests[-1][0]
        assert "pages" in person.error(begun)
        asked = await person.ask(begun, "And the lion?")
        assert person.setup.library.messages.get(asked.answer.id).text == "Yes."

    with model(most_bytes=12_000) as server:
        person = Person(setup, server)
        setup.run(use)


def test_several_documents_share_the_room_and_none_is_left_out(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        person.attachments.add(NEW, "long.pdf", pages(300))
        person.attachments.add(NEW, "short.txt", b"The code is 1234.")
        begun = await person.begin(" ")
        assert begun.conversation.title == "long.pdf"
        (sent,) = person.requests[-1]
        assert "The code is 1234." in sent
        assert sent.index("“long.pdf”") < sent.index("“short.txt”")
        assert person.error(begun).count("Of “") == 1

    with model() as server:
        person = Person(setup, server)
        setup.run(use)


def test_a_summary_is_made_of_what_was_read_too(setup: Setup) -> None:
    async def use(service: EngineService) -> None:
        library = setup.library
        content = documents.pdf(["The total is 42 euro."])
        person.attachments.add(NEW, "bill.pdf", content)
        begun = await person.begin("What is the total?")
        later = await person.ask(begun, "Sure?")
        with library.database.write() as session:
            answer = session.get(Message, later.answer.id)
            assert answer
            answer.reads_from = later.question.id
        summaries = SummaryService(
            person.conversations._asking,
            SummaryStore(library.database),
            person.conversations,
            person.answers,
            service,
        )
        await summaries.begin(begun.conversation.id)
        summary = library.messages.of_conversation(begun.conversation.id)[-1]
        await person.answers.wait(summary.id)
        assert "The total is 42 euro." in person.requests[-1][0]
        assert person.requests[-1][-1].startswith("Sum up")

    with model() as server:
        person = Person(setup, server)
        setup.run(use)


def test_another_draft_leaves_the_files_of_the_conversation_alone(
    setup: Setup,
) -> None:
    async def use(_: EngineService) -> None:
        begun = await person.begin("Hello")
        person.attachments.add(begun.conversation.id, "a.txt", b"A secret.")
        asked = await person.conversations.ask(
            begun.conversation.id, "Elsewhere", draft="quick"
        )
        await person.answers.wait(asked.answer.id)
        assert person.requests[-1][-1] == "Elsewhere"
        assert len(person.attachments.of_draft(begun.conversation.id)) == 1
        assert person.attachments.of_messages([asked.question.id]) == []

    with model() as server:
        person = Person(setup, server)
        setup.run(use)


def test_a_file_that_cannot_be_read_is_not_attached(setup: Setup) -> None:
    async def use(_: EngineService) -> None:
        with pytest.raises(HearthError, match="password"):
            person.attachments.add(NEW, "a.pdf", documents.pdf(["x"], password="p"))
        assert person.attachments.of_draft(NEW) == []

    with model() as server:
        person = Person(setup, server)
        setup.run(use)
