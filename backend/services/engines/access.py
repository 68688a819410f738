"""How a server that is set up already is reached: its key, its proxy, its address."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backend.errors import InvalidInputError
from backend.llm.engines import proxy_key
from backend.llm.listed_model import ListedModel
from backend.llm.options import EngineOptions
from backend.llm.servers.address import read_address, server_of, shown
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
    from backend.store.models import EngineRecord


@dataclass(frozen=True, slots=True)
class AddedEngine:
    """An engine that can be used now.

    Attributes:
        model: Which one answers new conversations; "" when none of them chats.
        is_new: It was not there before.
    """

    record: "EngineRecord"
    models: tuple[ListedModel, ...]
    model: str
    is_new: bool


def read_access(
    form: Mapping[str, str], before: EngineOptions
) -> tuple[EngineOptions, str]:
    """Return what a form sets, and apart from it the login for the proxy.

    Raises:
        InvalidInputError: One of them cannot be.
    """
    options = read_options(form, before)
    proxy, login = without_login(options.proxy)
    return replace(options, proxy=proxy), login


class ServerAccess:
    """Knows what the keyring has for a server."""

    def __init__(self, keys: "KeyStore") -> None:
        self._keys = keys

    def keep_login(self, engine_id: str, options: EngineOptions, login: str) -> None:
        """Keep the name and password for a proxy; "" keeps those there are."""
        if login:
            self._keys.set(proxy_key(engine_id), login, options.proxy)

    def request_for(
        self,
        record: "EngineRecord",
        url: str,
        key: str,
        options: EngineOptions,
        *,
        login: str,
        may_send_in_clear: bool,
    ) -> ServerRequest:
        """Return what is tried for an engine that changes, with what is kept of it."""
        address = read_address(url or shown(record.url))
        base = address.bases(address.scheme or "http")[0]
        # The key it has goes only where it went before.
        kept = key or self._keys.get(record.id, base)
        if options.proxy not in {"", SYSTEM} and not login:
            login = self._keys.get(proxy_key(record.id), options.proxy)
        way = ServerRoute(proxy=options.proxy, ca_file=options.ca_file)
        return ServerRequest(
            address=address,
            key=kept,
            may_send_in_clear=may_send_in_clear or (kept != "" and not key),
            route=way.with_login(login),
        )


async def base_for(request: ServerRequest) -> tuple[str, str]:
    """Return the base of an address, and why nothing answers there."""
    try:
        return (await connect(request)).base, ""
    except NotConnectedError as exc:
        if exc.question is ServerQuestion.IN_CLEAR:
            raise
        address = request.address
        scheme = address.scheme or address.schemes(with_key=bool(request.key))[0]
        return address.bases(scheme)[0], str(exc)


def known_server(url: str) -> tuple[str, int, str] | None:
    """Return which server an address is of; None for none."""
    with suppress(InvalidInputError):
        return server_of(url)
    return None
