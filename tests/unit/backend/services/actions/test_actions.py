"""An action refuses only what it would take and what is too long."""

import asyncio
from collections.abc import Callable

import pytest

from backend.errors import ConflictError, NotFoundError, StoreFullError
from backend.interface.stored_values import TitleSource
from backend.services.actions.actions import ActionService, _longest
from backend.services.actions.forms import EMPTY_FORM
from backend.services.chat.answers import AnswerService
from backend.services.chat.endings import KeptAnswer
from backend.services.engines.engines import Choice, EngineService
from backend.services.engines.purposes import Purpose, Purposes
from backend.store.actions import ActionStore
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.settings import SettingStore
from tests.helpers.engine_setup import Nobody, Setup, asking, assistants_of, setup
from tests.helpers.model_server import FakeModelServer, event, in_turn, listing, stream

__all__ = ["setup"]

FORM = {
    **EMPTY_FORM,
    "name": "Shout",
    "prompt": "{clipboard}",
    "shortcut": "Ctrl+Alt+S",
}


@pytest.fixture
def service(setup: Setup) -> ActionService:
    library = setup.library
    answers = AnswerService(library.messages, Nobody())
    return ActionService(
        actions=ActionStore(library.database),
        conversations=asking(setup, answers),
        messages=library.messages,
        answers=answers,
        notes=library.notes,
        drafts=DraftStore(library.database),
        purposes=Purposes(SettingStore(library.database)),
        assistants=assistants_of(library),
        act=library.database.act,
    )


def commits_of(setup: Setup, act: Callable[[], object]) -> int:
    commits: list[int] = []
    setup.library.database.on_commit = lambda rows: commits.append(len(rows))
    act()
    return len(commits)


def test_saving_a_form_is_one_act_that_uses_up_its_draft(
    setup: Setup, service: ActionService
) -> None:
    service.save_draft(FORM)
    assert commits_of(setup, lambda: service.add(FORM)) == 1
    assert service.draft() == {}
    (made,) = service.all()
    service.save_draft({**FORM, "name": "Whisper"}, made.id)
    changed = {**FORM, "name": "Whisper"}
    assert commits_of(setup, lambda: service.change(made.id, changed)) == 1
    assert (service.get(made.id).name, service.draft(made.id)) == ("Whisper", {})


def test_the_conversation_of_an_action_begins_under_its_name(
    setup: Setup, service: ActionService
) -> None:
    titles: list[object] = []
    setup.library.database.on_commit = lambda rows: titles.extend(
        row.after.get("title") for row in rows if row.table == "conversation"
    )

    async def use(engines: EngineService) -> None:
        with FakeModelServer(listing("m")) as server:
            await engines.add_server("", server.url)
            action = await asyncio.to_thread(service.add, FORM)
            outcome = await service.run(action.id, "Hello", "")
            assert outcome.exchange
            assert outcome.exchange.conversation.title_source == TitleSource.USER
            await service._answers.stop_all()

    setup.run(use)
    assert titles == ["Shout: Hello"]


def test_a_form_that_is_refused_stays_a_draft(service: ActionService) -> None:
    service.add(FORM)
    service.save_draft(FORM)
    with pytest.raises(ConflictError):
        service.add(FORM)
    assert service.draft()["name"] == "Shout"
    service.save_draft(FORM, "gone")
    with pytest.raises(NotFoundError):
        service.change("gone", {**FORM, "shortcut": ""})
    assert service.draft("gone")["name"] == "Shout"


@pytest.mark.parametrize(
    ("prompt", "clipboard", "selection", "longest"),
    [
        ("Shorten", 5, 9, 5),
        ("{clipboard}", 5, 9, 5),
        ("{selection}", 5, 9, 9),
        ("{selection}", 5, 0, 5),
        ("{clipboard} {selection}", 9, 5, 9),
        ("{clipboard} {selection}", 5, 9, 9),
    ],
)
def test_only_what_a_prompt_takes_counts(
    prompt: str, clipboard: int, selection: int, longest: int
) -> None:
    assert _longest(prompt, "c" * clipboard, "s" * selection) == longest


class NoRoom:
    """A store of notes on a full disk."""

    def create(self, title: str = "", body: str = "") -> object:
        raise StoreFullError("The disk is full.")


