"""How a server that is set up already is reached: its key, its proxy, its address."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from backend.errors import EngineError, EngineFault, InvalidInputError
from backend.interface.stored_values import EngineKind
from backend.llm.engines import NewEngine, headers_key, proxy_key
from backend.llm.listed_model import ListedModel
from backend.llm.options import EngineOptions
from backend.llm.servers.address import read_address, server_of, shown
from backend.llm.servers.api_key import clean_key
from backend.llm.servers.extra_headers import KEPT, headers_text, with_values
from backend.llm.wire.client import ServerRoute
from backend.llm.wire.system_proxy import SYSTEM
from backend.services.engines.connecting import (
    NotConnectedError,
    ServerQuestion,
    ServerRequest,
    connect,
)
from backend.services.engines.option_forms import read_options, without_login

if TYPE_CHECKING:
    from backend.keys.api_keys import KeyStore
    from backend.llm.engines import EngineRegistry
    from backend.store.models import EngineRecord


class AddedEngine(Struct, frozen=True):
    """An engine that can be used now.

    Attributes:
        model: Which one answers new conversations; "" when none of them chats.
        is_new: It was not there before.
        problem: Why it does not answer yet, though it could; "" when it does.
    """

    record: "EngineRecord"
    models: tuple[ListedModel, ...]
    model: str
    is_new: bool
    problem: str = ""


async def look_at(
    registry: "EngineRegistry", path: Path, options: str = ""
) -> tuple[list[ListedModel], str]:
    """Return what a model file offers, and why it is not loaded though it could be.

    Raises:
        EngineError: It is no model that can be opened.
    """
    file = NewEngine(kind=EngineKind.BUILTIN, path=str(path), options=options)
    try:
        return await registry.try_out(file), ""
    except EngineError as exc:
        if exc.fault is not EngineFault.TOO_LARGE:
            raise
        return [], str(exc)


class Secrets(Struct, frozen=True, kw_only=True):
    """What a form has for the keyring; what is empty stays there as it is.

    Attributes:
        key: The API key.
        login: Name and password for the proxy.
        headers: All extra headers; a value may be `KEPT`.
    """

    key: str = ""
    login: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells_server(self) -> bool:
        """Whether the server is told something it was not told before."""
        return bool(self.key) or any(value != KEPT for value in self.headers.values())

    @property
    def is_new(self) -> bool:
        """Whether anything of it was typed."""
        return bool(self.login) or self.tells_server


def read_access(
    form: Mapping[str, str], before: EngineOptions, key: str
) -> tuple[EngineOptions, Secrets]:
    """Return what a form sets, and apart from it what is for the keyring.

    Raises:
        InvalidInputError: One of them cannot be.
    """
    before = replace(before, headers=dict.fromkeys(before.headers, KEPT))
    options = read_options(form, before)
    proxy, login = without_login(options.proxy)
    secrets = Secrets(key=clean_key(key), login=login, headers=options.headers)
    names = dict.fromkeys(options.headers, "")
    return replace(options, proxy=proxy, headers=names), secrets


def access_set(options: EngineOptions) -> tuple[str, str, list[str]]:
    """Return what decides whether the server must be asked again."""
    return options.proxy, options.ca_file, [*options.headers]


class ServerAccess:
    """Knows what the keyring has for a server."""

    def __init__(self, keys: "KeyStore") -> None:
        self._keys = keys

    def keep(self, record: "EngineRecord", secrets: Secrets) -> None:
        """Keep what is new; headers without a line any more are forgotten."""
        options = EngineOptions.read(record.options)
        place = headers_key(record.id)
        if secrets.key:
            self._keys.set(record.id, secrets.key, record.url)
        if secrets.login:
            self._keys.set(proxy_key(record.id), secrets.login, options.proxy)
        if not options.headers:
            self._keys.delete(place)
        elif KEPT not in secrets.headers.values():
            self._keys.set(place, headers_text(secrets.headers), record.url)

    def forget(self, engine_id: str) -> None:
        """Forget all there is of an engine."""
        for place in (engine_id, proxy_key(engine_id), headers_key(engine_id)):
            self._keys.delete(place)

    def request_for(
        self,
        record: "EngineRecord",
        url: str,
        options: EngineOptions,
        secrets: Secrets,
        *,
        may_send_in_clear: bool,
    ) -> ServerRequest:
        """Return what is tried for an engine that changes, with what is kept of it.

        Raises:
            InvalidInputError: A header has no value any more.
        """
        address = read_address(url or shown(record.url))
        base = address.bases(address.scheme or "http")[0]
        login = secrets.login
        if options.proxy not in {"", SYSTEM} and not login:
            login = self._keys.get(proxy_key(record.id), options.proxy)
        way = replace(
            ServerRoute.of(options),
            headers=self._headers(record.id, base, secrets.headers),
        )
        return ServerRequest(
            address=address,
            # The key it has goes only where it went before.
            key=secrets.key or self._keys.get(record.id, base),
            may_send_in_clear=may_send_in_clear or not secrets.tells_server,
            route=way.with_login(login),
        )

    def _headers(
        self, engine_id: str, base: str, typed: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Return the headers with their values, or none while the keyring is locked."""
        if KEPT not in typed.values():
            return typed
        kept = self._keys.find(headers_key(engine_id), base)
        whole = with_values(typed, kept or "")
        is_untouched = all(value == KEPT for value in typed.values())
        if kept is None and is_untouched:
            return {}
        if missing := next((name for name in typed if name not in whole), ""):
            raise InvalidInputError(
                f"Type the value of {missing} again: what is kept of it is not for "
                "this address, or not there any more."
            )
        return whole


async def base_for(request: ServerRequest) -> tuple[str, str]:
    """Return the base of an address, and why nothing answers there."""
    try:
        return (await connect(request)).base, ""
    except NotConnectedError as exc:
        if exc.question is ServerQuestion.IN_CLEAR:
            raise
        address = request.address
        scheme = address.scheme or address.schemes(with_key=request.has_secrets)[0]
        return address.bases(scheme)[0], str(exc)


def known_server(url: str) -> tuple[str, int, str] | None:
    """Return which server an address is of; None for none."""
    with suppress(InvalidInputError):
        return server_of(url)
    return None
