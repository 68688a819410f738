"""Reads what a person sets for an engine, and says what cannot be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from backend.errors import InvalidInputError
from backend.llm.options import MOST_STOPS, Effort, EngineOptions, Parameters
from backend.llm.servers.extra_headers import read_headers
from backend.llm.wire.system_proxy import SYSTEM

N = TypeVar("N", int, float)

_MOST_TOKENS: Final = 10_000_000
_MOST_SEED: Final = 2**31 - 1
_MOST_THREADS: Final = 1_024
_MOST_SECONDS: Final = 86_400


def read_options(form: Mapping[str, str], before: EngineOptions) -> EngineOptions:
    """Return the options in a form; fields it has not stay as they were.

    Raises:
        InvalidInputError: One of them cannot be; the sentence names it.
    """
    of_engine: dict[str, Any] = {
        name: read(form[name]) for name, read in _OPTIONS.items() if name in form
    }
    usual = EngineOptions()
    for name, value in of_engine.items():
        of_engine[name] = getattr(usual, name) if value is None else value
    parameters = read_parameters(form, before.parameters)
    return replace(before, parameters=parameters, **of_engine)


def read_parameters(form: Mapping[str, str], before: Parameters) -> Parameters:
    """Return how is answered; as `read_options`.

    Raises:
        InvalidInputError: One of them cannot be; the sentence names it.
    """
    typed: dict[str, Any] = {
        name: read(form[name]) for name, read in _PARAMETERS.items() if name in form
    }
    return replace(before, **typed)


def without_login(proxy: str) -> tuple[str, str]:
    """Return the address of a proxy, and the name and password that stood in it."""
    parts = urlsplit(proxy)
    login, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=place).geturl() if proxy else "", login


def _number(
    words: str, least: N, most: N, kind: Callable[[str], N]
) -> Callable[[str], N | None]:
    """Return what reads a number; nothing typed is None."""

    def read(typed: str) -> N | None:
        typed = typed.strip().replace(",", ".")
        if not typed:
            return None
        try:
            found = kind(typed)
        except ValueError:
            found = None
        if found is None or not least <= found <= most:
            raise InvalidInputError(
                f"{words} is a number from {least:,} to {most:,}. Leave it empty for "
                "the usual one."
            )
        return found

    return read


def _stops(typed: str) -> tuple[str, ...]:
    found = tuple(line.strip() for line in typed.splitlines() if line.strip())
    if len(found) > MOST_STOPS:
        raise InvalidInputError(f"There may be {MOST_STOPS} stop words, one on a line.")
    return found


def _effort(typed: str) -> Effort:
    try:
        return Effort(typed)
    except ValueError as exc:
        raise InvalidInputError("Choose how long it thinks from the list.") from exc


def _proxy(typed: str) -> str:
    if typed.casefold() in ("", SYSTEM):
        return typed.casefold()
    address = typed if "://" in typed else f"http://{typed}"
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usable = is_usable and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInputError(
            "That is not the address of a proxy. It looks like http://proxy:3128. Type "
            "“system” for the one this computer uses."
        )
    return address


def _ca_file(typed: str) -> str:
    if not typed:
        return ""
    path = Path(typed).expanduser()
    if not path.is_file():
        raise InvalidInputError(
            f"There is no certificate file at {path}. It is a file that ends in .pem "
            "or .crt."
        )
    return str(path)


_PARAMETERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "temperature": _number("The temperature", 0.0, 2.0, float),
    "top_p": _number("Top-p", 0.0, 1.0, float),
    "max_tokens": _number("The longest answer", 1, _MOST_TOKENS, int),
    "seed": _number("The seed", 0, _MOST_SEED, int),
    "stop": _stops,
    "reasoning_effort": _effort,
}
_OPTIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    "proxy": _proxy,
    "ca_file": _ca_file,
    "headers": read_headers,
    "context": _number("The context", 256, _MOST_TOKENS, int),
    "threads": _number("The number of processors", 1, _MOST_THREADS, int),
    "gpu_layers": _number("The number of layers", 0, _MOST_THREADS, int),
    "beyond_memory": "yes".__eq__,
    "idle_minutes": _number("The number of minutes", 1, _MOST_TOKENS, int),
    **dict.fromkeys(
        ("connect_s", "first_word_s", "pause_s"),
        _number("The number of seconds", 1, _MOST_SECONDS, int),
    ),
}
