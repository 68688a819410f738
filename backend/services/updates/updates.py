"""Looks for a newer Hearth: one request to one address, off until asked for."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from msgspec import Struct

from backend.errors import HearthError, InvalidInputError
from backend.installation import resource_path, running_version
from backend.llm.servers.address import is_here
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.client import ServerRoute, new_client
from backend.llm.wire.exchange import read_text
from backend.llm.wire.system_proxy import SYSTEM
from backend.services.updates.signed_file import (
    NoUpdateFileError,
    Release,
    UpdateNews,
    judge,
    order,
    read_signed,
)

if TYPE_CHECKING:
    from backend.store.settings import SettingStore

log = logging.getLogger("hearth.updates")

FIRST_AFTER_S: Final = 120.0
LOOK_EVERY_S: Final = 60 * 60.0
_IS_ON: Final = "updates.on"
_ADDRESS: Final = "updates.address"
_SEEN: Final = "updates.seen"
_LOOKED: Final = "updates.looked"
_CONNECT_S: Final = 10.0
_DEADLINE_S: Final = 30.0
_MOST_BYTES: Final = 64 * 1024
_SENTENCES: Final = {
    UpdateNews.OLDER_FILE: (
        "{host} sent an older file than before, so it was not used. Try again "
        "tomorrow; if it stays so, ask who runs it."
    ),
    UpdateNews.FUTURE: (
        "{host} sent a file from the future. Check the date of this computer, and try "
        "again."
    ),
}


class UpdateError(HearthError):
    """It could not be found out whether there is a newer Hearth."""

    status = 502


class UpdateSource(Struct, frozen=True):
    """Where this build looks, and whose signature it takes.

    Attributes:
        address: "" when the builder gave none.
        key: The builder's public key, in base64; "" when the builder gave none.
    """

    address: str = ""
    key: str = ""

    @classmethod
    def of_build(cls) -> Self:
        """Read what the builder gave."""
        return cls.read(resource_path("backend", "resources", "updates"))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the file in a folder; nothing where it says nothing."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = json.loads((folder / "source.json").read_text("utf-8"))
            return cls(str(data["address"]), str(data["key"]))
        return cls()


class UpdateService:
    """Knows whether there is a newer Hearth, as far as a person wants to know."""

    def __init__(
        self,
        settings: "SettingStore",
        on_changed: Callable[[], object],
        source: UpdateSource | None = None,
        own: Callable[[], str] | None = None,
    ) -> None:
        """Call `on_changed` when what pages show is old."""
        self._settings = settings
        self._on_changed = on_changed
        self._source = source or UpdateSource.of_build()
        self._own = own or running_version

    @property
    def is_possible(self) -> bool:
        """Whether the builder gave a key: without one nothing could be believed."""
        return bool(self._source.key)

    def is_on(self) -> bool:
        """Whether Hearth looks by itself, once a day."""
        return self.is_possible and self._settings.get(_IS_ON) == "yes"

    def turn(self, *, on: bool) -> None:
        """Look by itself, or no more."""
        self._settings.set(_IS_ON, "yes" if on else "")
        self._on_changed()

    def address(self) -> str:
        """Return the one address that is asked."""
        return self._settings.get(_ADDRESS) or self._source.address

    def choose_address(self, typed: str) -> None:
        """Ask another address; "" for that of the builder.

        Raises:
            InvalidInputError: It is none that can be asked.
        """
        if typed:
            _checked(typed)
        self._settings.set(_ADDRESS, "" if typed == self._source.address else typed)

    def offer(self) -> Release | None:
        """Return the newer Hearth that was found; None as far as there is none."""
        seen = self._seen()
        return seen if seen and order(seen.version) > order(self._own()) else None

    def looked_at(self) -> str:
        """Return on which day was looked last; "" for never."""
        return self._settings.get(_LOOKED)

    async def look(self, today: date | None = None) -> Release | None:
        """Ask now; return the newer Hearth, None when this is the newest.

        Raises:
            InvalidInputError: There is no address, or none that can be asked.
            UpdateError: It could not be found out; the sentence says why.
        """
        day = today or datetime.now(UTC).date()
        address = _checked(await asyncio.to_thread(self.address))
        host = urlsplit(address).netloc
        try:
            found = read_signed(await _get(address), self._source.key)
        except NoUpdateFileError as exc:
            raise UpdateError(
                f"What {host} sent is not signed by who built this Hearth, so it was "
                "not used. Check the address."
            ) from exc
        seen = await asyncio.to_thread(self._seen)
        verdict = judge(found, own=self._own(), seen=seen, today=day)
        if verdict in _SENTENCES:
            raise UpdateError(_SENTENCES[verdict].format(host=host))
        await asyncio.to_thread(self._keep, found, day)
        self._on_changed()
        return found if verdict is UpdateNews.NEWER else None

    async def keep_looking(self) -> None:
        """Look once a day while it is wanted, for as long as this runs."""
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            if await asyncio.to_thread(self._is_due):
                try:
                    await self.look()
                except HearthError as exc:
                    log.info("no look for updates: %s", exc)
            await asyncio.sleep(LOOK_EVERY_S)

    def _is_due(self) -> bool:
        return self.is_on() and self.looked_at() != str(datetime.now(UTC).date())

    def _seen(self) -> Release | None:
        with suppress(NoUpdateFileError):
            return Release.read(self._settings.get(_SEEN))
        return None

    def _keep(self, found: Release, day: date) -> None:
        self._settings.set(_SEEN, found.to_text())
        self._settings.set(_LOOKED, str(day))


async def _get(address: str) -> bytes:
    host = urlsplit(address).netloc
    route = ServerRoute(proxy=SYSTEM)
    client = await asyncio.to_thread(new_client, address, "", _CONNECT_S, route)
    import httpx2  # noqa: PLC0415 new_client loaded it

    try:
        async with asyncio.timeout(_DEADLINE_S), client.stream("GET", address) as reply:
            body = await read_text(reply, _MOST_BYTES)
    except NotAnAnswerError as exc:
        raise UpdateError(f"What {host} sent is too large. Check the address.") from exc
    except httpx2.ProxyError as exc:
        raise UpdateError(
            f"The proxy of this computer does not let Hearth through to {host}."
        ) from exc
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as exc:
        raise UpdateError(
            f"{host} cannot be reached. Check the network, and try again."
        ) from exc
    finally:
        await client.aclose()
    if reply.status_code != HTTPStatus.OK:
        raise UpdateError(
            f"{host} has no news of Hearth (HTTP {reply.status_code}). Check the "
            "address, or try again later."
        )
    return body.encode()


def _checked(address: str) -> str:
    parts, is_usable = urlsplit(""), False
    with suppress(ValueError):
        parts = urlsplit(address)
        is_usable = bool(parts.hostname) and parts.port != 0
    here = parts.scheme == "http" and is_here(parts.hostname or "")
    is_safe = parts.scheme == "https" or here
    if not (is_usable and is_safe) or parts.username or parts.fragment:
        raise InvalidInputError(
            "Updates are looked for at an address that begins with https://. Enter the "
            "one you were given."
        )
    return address
