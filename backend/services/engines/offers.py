"""What each engine offers, as far as is known: no page waits for a server."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.errors import EngineError, EngineFault, HearthError
from backend.llm.engine_status import NO_ANSWER, status_for
from backend.llm.listed_model import ListedModel
from backend.runtime.logs import describe_bug

if TYPE_CHECKING:
    from backend.store.models import EngineRecord

log = logging.getLogger("hearth.engines")

FRESH_S: Final = 15.0
"""How long an answer counts, a failure as well: then the engine is asked again."""
DEADLINE_S: Final = 8.0
"""How long an engine may take to say what it offers."""
PATIENCE_S: Final = 0.25
"""How long a page waits for an engine that was never asked before."""

Ask = Callable[["EngineRecord"], Awaitable[Sequence[ListedModel]]]


class Offer(Struct, frozen=True):
    """An engine with the models it offers.

    Attributes:
        listed: What it listed when it answered last, and what a person typed.
        problem: Why it cannot be used now, for the user; "" when all is well.
        is_too_large: The problem is only that it is larger than the memory.
        is_asked: It has never answered yet, and is being asked.
        typed: Those of its models a person typed.
    """

    record: "EngineRecord"
    listed: tuple[ListedModel, ...] = ()
    problem: str = ""
    is_asked: bool = False
    is_too_large: bool = False
    typed: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Return their names."""
        return tuple(model.id for model in self.listed)


class _Known(Struct):
    """What is known of an engine.

    Attributes:
        facts: What it was when it was asked: an edited one is asked again.
        at: When it answered last, or failed.
        shown: What a page showed last.
    """

    facts: tuple[str, ...]
    at: float | None = None
    models: tuple[ListedModel, ...] = ()
    problem: str = ""
    is_too_large: bool = False
    shown: Offer | None = None
    asking: asyncio.Task[None] | None = None
    asked_at: float = 0.0


class Offers:
    """Asks engines behind the pages and remembers what came of it."""

    def __init__(
        self,
        ask: Ask,
        on_changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell `on_changed` when something else than a page shows turns out."""
        self._ask = ask
        self._on_changed = on_changed
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def of(self, records: "Sequence[EngineRecord]") -> list[Offer]:
        """Return what is known; what is old is asked behind the page."""
        tasks = [task for record in records if (task := self._first_asking(record))]
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE_S)
        return [self._show(record) for record in records]

    def last(self, record: "EngineRecord") -> tuple[ListedModel, ...]:
        """Return the models an engine listed last, without asking."""
        return self._of(record).models

    def keep(self, record: "EngineRecord", models: Sequence[ListedModel]) -> None:
        """Remember an answer that was got in another way."""
        known = self._of(record)
        known.at, known.models, known.problem = self._clock(), tuple(models), ""
        known.is_too_large = False

    def forget(self, engine_id: str) -> None:
        """Ask an engine again the next time; stop asking it now."""
        known = self._known.pop(engine_id, None)
        if known and known.asking:
            known.asking.cancel()

    def _of(self, record: "EngineRecord") -> _Known:
        facts = (record.kind, record.url, record.path)
        known = self._known.get(record.id)
        if known is None or known.facts != facts:
            self.forget(record.id)
            known = self._known[record.id] = _Known(facts)
        return known

    def _first_asking(self, record: "EngineRecord") -> asyncio.Task[None] | None:
        """Begin to ask if need be; return the task if a page should wait for it."""
        known = self._of(record)
        was_never_asked = known.at is None and not known.shown
        is_fresh = known.at is not None and self._clock() - known.at < FRESH_S
        if known.asking is None and not is_fresh:
            known.asked_at = self._clock()
            known.asking = asyncio.create_task(
                self._refresh(record, known), name=f"ask engine {record.id}"
            )
        return known.asking if was_never_asked else None

    async def _refresh(self, record: "EngineRecord", known: _Known) -> None:
        models, problem, is_too_large = known.models, "", False
        try:
            async with asyncio.timeout(DEADLINE_S):
                models = tuple(await self._ask(record))
        except EngineError as exc:
            problem = status_for(exc)
            is_too_large = exc.fault is EngineFault.TOO_LARGE
        except TimeoutError:
            problem = NO_ANSWER
        except HearthError as exc:
            problem = str(exc)
        except Exception as exc:  # noqa: BLE001 one bad engine must not hide the others
            log.warning("an engine cannot be asked: %s", describe_bug(exc))
            problem = "It cannot be used. Edit or remove it."
        finally:
            known.asking = None
        known.at, known.models, known.problem = self._clock(), models, problem
        known.is_too_large = is_too_large
        if known.shown and known.shown != self._offer(record, known):
            self._on_changed()

    def _show(self, record: "EngineRecord") -> Offer:
        known = self._of(record)
        known.shown = self._offer(record, known)
        return known.shown

    @staticmethod
    def _offer(record: "EngineRecord", known: _Known) -> Offer:
        is_asked = known.at is None and not known.models and not known.problem
        is_too_large = known.is_too_large
        return Offer(record, known.models, known.problem, is_asked, is_too_large)
