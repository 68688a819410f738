"""Finds the form of an address at which a model server answers."""

from collections.abc import Sequence
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from backend.errors import HearthError
from backend.llm.providers import provider_of
from backend.llm.sentences import DETAIL_CHARS, one_line
from backend.llm.servers.address import Address, is_exposed
from backend.llm.servers.extra_headers import refuse_clash
from backend.llm.servers.probe import (
    ANSWERED,
    Probe,
    ProbeResult,
    ask_models,
    takes_chats,
)
from backend.llm.wire.client import DIRECT, ServerRoute


class ServerQuestion(Enum):
    """What a person must say before a server can be used."""

    NOTHING = ""
    MODEL = "model"
    IN_CLEAR = "in clear"
    MOVED = "moved"


class NotConnectedError(HearthError):
    """A server was not added; the sentence says why, and what to do in the form.

    Attributes:
        question: What else the form asks.
        target: The address to use instead, when the server sends on to another.
    """

    status = 422

    def __init__(
        self,
        sentence: str,
        question: ServerQuestion = ServerQuestion.NOTHING,
        target: str = "",
    ) -> None:
        """Keep the question beside the sentence."""
        super().__init__(sentence)
        self.question = question
        self.target = target


class ServerRequest(Struct, frozen=True, kw_only=True):
    """What a person filled in.

    Attributes:
        model: A model's name, for servers that list none.
        route: By which way it is asked.
        may_send_in_clear: The key may go to another computer without https.
    """

    address: Address
    key: str = ""
    model: str = ""
    may_send_in_clear: bool = False
    route: ServerRoute = DIRECT

    @property
    def has_secrets(self) -> bool:
        """Whether nobody but the server may read what is sent."""
        return bool(self.key or self.route.headers)


async def connect(request: ServerRequest) -> Probe:
    """Return the address at which models are offered, or could be used by name.

    Raises:
        NotConnectedError: There is none.
        InvalidInputError: Two keys are given.
    """
    refuse_clash(request.route.headers, request.address.host, request.key)
    probes = await _try_all(request)
    listing = next(
        (p for p in probes if p.reply is ProbeResult.MODELS and p.models), None
    )
    if listing:
        return listing
    known = _known_models(request)
    if (request.model or known) and (usable := await _by_name(probes, request)):
        return replace(usable, models=usable.models or known)
    raise _refusal(request, probes)


async def _try_all(request: ServerRequest) -> list[Probe]:
    """Ask the likely forms in turn, until one gives models."""
    probes = list[Probe]()
    for scheme in request.address.schemes(with_key=request.has_secrets):
        for base in request.address.bases(scheme):
            is_readable = request.has_secrets and is_exposed(base)
            if is_readable and not request.may_send_in_clear:
                break
            probe = await ask_models(base, request.key, route=request.route)
            probes.append(probe)
            if probe.reply is ProbeResult.MODELS and probe.models:
                return probes
            if probe.reply not in ANSWERED:
                break
    return probes


async def _by_name(probes: Sequence[Probe], request: ServerRequest) -> Probe | None:
    """Return the address that takes chats though it does not list models."""
    answered = [
        p for p in probes if p.reply in ANSWERED and p.reply is not ProbeResult.MOVED
    ]
    for probe in answered:
        is_there = probe.reply is ProbeResult.MODELS
        if is_there or await takes_chats(probe.base, request.key, request.route):
            return probe
    return None


def _known_models(request: ServerRequest) -> tuple[str, ...]:
    """Return the models of a provider that gives no list."""
    provider = provider_of(request.address.host)
    return provider.models if provider and request.key else ()


def _refusal(request: ServerRequest, probes: Sequence[Probe]) -> NotConnectedError:
    host = request.address.netloc
    order = list(_SENTENCES)
    worst = min(probes, key=lambda p: order.index(p.reply))
    is_there = worst.reply in ANSWERED or worst.reply is ProbeResult.NO_NAME
    if not is_there and _holds_back(request):
        secret = "the API key" if request.key else "the extra headers"
        return NotConnectedError(
            f"{host} does not support https. With http, others on the network could "
            f"read {secret}.",
            ServerQuestion.IN_CLEAR,
        )
    sentence, question = _SENTENCES[worst.reply]
    if worst.reply is ProbeResult.KEY_REFUSED and not request.key:
        sentence = "{host} needs an API key. Enter it below the address."
        provider = provider_of(request.address.host)
        if provider and provider.keys:
            sentence += f" Create one at {provider.keys}."
    target = worst.location if worst.reply is ProbeResult.MOVED else ""
    if request.model and question is ServerQuestion.MODEL:
        sentence = (
            "There is no chat service at {host}. The address usually ends in /v1."
        )
    detail = _words(request.route.hidden(worst.detail, request.key))
    shown = sentence.format(host=host, detail=detail, target=shown_target(target))
    return NotConnectedError(shown, question, target)


def _holds_back(request: ServerRequest) -> bool:
    """Whether there is a way that was not tried, for the key's sake."""
    is_readable = is_exposed(request.address.bases("http")[0])
    may = request.may_send_in_clear or request.address.scheme == "https"
    return request.has_secrets and is_readable and not may


def _words(detail: str) -> str:
    """Return the server's own words as they may be shown."""
    plain = one_line(detail)
    return f" ({plain[:DETAIL_CHARS].rstrip('. ')})" if plain else ""


def shown_target(target: str) -> str:
    """Return the address a server sends on to, as a person writes it."""
    if not target:
        return ""
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".removesuffix("/models")


# The first that some form of the address gave is what is shown.
_SENTENCES: Final = {
    ProbeResult.KEY_REFUSED: (
        "{host} does not accept this API key. Enter another one, or one that may "
        "list models; or type a model\N{RIGHT SINGLE QUOTATION MARK}s name.",
        ServerQuestion.MODEL,
    ),
    ProbeResult.BUSY: (
        "{host} is there but not ready{detail}. Wait a moment, then connect again.",
        ServerQuestion.NOTHING,
    ),
    ProbeResult.MOVED: ("{host} redirects to {target}.", ServerQuestion.MOVED),
    ProbeResult.MODELS: (
        "{host} has no model yet. Add one there, or type the name of a model.",
        ServerQuestion.MODEL,
    ),
    ProbeResult.NO_LIST: (
        "{host} answers, but gives no list of models. Check the address; if it is "
        "right, type the name of a model.",
        ServerQuestion.MODEL,
    ),
    ProbeResult.PROXY: (
        "The proxy does not let Hearth through to {host}. Check its address, and the "
        "name and password in it: http://name:password@proxy:3128.",
        ServerQuestion.NOTHING,
    ),
    ProbeResult.UNTRUSTED: (
        "This computer does not trust the certificate of {host}, so nothing was "
        "sent. Check the address; if your organisation gives out certificates of its "
        "own, choose its file under Connection.",
        ServerQuestion.NOTHING,
    ),
    ProbeResult.NO_TLS: (
        "{host} does not support https. Begin the address with http://.",
        ServerQuestion.NOTHING,
    ),
    ProbeResult.NO_NAME: (
        "There is no computer called {host}. Check how the address is written.",
        ServerQuestion.NOTHING,
    ),
    ProbeResult.SILENT: (
        "{host} does not answer. It may be asleep, or busy: connect again later, or "
        "check the address.",
        ServerQuestion.NOTHING,
    ),
    ProbeResult.UNREACHABLE: (
        "Nothing answers at {host}. Start the server there, or check the address and "
        "its port.",
        ServerQuestion.NOTHING,
    ),
}
