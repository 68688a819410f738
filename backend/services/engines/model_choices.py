"""Choosing a model: finding it, its star, and what was chosen before."""

import asyncio
from typing import TYPE_CHECKING

from backend.interface.stored_values import EngineKind
from backend.services.engines.choices import Choice
from backend.services.engines.chosen_model import (
    ChosenModel,
    is_on_this_computer,
    judge_choice,
)
from backend.services.engines.model_search import ModelPage, find_models
from backend.services.engines.picks import Picks
from backend.services.engines.typed_models import TypedModels, read_names

if TYPE_CHECKING:
    from backend.services.engines.engines import EngineService
    from backend.services.engines.offers import Offer
    from backend.services.engines.picks import Act
    from backend.store.settings import SettingStore


class ModelChoices:
    """What a person chooses models by, wherever one is chosen."""

    def __init__(
        self, engines: "EngineService", settings: "SettingStore", act: "Act"
    ) -> None:
        self._engines = engines
        self._act = act
        self._picks = Picks(settings, act)
        self._typed = TypedModels(settings)

    async def find(self, query: str, offset: int = 0) -> ModelPage:
        """Return the models with all words of a query, from a row on."""
        offers = await self._engines.offers()
        favourites, recent = await asyncio.to_thread(self._marked)
        return find_models(offers, query, offset, favourites=favourites, recent=recent)

    async def toggle_favourite(self, choice: Choice) -> None:
        """Give a model a star, or take it away."""
        await asyncio.to_thread(self._picks.toggle_favourite, choice)

    async def remember(self, choice: Choice) -> None:
        """Take note that a model was chosen; a name that no list has is kept.

        Raises:
            InvalidInputError: It is no name of a model.
        """
        offer = await self._offer_of(choice)
        is_server = offer and offer.record.kind != EngineKind.BUILTIN
        names: tuple[str, ...] = ()
        if offer and is_server and choice.model not in offer.models:
            names = read_names(choice.model)

        def keep() -> None:
            with self._act():
                if names:
                    typed = dict.fromkeys((*self._typed.of(choice.engine_id), *names))
                    self._typed.keep(choice.engine_id, [*typed])
                self._picks.remember(choice)

        await asyncio.to_thread(keep)

    async def judge(self, choice: Choice) -> ChosenModel:
        """Return what a chosen model is called, and why it cannot be used."""
        return judge_choice(choice, await self._engines.offers())

    async def is_on_this_computer(self, choice: Choice) -> bool:
        """Whether what is sent to a model stays here."""
        offer = await self._offer_of(choice)
        return offer is not None and is_on_this_computer(offer)

    async def _offer_of(self, choice: Choice) -> "Offer | None":
        offers = await self._engines.offers()
        return next((o for o in offers if o.record.id == choice.engine_id), None)

    def _marked(self) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
        return self._picks.favourites(), self._picks.recent()
