"""The service of engines over a real store, with a keyring in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.keys.api_keys import KeyStore
from backend.llm.engines import EngineRegistry
from backend.services.assistants.assistants import AssistantService
from backend.services.chat.answers import AnswerService
from backend.services.chat.asking import Asking
from backend.services.chat.conversations import ConversationService
from backend.services.chat.documents import QuestionDocuments
from backend.services.chat.growing import Growing
from backend.services.chat.pictures import QuestionPictures
from backend.services.chat.setups.parameters import ParameterService
from backend.services.chat.setups.setups import SetupService
from backend.services.engines.engines import EngineService, Offer
from backend.services.engines.sights import Sights
from backend.services.settings import SettingService
from backend.store.attachments.attachments import AttachmentStore
from backend.store.chat.assistants import AssistantStore
from backend.store.chat.folders import FolderStore
from backend.store.chat.summaries import SummaryStore
from backend.store.drafts import DraftStore
from backend.store.engines import EngineStore
from backend.store.history.revisions import RevisionStore
from backend.store.settings import SettingStore
from tests.helpers.fake_keyrings import WorkingVault
from tests.helpers.gguf_files import write_gguf
from tests.helpers.library import Library, open_library


@dataclass
class Setup:
    """A service and what is below it."""

    library: Library
    vault: WorkingVault
    changes: list[str]

    def __post_init__(self) -> None:
        self.keys = KeyStore(lambda: self.vault)
        self.engines = EngineStore(self.library.database)
        self.registry = EngineRegistry(self.keys)
        self.service = EngineService(
            self.engines,
            SettingStore(self.library.database),
            self.registry,
            self.keys,
            lambda: self.changes.append("engines"),
        )

    def run(self, use: Callable[[EngineService], Awaitable[None]]) -> None:
        """Use the service on a loop of its own, for as long as a person may wait."""

        async def main() -> None:
            async with asyncio.timeout(60):
                await use(self.service)
            await self.registry.close_all()

        asyncio.run(main())

    async def offers_when(self, ready: Callable[[list[Offer]], bool]) -> list[Offer]:
        """Return what is offered once it is so."""
        while not ready(offers := await self.service.offers()):
            await asyncio.sleep(0.01)
        return offers


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    """Return a service over a new store."""
    with open_library(tmp_path / "data") as library:
        yield Setup(library, WorkingVault(), [])


def gguf(folder: Path, name: str = "model.gguf") -> Path:
    """Write a file that looks like a model."""
    return write_gguf(folder / name)


class Nobody:
    """Looks at no answer."""

    def began(self, answer: Growing) -> None: ...

    def grew(self, answer: Growing) -> None: ...

    async def ended(self, answer: Growing) -> None: ...

    def storage_failed(self, sentence: str) -> None: ...


def assistants_of(library: Library) -> AssistantService:
    """Return a service of assistants over the same store."""
    database = library.database
    return AssistantService(
        AssistantStore(database),
        library.conversations,
        FolderStore(database),
        SettingStore(database),
        DraftStore(database),
        database.act,
    )


def prompts_of(setup: Setup) -> Asking:
    """Return what makes the prompts of conversations, over the same store."""
    library = setup.library
    database, settings = library.database, SettingStore(library.database)
    attachments = AttachmentStore(database)
    return Asking(
        library.messages,
        SummaryStore(database),
        setup.service,
        SetupService(
            SettingService(settings),
            assistants_of(library),
            ParameterService(settings, library.conversations, database.act),
            FolderStore(database),
        ),
        pictures=QuestionPictures(
            attachments, Sights(setup.service, settings, database.act)
        ),
        documents=QuestionDocuments(attachments),
    )


def asking(setup: Setup, answers: AnswerService) -> ConversationService:
    """Return a service of conversations over the same store and engines."""
    library, database = setup.library, setup.library.database
    return ConversationService(
        conversations=library.conversations,
        messages=library.messages,
        revisions=RevisionStore(database),
        drafts=DraftStore(database),
        answers=answers,
        engines=setup.service,
        asking=prompts_of(setup),
        parameters=ParameterService(
            SettingStore(database), library.conversations, database.act
        ),
        act=database.act,
    )