@pytest.mark.parametrize(
    ("has_room", "outcome"),
    [
        (True, KeptAnswer("Saved as a note.")),
        (
            False,
            KeptAnswer(
                error="The answer is kept, but not as a note. The disk is full."
            ),
        ),
    ],
)
def test_saved_is_said_once_the_store_has_said_so(
    setup: Setup, service: ActionService, outcome: KeptAnswer, *, has_room: bool
) -> None:
    if not has_room:
        service._notes = NoRoom()
    said: list[object] = []

    async def use(engines: EngineService) -> None:
        with FakeModelServer(
            in_turn(listing("m"), stream(event({"content": "Hi"}, "stop")))
        ) as server:
            await engines.add_server("", server.url)
            action = service.add({**FORM, "result": "note"})
            run = await service.run(action.id, "Hello", "")
            assert run.exchange
            said.append(run.outcome)
            said.append(await service.outcome(run.exchange.answer.id))
            said.append(await service.outcome("another"))
            text = setup.library.messages.get(run.exchange.answer.id).text
            assert text == "Hi"

    setup.run(use)
    assert said == ["", outcome, KeptAnswer()]


def test_a_text_that_cannot_be_saved_is_not_lost(service: ActionService) -> None:
    service._notes = NoRoom()
    action = service.add({**FORM, "kind": "upper", "result": "note"})
    run = asyncio.run(service.run(action.id, "hello", ""))
    assert (run.text, run.outcome) == ("HELLO", "")
    assert run.error == "This is not saved as a note. The disk is full."


def test_an_action_asks_the_model_for_actions_and_says_when_it_is_gone(
    setup: Setup, service: ActionService
) -> None:
    purposes = Purposes(SettingStore(setup.library.database))

    async def use(engines: EngineService) -> None:
        with FakeModelServer(listing("usual", "quick")) as server:
            record = (await engines.add_server("", server.url)).record
            purposes.choose(Purpose.ACTIONS, Choice(record.id, "quick"))
            action = await asyncio.to_thread(service.add, FORM)
            outcome = await service.run(action.id, "Hello", "")
            assert outcome.exchange
            assert outcome.exchange.answer.model == "quick"
            await service._answers.stop_all()
            await engines.remove(record.id)
            with pytest.raises(ConflictError, match=r"“Shout” was removed.*Settings"):
                await service.run(action.id, "Hello", "")
            await asyncio.to_thread(
                service.change, action.id, {**FORM, "choice": f"{record.id}|usual"}
            )
            with pytest.raises(ConflictError, match="Choose another one for it"):
                await service.run(action.id, "Hello", "")

    setup.run(use)


def test_an_action_uses_an_assistant_until_that_is_gone_for_good(
    setup: Setup, service: ActionService
) -> None:
    database = setup.library.database
    assistants = assistants_of(setup.library)

    async def use(engines: EngineService) -> None:
        models = listing("usual", "wise", "own")
        answer = stream(event({"content": "Hi"}, "stop"))
        with FakeModelServer(in_turn(models, answer)) as server:
            record = (await engines.add_server("", server.url)).record
            facts = {"name": "Sage", "instructions": "Be wise."}
            form = {**facts, "choice": f"{record.id}|wise"}
            sage, _ = await asyncio.to_thread(assistants.add, form)
            with_it = {**FORM, "assistant": sage.id}
            action = await asyncio.to_thread(service.add, with_it)

            async def asked() -> tuple[str, str, str]:
                begun = (await service.run(action.id, "Hello", "")).exchange
                assert begun
                await service._answers.wait(begun.answer.id)
                first = server.requests[-1].messages[0]["content"]
                return begun.answer.model, begun.question.assistant, first

            assert await asked() == ("wise", "Sage", "Be wise.")
            own = {**with_it, "choice": f"{record.id}|own"}
            await asyncio.to_thread(service.change, action.id, own)
            await asyncio.to_thread(assistants.delete, sage.id)
            assert await asked() == ("own", "Sage", "Be wise."), "in the trash"
            await asyncio.to_thread(ChangeStore(database).forget, "assistant", sage.id)
            with pytest.raises(ConflictError, match=r"assistant of “Shout”.*another"):
                await service.run(action.id, "Hello", "")

    setup.run(use)
