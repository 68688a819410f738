"""Finds models among all that engines offer, a page at a time."""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from backend.interface.stored_values import EngineKind
from backend.llm.listed_model import ListedModel
from backend.services.engines.choices import Choice
from backend.services.engines.offers import Offer

PAGE_SIZE: Final = 50
ON_THIS_COMPUTER: Final = "On this computer"
_FAVOURITES: Final = "Favourites"
_RECENT: Final = "Recently used"
_TYPED: Final = "Not in the list"
_MOST_TYPED: Final = 5


class ServerHealth(Enum):
    """How a server is, in the words of the page."""

    ANSWERS = "answers"
    SILENT = "does not answer"
    NOT_ASKED = "not asked yet"


class FoundModel(Struct, frozen=True, kw_only=True):
    """One model to choose.

    Attributes:
        name: What the page calls it.
        engine: Which engine has it, where the group does not say.
        is_new: A person typed its name, and nothing lists it.
    """

    choice: Choice
    name: str
    model: ListedModel
    engine: str = ""
    is_favourite: bool = False
    is_new: bool = False


class FoundGroup(Struct, frozen=True, kw_only=True):
    """Models that stand together.

    Attributes:
        health: Of the server they are on; None where they are not on one.
        note: Why there is none of it.
        is_continued: The page before began with it.
    """

    name: str
    models: Sequence[FoundModel] = ()
    health: ServerHealth | None = None
    note: str = ""
    is_continued: bool = False


class ModelPage(Struct, frozen=True, kw_only=True):
    """A page of what was found.

    Attributes:
        count: How many models engines list, on all pages.
        next_offset: None on the last page.
    """

    groups: Sequence[FoundGroup]
    count: int
    next_offset: int | None = None


def find_models(
    offers: Sequence[Offer],
    query: str = "",
    offset: int = 0,
    *,
    favourites: Sequence[Choice] = (),
    recent: Sequence[Choice] = (),
) -> ModelPage:
    """Return the models that have all words of a query, from one on."""
    words = query.casefold().split()
    starred = frozenset(favourites)
    by_engine = list(_by_engine(offers, starred))
    every = {found.choice: found for _, models in by_engine for found in models}
    groups = [
        FoundGroup(name=name, models=[every[c] for c in choices if c in every])
        for name, choices in ((_FAVOURITES, favourites), (_RECENT, recent))
        if not words
    ]
    for group, models in by_engine:
        found = _matching(models, group.name, words)
        plain = [replace(one, engine="") for one in found]
        groups.append(replace(group, models=plain, note="" if words else group.note))
    if words:
        name = " ".join(query.split())
        groups.append(FoundGroup(name=_TYPED, models=_typed(offers, name, every)))
    shown = [group for group in groups if group.models or group.note]
    return _page(shown, offset)


def _by_engine(
    offers: Sequence[Offer], starred: frozenset[Choice]
) -> Iterator[tuple[FoundGroup, list[FoundModel]]]:
    """Return model files together, then each server."""
    files = [offer for offer in offers if offer.record.kind == EngineKind.BUILTIN]
    models = [one for offer in files for one in _models(offer, starred)]
    lost = [offer.record.name for offer in files if offer.problem]
    note = f"Not usable: {', '.join(lost)}." if lost else ""
    yield FoundGroup(name=ON_THIS_COMPUTER, note=note), models
    for offer in offers:
        if offer.record.kind != EngineKind.BUILTIN:
            name, health = offer.record.name, health_of(offer)
            group = FoundGroup(name=name, health=health, note=_note(offer))
            yield group, list(_models(offer, starred))


def health_of(offer: Offer) -> ServerHealth:
    """Return how an engine is, as far as is known."""
    if offer.problem:
        return ServerHealth.SILENT
    return ServerHealth.NOT_ASKED if offer.is_asked else ServerHealth.ANSWERS


def _note(offer: Offer) -> str:
    if offer.problem or offer.models:
        return offer.problem
    return "Asking for its models…" if offer.is_asked else "It has no model yet."


def _models(offer: Offer, starred: frozenset[Choice]) -> Iterator[FoundModel]:
    record = offer.record
    is_file = record.kind == EngineKind.BUILTIN
    for model in offer.listed:
        choice = Choice(record.id, model.id)
        yield FoundModel(
            choice=choice,
            name=record.name if is_file else model.id,
            model=model,
            engine=ON_THIS_COMPUTER if is_file else record.name,
            is_favourite=choice in starred,
        )


def _matching(
    models: Iterable[FoundModel], group: str, words: Sequence[str]
) -> list[FoundModel]:
    """Return the models with all words, those first whose name begins with one."""
    if not words:
        return list(models)
    group = group.casefold()
    found = list[tuple[bool, FoundModel]]()
    for one in models:
        name = one.name.casefold()
        if all(word in name or word in group for word in words):
            found.append((not name.startswith(words[0]), one))
    found.sort(key=lambda ranked: ranked[0])
    return [one for _, one in found]


def _typed(
    offers: Sequence[Offer], name: str, every: Iterable[Choice]
) -> list[FoundModel]:
    """Return the name itself as a model of each server that does not list it."""
    known = frozenset(every)
    servers = [o.record for o in offers if o.record.kind != EngineKind.BUILTIN]
    choices = [(Choice(record.id, name), record.name) for record in servers]
    return [
        FoundModel(
            choice=choice,
            name=name,
            model=ListedModel(id=name),
            engine=server,
            is_new=True,
        )
        for choice, server in choices
        if choice not in known
    ][:_MOST_TYPED]


def _page(groups: Sequence[FoundGroup], offset: int) -> ModelPage:
    """Return the part of the groups that begins at a row.

    A group without models counts as one row.
    """
    end, at = offset + PAGE_SIZE, 0
    shown = list[FoundGroup]()
    for group in groups:
        first, at = at, at + max(len(group.models), 1)
        part = group.models[max(offset - first, 0) : max(end - first, 0)]
        if part or (not group.models and offset <= first < end):
            shown.append(replace(group, models=part, is_continued=first < offset))
    count = len({m.choice for group in groups for m in group.models if not m.is_new})
    return ModelPage(groups=shown, count=count, next_offset=end if end < at else None)
