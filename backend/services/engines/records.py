"""What is kept of engines: rows of the store, and secrets in the keyring."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.interface.stored_values import EngineKind
from backend.llm.options import EngineOptions
from backend.llm.servers.address import stored
from backend.services.engines.access import Secrets, ServerAccess, known_server
from backend.services.engines.choices import Choice, DefaultChoice
from backend.services.engines.typed_models import TypedModels

if TYPE_CHECKING:
    from backend.keys.api_keys import KeyStore
    from backend.store.engines import EngineStore
    from backend.store.models import EngineRecord
    from backend.store.settings import SettingStore


class EngineRecords:
    """Reads and changes both; use in a thread.

    Attributes:
        access: What the keyring has for servers.
        choices: What was chosen to answer new conversations.
        typed: Names of models that a person typed.
    """

    def __init__(
        self, engines: "EngineStore", settings: "SettingStore", keys: "KeyStore"
    ) -> None:
        self._engines = engines
        self._keys = keys
        self.access = ServerAccess(keys)
        self.choices = DefaultChoice(settings)
        self.typed = TypedModels(settings)

    def with_typed(self) -> "tuple[Sequence[EngineRecord], list[tuple[str, ...]]]":
        """Return all engines, and the names of models that were typed for each."""
        records = self._engines.all()
        return records, [self.typed.of(record.id) for record in records]

    def with_choices(self) -> "tuple[Sequence[EngineRecord], list[Choice]]":
        """Return all engines, and what was chosen of them, the latest first."""
        return self._engines.all(), self.choices.all()

    def at(self, base: str) -> "EngineRecord | None":
        """Return the engine that is already at an address."""
        server = known_server(base)
        found = (r for r in self._engines.all() if known_server(r.url) == server)
        return next(found, None)

    def add_server(
        self,
        name: str,
        base: str,
        options: EngineOptions,
        secrets: Secrets,
        models: Sequence[str],
    ) -> "tuple[EngineRecord, bool]":
        """Add a server that is not there yet; return it, and whether it is new.

        Args:
            name: What it is called.
            base: Where it is.
            options: How it is reached.
            secrets: For the keyring; a key also when it was there already.
            models: Names typed of its models, added to those there are.
        """
        record = self.at(base)
        is_new = record is None
        if record is None:
            record = self._engines.add(
                EngineKind.OPENAI, name, stored(base), "", options.to_text()
            )
            self.access.keep(record, secrets)
        elif secrets.key:
            self._keys.set(record.id, secrets.key, record.url)
        if models:
            kept = dict.fromkeys((*models, *self.typed.of(record.id)))
            self.typed.keep(record.id, tuple(kept))
        return record, is_new

    def change(
        self,
        engine_id: str,
        name: str,
        url: str,
        options: EngineOptions,
        secrets: Secrets,
        models: Sequence[str] | None,
    ) -> "EngineRecord":
        """Store how an engine is now; an empty name or secret keeps what is there.

        Raises:
            NotFoundError: The engine was removed.
        """
        record = self._engines.update(
            engine_id, name=name.strip() or None, url=url, options=options.to_text()
        )
        if models is not None:
            self.typed.keep(engine_id, models)
        self.access.keep(record, secrets)
        return record

    def remove(self, engine_id: str) -> "tuple[EngineRecord, str]":
        """Remove an engine and its secrets; return it and the transaction to undo.

        Raises:
            NotFoundError: It was removed.
        """
        record = self._engines.get(engine_id)
        removed = self._engines.delete(engine_id)
        self.access.forget(engine_id)
        return record, removed

    def forget_key(self, engine_id: str) -> None:
        """Forget the API key of an engine.

        Raises:
            NotFoundError: It was removed.
        """
        self._engines.get(engine_id)
        self._keys.delete(engine_id)
