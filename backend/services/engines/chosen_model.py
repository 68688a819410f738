"""Whether a model that was chosen can still be used, and what to do when not."""

from enum import Enum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from backend.interface.stored_values import EngineKind
from backend.llm.servers.address import is_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.services.engines.choices import Choice
    from backend.services.engines.offers import Offer

_OLLAMA_TAG: Final = ":latest"


class WayOn(Enum):
    """What a person may do when a model is gone, besides choosing another one."""

    NOTHING = ""
    SETTINGS = "/settings"
    LIBRARY = "/models"


class ChosenModel(Struct, frozen=True, kw_only=True):
    """A model that was chosen somewhere.

    Attributes:
        name: What the page calls it.
        problem: Why it cannot be used, and what to do; "" when all is well.
        way_on: Where that is done.
    """

    name: str
    problem: str = ""
    way_on: WayOn = WayOn.NOTHING


def is_on_this_computer(offer: "Offer") -> bool:
    """Whether what is sent to an engine stays here."""
    url = offer.record.url
    return not url or is_here(urlsplit(url).hostname or "")


def judge_choice(choice: "Choice", offers: "Sequence[Offer]") -> ChosenModel:
    """Return how a chosen model is, as far as is known."""
    offer = next((o for o in offers if o.record.id == choice.engine_id), None)
    if offer is None:
        return ChosenModel(
            name=choice.model,
            problem=f"{choice.model} is gone: its server or file was removed from "
            "Hearth. Choose another model, or add it again.",
            way_on=WayOn.SETTINGS,
        )
    if offer.record.kind == EngineKind.BUILTIN:
        name, way_on = offer.record.name, WayOn.LIBRARY
        # The file's own sentence says what to do.
        return ChosenModel(
            name=name,
            problem=offer.problem,
            way_on=way_on if offer.problem else WayOn.NOTHING,
        )
    return _judge_server(choice.model, offer)


def _judge_server(model: str, offer: "Offer") -> ChosenModel:
    server = offer.record.name
    if offer.problem:
        problem = f"{server}: {offer.problem} You can also choose another model."
        return ChosenModel(name=model, problem=problem, way_on=WayOn.SETTINGS)
    # A server that lists nothing may have it all the same.
    is_there = not offer.listed or {model, model + _OLLAMA_TAG} & {*offer.models}
    if offer.is_asked or is_there:
        return ChosenModel(name=model)
    problem = f"{server} no longer has {model}. Install it there again, or choose "
    return ChosenModel(name=model, problem=f"{problem}another model.")
