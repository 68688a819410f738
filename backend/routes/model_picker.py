"""The picker of models: what was chosen, and the models to choose from."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from backend.errors import InvalidInputError
from backend.ids import NEW
from backend.llm.listed_model import ListedModel, ModelTask
from backend.llm.options import Parameters
from backend.llm.servers.chat_models import task_of
from backend.routes.app_context import OpenContext
from backend.routes.sizes import size_text
from backend.services.engines.engines import Choice
from backend.services.engines.model_search import FoundGroup, FoundModel, ServerHealth
from backend.web.http import AppRouter, Request, Response, whole_number
from backend.web.rendering import Template

_TASKS: Final = {
    ModelTask.EMBEDDING: "for search, not for chat",
    ModelTask.RERANKING: "for ranking, not for chat",
    ModelTask.SPEECH: "for speech, not for chat",
    ModelTask.IMAGES: "for making images, not for chat",
    ModelTask.OTHER: "not made for chat",
}
_MARKS: Final = {
    ServerHealth.ANSWERS: "circle-check",
    ServerHealth.SILENT: "triangle-alert",
    ServerHealth.NOT_ASKED: "clock",
}
MAX_QUERY_CHARS: Final = 200
_MAX_DIGITS: Final = 6


class PickerRow(Struct, frozen=True):
    """One model in the list.

    Attributes:
        facts: What is known of it, in words.
    """

    choice: str
    name: str
    facts: Sequence[str]
    is_favourite: bool
    is_new: bool

    @classmethod
    def of(cls, found: FoundModel) -> "PickerRow":
        """Return the row of a model."""
        facts = [found.engine] if found.engine else []
        facts += facts_of(found.model)
        return cls(
            str(found.choice), found.name, facts, found.is_favourite, found.is_new
        )


class PickerGroup(Struct, frozen=True):
    """Models that stand together, with how their server is."""

    name: str
    rows: Sequence[PickerRow]
    health: str
    mark: str
    note: str
    is_continued: bool

    @classmethod
    def of(cls, group: FoundGroup) -> "PickerGroup":
        """Return the rows of a group."""
        rows = [PickerRow.of(found) for found in group.models]
        health = group.health.value if group.health else ""
        mark = _MARKS[group.health] if group.health else ""
        return cls(group.name, rows, health, mark, group.note, group.is_continued)


class PickerList(Template, frozen=True):
    """A page of the models to choose from.

    Attributes:
        chosen: What the place has now.
        unset: What choosing no model is called there; "" where one must be.
        offset: Of the first one; each page has other ids.
    """

    template: ClassVar[str] = "engines/_choices.html"
    groups: Sequence[PickerGroup]
    chosen: str
    unset: str
    query: str
    count: int
    offset: int
    next_offset: int | None


class Picker(Template, frozen=True):
    """What was chosen in a place, and the button that opens the list.

    Attributes:
        path: Where a choice is sent; "" where a form sends it.
        unset: What choosing no model is called there; "" where one must be.
        problem: Why what was chosen cannot be used; "" when it can.
        way_on: The page on which that is mended; "" for none.
        source: What set it for this place, in words; "" when it was chosen there.
        is_possible: There is an engine to choose from.
        parameters_path: The page that says how is answered; "" for none.
        parameters: What is set there, in words.
    """

    template: ClassVar[str] = "engines/_picker.html"
    path: str
    chosen: str
    name: str
    unset: str = ""
    label: str = "Model"
    problem: str = ""
    way_on: str = ""
    source: str = ""
    is_possible: bool = True
    parameters_path: str = ""
    parameters: str = ""


def facts_of(model: ListedModel) -> list[str]:
    """Say what is known of a model."""
    task = _TASKS.get(task_of(model))
    facts = [task] if task else []
    if model.context:
        thousands = model.context // 1024
        context = f"{thousands:,}k" if thousands else str(model.context)
        facts.append(f"reads {context} tokens")
    if model.bytes:
        facts.append(size_text(model.bytes))
    facts += ["sees images"] if model.sees else []
    return facts + (["thinks"] if model.thinks else [])


async def chosen_in(app: OpenContext, conversation_id: str) -> Choice | None:
    """Return what answers a conversation, or `NEW`; None while nothing could.

    Raises:
        NotFoundError: There is no such conversation.
    """
    own = None
    if conversation_id != NEW:
        find = app.services.conversations.get
        conversation = await asyncio.to_thread(find, conversation_id)
        own = Choice.of(conversation.engine_id, conversation.model)
    return own or await app.services.engines.default()


router = AppRouter[OpenContext]()


@router.get("/engines/picker")
async def picker(request: Request, app: OpenContext) -> Response:
    """Show what answers a conversation."""
    conversation_id = request.query.get("conversation", "") or NEW
    chosen = await chosen_in(app, conversation_id)
    path = f"/conversations/{conversation_id}"
    if request.query.get("place") != "composer":
        return app.pages.fragment(await picker_of(app, chosen, f"{path}/model"))
    folder_id = request.query.get("folder", "") if conversation_id == NEW else ""
    if conversation_id == NEW:
        of_assistant = app.services.assistants.model_for_new
        chosen = await asyncio.to_thread(of_assistant, folder_id) or chosen
    place = {"place": "composer"} | ({"folder": folder_id} if folder_id else {})
    shown = await picker_of(app, chosen, f"{path}/model?{urlencode(place)}")
    words = await asyncio.to_thread(_own_words, app, conversation_id)
    source = await asyncio.to_thread(_source, app, conversation_id, folder_id, chosen)
    parameters_path = f"{path}/parameters"
    if folder_id:
        parameters_path += f"?{urlencode({'folder': folder_id})}"
    shown = replace(shown, parameters_path=parameters_path, parameters=words)
    return app.pages.fragment(replace(shown, source=source))


def _source(
    app: OpenContext, conversation_id: str, folder_id: str, chosen: Choice | None
) -> str:
    """Say which assistant brought the model that answers, if one did."""
    assistant = app.services.assistants.of(conversation_id, folder_id)
    if assistant is None or chosen is None:
        return ""
    own = Choice.of(assistant.engine_id, assistant.model)
    return f"from the assistant “{assistant.name}”" if own == chosen else ""


def _own_words(app: OpenContext, conversation_id: str) -> str:
    kept = app.services.parameters
    instructions = "own instructions" if kept.instructions(conversation_id) else ""
    found = parameters_words(kept.of(conversation_id))
    return ", ".join(filter(None, (instructions, found)))


def parameters_words(parameters: Parameters) -> str:
    """Say what is set of how is answered."""
    words = [
        f"{name} {value}"
        for name, value in (
            ("temperature", parameters.temperature),
            ("top-p", parameters.top_p),
            ("seed", parameters.seed),
            ("thinking", parameters.reasoning_effort or None),
        )
        if value is not None
    ]
    if parameters.max_tokens:
        words.append(f"at most {parameters.max_tokens:,} tokens")
    if parameters.stop:
        words.append(f"stops at {' or '.join(parameters.stop)}")
    return ", ".join(words)


async def picker_of(
    app: OpenContext,
    chosen: Choice | None,
    path: str,
    unset: str = "",
    label: str = "Model",
) -> Picker:
    """Return the picker of a place that has this model."""
    is_possible = bool(unset or await app.services.engines.offers())
    judged = await app.services.model_choices.judge(chosen) if chosen else None
    return Picker(
        path,
        str(chosen or ""),
        judged.name if judged else "",
        unset,
        label,
        judged.problem if judged else "",
        judged.way_on.value if judged else "",
        is_possible=is_possible,
    )


@router.get("/engines/choices")
async def choices(request: Request, app: OpenContext) -> Response:
    """Show the models that have the words of a query."""
    return await _options(request.query, app)


@router.post("/engines/favourites")
async def toggle_favourite(request: Request, app: OpenContext) -> Response:
    """Give a model a star or take it away, and show the list again."""
    form = request.form()
    choice = Choice.parse(form.get("choice", ""))
    if choice is None:
        raise InvalidInputError("Choose one of the models in the list.")
    await app.services.model_choices.toggle_favourite(choice)
    return await _options(form, app)


async def _options(asked: Mapping[str, str], app: OpenContext) -> Response:
    query = asked.get("q", "")[:MAX_QUERY_CHARS]
    offset = whole_number(asked.get("offset", "")[:_MAX_DIGITS]) or 0
    found = await app.services.model_choices.find(query, offset)
    unset = asked.get("unset", "")[:MAX_QUERY_CHARS]
    return app.pages.fragment(
        PickerList(
            [PickerGroup.of(group) for group in found.groups],
            asked.get("chosen", ""),
            "" if query.strip() or offset else unset,
            query,
            found.count,
            offset,
            found.next_offset,
        )
    )
