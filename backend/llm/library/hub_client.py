"""Asks a hub of models over HTTP, one request for each question."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from backend.errors import HearthError, InvalidInputError
from backend.llm.library.hub import (
    FoundModels,
    NotAHubError,
    Repository,
    is_repository,
    read_repository,
    read_search,
)
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.client import USER_AGENT
from backend.llm.wire.exchange import read_text

if TYPE_CHECKING:
    import httpx2

HUB: Final = "https://huggingface.co"
_CONNECT_S: Final = 10.0
_READ_S: Final = 30.0
_MOST_BYTES: Final = 16 * 1024 * 1024
_FIELDS: Final = ("gguf", "downloads", "gated")
_PAGE: Final = 20


class HubError(HearthError):
    """The hub cannot be asked, or does not answer as one."""

    status = 502


class HubClient:
    """Asks one hub, or a mirror of it."""

    def __init__(self, address: str = HUB, token: str = "") -> None:
        """Remember whom to ask.

        Args:
            address: Of the hub.
            token: What opens models whose terms were accepted; "" for none.

        Raises:
            InvalidInputError: The address is none.
        """
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInputError(
                "That is not the address of a hub. It looks like "
                "https://huggingface.co."
            )
        self.address = address.rstrip("/")
        self._token = token

    async def search(self, words: str, page: str = "") -> FoundModels:
        """Look for models by their names.

        Args:
            words: "" for those most people download.
            page: What an earlier answer gave as its next page.

        Raises:
            HubError: It cannot be asked, or is none.
        """
        if page and urlsplit(page).netloc != urlsplit(self.address).netloc:
            raise HubError(
                "The hub returned an address of another server. Search again."
            )
        fields = "".join(f"&expand[]={name}" for name in _FIELDS)
        asked = (
            f"{self.address}/api/models?filter=gguf&search={quote(words)}"
            f"&sort=downloads&limit={_PAGE}{fields}"
        )
        body, link = await self._get(page or asked)
        with _understood():
            return read_search(body, link)

    async def repository(self, name: str) -> Repository:
        """Return which models a repository holds.

        Raises:
            InvalidInputError: The name is none of a repository.
            HubError: It is not there, or the hub cannot be asked.
        """
        if not is_repository(name):
            raise InvalidInputError("A model name has the form owner/model.")
        body, _ = await self._get(f"{self.address}/api/models/{name}?blobs=true")
        with _understood():
            return read_repository(body)

    def url_of(self, repository: str, commit: str, path: str) -> str:
        """Return where a file of a repository is asked for."""
        return f"{self.address}/{repository}/resolve/{commit}/{quote(path)}"

    async def _get(self, url: str) -> tuple[str, str]:
        import httpx2  # noqa: PLC0415 costs 0.1 s, which the start has not got

        try:
            async with (
                open_client(self._token, follow_redirects=False) as client,
                client.stream("GET", url) as response,
            ):
                body = await read_text(response, _MOST_BYTES)
        except NotAnAnswerError as exc:
            raise HubError(
                "The answer of the hub is too large. Search for something more "
                "specific."
            ) from exc
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise HubError(
                f"{urlsplit(url).hostname} cannot be reached. Check the network, and "
                "try again."
            ) from exc
        if response.status_code != HTTPStatus.OK:
            raise HubError(_refusal(response))
        return body, response.headers.get("Link", "")


@asynccontextmanager
async def open_client(
    token: str, *, follow_redirects: bool
) -> "AsyncIterator[httpx2.AsyncClient]":
    """Open a client for a hub; proxies of the system are used, as in a browser.

    The token goes to the hub alone: httpx2 drops it where a redirect leads elsewhere.
    """
    client = await asyncio.to_thread(_new_client, token, follow_redirects)
    try:
        yield client
    finally:
        await client.aclose()


def _new_client(token: str, follow_redirects: bool) -> "httpx2.AsyncClient":  # noqa: FBT001 called in a thread, by place
    import httpx2  # noqa: PLC0415 costs 0.1 s, and its certificates 30 ms

    headers = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return httpx2.AsyncClient(
        headers=headers,
        timeout=httpx2.Timeout(_READ_S, connect=_CONNECT_S),
        follow_redirects=follow_redirects,
    )


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except NotAHubError as exc:
        raise HubError(
            "There is no model hub at this address. Check the address of "
            "the hub in Settings."
        ) from exc


def _refusal(response: "httpx2.Response") -> str:
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    if code == "RepoNotFound" or status == HTTPStatus.NOT_FOUND:
        return "The hub has no such model, or keeps it private."
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "The hub needs an access token for this. Enter one, and try again."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "The hub received too many requests. Try again in a few minutes."
    return f"The hub is not available now (HTTP {status}). Try again later."
