"""Engines: the list, the first choice, adding and removing."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec import Struct

from backend.ids import NEW, DraftedForm
from backend.interface.stored_values import EngineKind
from backend.live.notices import Toast
from backend.llm.builtin.found_files import FoundFile
from backend.llm.options import Effort, EngineOptions
from backend.llm.servers.address import place_of, shown
from backend.llm.servers.discovery import Found
from backend.llm.wire.system_proxy import SYSTEM, system_proxy
from backend.routes.app_context import OpenContext
from backend.routes.models.engine_forms import address_in, in_form, may_send_in_clear
from backend.routes.pages import go_to, no_content, undo_path
from backend.routes.sizes import size_text
from backend.services.engines.engines import AddedEngine, Choice, Offer
from backend.services.engines.model_files import fitting_size
from backend.services.engines.option_forms import without_login
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.lifecycle.open_store import Services

_NONE_CHATS = (
    " Going by their names, none of them is made for conversations: choose one."
)

router = AppRouter[OpenContext]()


class EngineRow(Struct, frozen=True):
    """An engine as the page names it.

    Attributes:
        form: What its form holds, with what was typed and not saved.
    """

    id: str
    name: str
    where: str
    place: str
    models: Sequence[str]
    form: Mapping[str, str]
    is_draft: bool
    problem: str
    is_asked: bool
    is_too_large: bool
    is_builtin: bool
    options: EngineOptions
    proxy: str

    @classmethod
    def of(cls, offer: Offer, typed: Mapping[str, str]) -> "EngineRow":
        """Return the row of an offer, with what was typed into its form."""
        record, options = offer.record, EngineOptions.read(offer.record.options)
        where = shown(record.url) or record.path
        models = ", ".join(offer.typed)
        saved = {"name": record.name, "url": where, "models": models}
        # An address that may have a password in it was not kept.
        kept = {name: text for name, text in typed.items() if text or name == "models"}
        form = saved | kept
        return cls(
            record.id,
            record.name,
            where,
            place_of(record.url) if record.url else "this computer",
            offer.models,
            form,
            form != saved,
            offer.problem,
            offer.is_asked,
            offer.is_too_large,
            record.kind == EngineKind.BUILTIN,
            options,
            _proxy_words(record.url, options.proxy),
        )


class EngineList(Template, frozen=True):
    """The engines in the settings.

    Attributes:
        has_gpu: The built-in engine can use a graphics card.
    """

    template: ClassVar[str] = "engines/_list.html"
    offers: Sequence[EngineRow]
    found: Sequence[Found]
    keys_note: str
    has_gpu: bool
    max_name_chars: int = 200
    efforts: Sequence[str] = tuple(Effort)


class Welcome(Template, frozen=True):
    """The choices of a first run.

    Attributes:
        address: Of a server, as far as it was typed.
    """

    template: ClassVar[str] = "engines/_welcome.html"
    is_ready: bool
    found: Sequence[Found]
    address: str


class FileRow(Struct, frozen=True):
    """A model file of another program."""

    name: str
    program: str
    size: str
    path: str

    @classmethod
    def of(cls, found: FoundFile) -> Self:
        """Show one as a row."""
        return cls(found.name, found.program, size_text(found.bytes), found.path)


class Files(Template, frozen=True):
    """The model files other programs have, and where others come from.

    Attributes:
        fitting: Which sizes fit this computer.
    """

    template: ClassVar[str] = "engines/_files.html"
    files: Sequence[FileRow]
    fitting: str


def _proxy_words(url: str, proxy: str) -> str:
    """Say by which proxy a server is reached."""
    if proxy != SYSTEM:
        return f"through {proxy}" if proxy else ""
    found, _ = without_login(system_proxy(url))
    if found:
        return f"through {found}, this computer\N{RIGHT SINGLE QUOTATION MARK}s proxy"
    return "directly: this computer has no proxy for it"


async def engine_list(services: "Services") -> EngineList:
    """Return the engines as the settings show them."""
    offers = await services.engines.offers()
    has_file = any(offer.record.kind == EngineKind.BUILTIN for offer in offers)
    found = await services.engines.found()
    note = await asyncio.to_thread(services.keys.explain)
    # Windows may ask the network by which proxy an address is reached.
    rows = await asyncio.to_thread(
        lambda: [EngineRow.of(one, _typed(services, one.record.id)) for one in offers]
    )
    has_gpu = has_file and services.graphics.has_card()
    return EngineList(rows, found, note, has_gpu)


def _typed(services: "Services", engine_id: str) -> dict[str, str]:
    return services.drafts.form(DraftedForm.SERVER, engine_id)


async def _forget_typed(app: OpenContext, engine_id: str) -> None:
    drop = app.services.drafts.drop_form
    await asyncio.to_thread(drop, DraftedForm.SERVER, engine_id)


def typed_address(services: "Services") -> str:
    """Return the address of a new server, as far as it was typed."""
    return _typed(services, NEW).get("url", "")


@router.get("/engines")
async def list_(_request: Request, app: OpenContext) -> Response:
    """Show the engines in the settings."""
    return app.pages.fragment(await engine_list(app.services))


@router.get("/engines/welcome")
async def welcome(_request: Request, app: OpenContext) -> Response:
    """Show the choices of a first run."""
    engines = app.services.engines
    is_ready = await engines.default() is not None
    found = () if is_ready else await engines.found()
    address = await asyncio.to_thread(typed_address, app.services)
    return app.pages.fragment(Welcome(is_ready, found, address))


@router.get("/engines/files")
async def files(_request: Request, app: OpenContext) -> Response:
    """Show the model files of other programs."""
    found = await app.services.engines.files_found()
    rows = [FileRow.of(file) for file in found]
    return app.pages.fragment(Files(rows, fitting_size()))


@router.post("/engines")
@in_form
async def add(request: Request, app: OpenContext) -> Response:
    """Add a model server."""
    form = request.form()
    added = await app.services.engines.add_server(
        form.get("name", ""),
        address_in(form),
        form.get("key", ""),
        form.get("model", ""),
        options=form,
        may_send_in_clear=may_send_in_clear(form),
    )
    await _forget_typed(app, NEW)
    app.pages.announce(Toast(_connected(added), tone=Tone.SUCCESS))
    return no_content(go_to("/"))


@router.post("/engines/builtin")
@in_form
async def add_file(request: Request, app: OpenContext) -> Response:
    """Add a model file."""
    path = Path(request.form().get("path", ""))
    added = await app.services.engines.add_file(path)
    app.pages.announce(_ready(added.problem, f"{added.record.name} is ready."))
    target = go_to("/settings" if added.problem else "/")
    return no_content(target if request.is_htmx else None)


@router.put("/engines/:id")
@in_form
async def change(request: Request, app: OpenContext) -> Response:
    """Change an engine."""
    form = request.form()
    record, problem = await app.services.engines.change(
        request.path_params["id"],
        name=form.get("name", ""),
        url=address_in(form),
        key=form.get("key", ""),
        models=form.get("models"),
        options=form,
        may_send_in_clear=may_send_in_clear(form),
    )
    await _forget_typed(app, record.id)
    app.pages.announce(_saved(record.name, problem))
    return await list_(request, app)


@router.delete("/engines/:id/draft")
async def start_over(request: Request, app: OpenContext) -> Response:
    """Forget what was typed into the form of an engine."""
    await _forget_typed(app, request.path_params["id"])
    return await list_(request, app)


@router.post("/engines/:id/file")
@in_form
async def change_file(request: Request, app: OpenContext) -> Response:
    """Let an engine use another file."""
    path = Path(request.form().get("path", ""))
    engines = app.services.engines
    record, problem = await engines.change_file(request.path_params["id"], path)
    app.pages.announce(_ready(problem, f"{record.name} is ready again."))
    return no_content()


@router.put("/engines/:id/key")
@in_form
async def set_key(request: Request, app: OpenContext) -> Response:
    """Keep another API key, or none."""
    form = request.form()
    engine_id, key = request.path_params["id"], form.get("key", "").strip()
    if not key:
        return await forget_key(request, app)
    record, problem = await app.services.engines.set_key(
        engine_id, key, may_send_in_clear=may_send_in_clear(form)
    )
    app.pages.announce(_saved(record.name, problem))
    return await list_(request, app)


@router.delete("/engines/:id/key")
async def forget_key(request: Request, app: OpenContext) -> Response:
    """Forget an API key."""
    await app.services.engines.forget_key(request.path_params["id"])
    app.pages.announce(Toast("The key is removed."))
    return await list_(request, app)


@router.delete("/engines/:id")
async def remove(request: Request, app: OpenContext) -> Response:
    """Remove an engine."""
    engines = app.services.engines
    record, removed = await engines.remove(request.path_params["id"])
    await _forget_typed(app, record.id)
    now = await engines.default()
    sentence = f"Removed “{record.name}”." + _answers_now(now)
    app.pages.announce(Toast(sentence, undo=undo_path(removed)))
    return await list_(request, app)


def _ready(problem: str, sentence: str) -> Toast:
    tone = Tone.WARNING if problem else Tone.SUCCESS
    return Toast(problem or sentence, tone=tone)


def _saved(name: str, problem: str) -> Toast:
    if not problem:
        return Toast("Saved.", tone=Tone.SUCCESS)
    sentence = f"Saved, but {name} cannot be used yet: {problem}"
    return Toast(sentence, tone=Tone.WARNING)


def _answers_now(choice: Choice | None) -> str:
    return f" New conversations use {choice.model}." if choice else ""


def _connected(added: AddedEngine) -> str:
    count = len(added.models)
    models = "1 model" if count == 1 else f"{count:,} models"
    before = "" if added.is_new else f"{added.record.name} is already set up. "
    after = (
        f" {added.model} is used for new conversations." if added.model else _NONE_CHATS
    )
    return f"{before}Connected: {models}.{after}"
