"""How an engine is reached and run, as the user set it; kept as JSON in its record.

What is not set is left to the server or to the model. What cannot be read, as after a
newer Hearth wrote it, counts as not set: it never keeps an engine from answering.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final, Self

MOST_STOPS: Final = 4
"""What OpenAI takes; other servers take more."""


class Effort(StrEnum):
    """How long a model thinks before it answers."""

    UNSET = ""
    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a request says beside its messages; None and "" are not sent.

    Attributes:
        temperature: From 0 (always the likeliest word) to 2.
        top_p: From which share of the likeliest words one is chosen, up to 1.
        max_tokens: How long an answer may get.
        seed: With the same one, the same question gets the same answer.
        stop: Words at which an answer ends.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning_effort: Effort = Effort.UNSET

    def over(self, usual: Self) -> Self:
        """Return it with what is usual where it sets nothing."""
        own = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) not in (None, (), Effort.UNSET)
        }
        return replace(usual, **own)

    def to_body(self) -> dict[str, Any]:
        """Return the fields of a request."""
        body = {
            name: value for name, value in asdict(self).items() if value is not None
        }
        if not self.stop:
            del body["stop"]
        if self.reasoning_effort is Effort.UNSET:
            del body["reasoning_effort"]
        return body

    @classmethod
    def read(cls, data: Mapping[str, object]) -> Self:
        """Read what is kept; what does not fit is not set."""
        stop = data.get("stop")
        effort = Effort.UNSET
        with suppress(ValueError):
            effort = Effort(str(data.get("reasoning_effort", "")))
        return cls(
            temperature=_between(data.get("temperature"), 0, 2),
            top_p=_between(data.get("top_p"), 0, 1),
            max_tokens=_whole(data.get("max_tokens"), 1),
            seed=_whole(data.get("seed"), 0),
            stop=tuple(filter(None, map(str, stop))) if isinstance(stop, list) else (),
            reasoning_effort=effort,
        )


AS_SET: Final = Parameters()
"""What a conversation says that leaves all to its engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """All that was set for one engine.

    Attributes:
        proxy: The address by which its server is reached; "" for none, "system" for
            the one the system has.
        ca_file: Who else may vouch for its server, a file; "" for nobody else.
        headers: What its server is told beside the usual; stored without the values,
            which are in the keyring.
        context: How much a model reads at once, in tokens; 0 to let Hearth choose, or
            a server.
        threads: How many processors it may use; 0 to let Hearth choose.
        gpu_layers: How much of it the graphics card takes; -1 to let Hearth choose.
        beyond_memory: A model is loaded that is larger than the memory; what does not
            fit is read from the disk again and again.
        idle_minutes: After so many without a question its memory is given back.
        connect_s: How long reaching its server may take; 0 to let Hearth choose.
        first_word_s: How long it may show no life before the first word; as above.
        pause_s: How long it may show no life after that; as above.
    """

    parameters: Parameters = field(default_factory=Parameters)
    proxy: str = ""
    ca_file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    context: int = 0
    threads: int = 0
    gpu_layers: int = -1
    beyond_memory: bool = False
    idle_minutes: int = 15
    connect_s: int = 0
    first_word_s: int = 0
    pause_s: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what is kept of an engine; "" means that nothing was set."""
        payload: object = {}
        with suppress(ValueError, RecursionError):
            payload = json.loads(text or "{}")
        data = payload if isinstance(payload, dict) else {}
        inner = data.get("parameters")
        plain = cls()
        whole = {
            name: found
            for name, least in _WHOLE.items()
            if (found := _whole(data.get(name), least)) is not None
        }
        return cls(
            parameters=Parameters.read(inner if isinstance(inner, dict) else {}),
            proxy=_text(data.get("proxy")),
            ca_file=_text(data.get("ca_file")),
            headers=_texts(data.get("headers")),
            beyond_memory=data.get("beyond_memory") is True,
            **{name: whole.get(name, getattr(plain, name)) for name in _WHOLE},
        )

    def to_text(self) -> str:
        """Return what is kept: only what was set."""
        plain = EngineOptions()
        data = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) != getattr(plain, one.name)
        }
        if "parameters" in data:
            data["parameters"] = self.parameters.to_body()
        return json.dumps(data) if data else ""


_WHOLE: Final = {
    "context": 0,
    "threads": 0,
    "gpu_layers": -1,
    "idle_minutes": 1,
    "connect_s": 0,
    "first_word_s": 0,
    "pause_s": 0,
}


def _between(data: object, least: float, most: float) -> float | None:
    if isinstance(data, bool) or not isinstance(data, int | float):
        return None
    return float(data) if least <= data <= most else None


def _whole(data: object, least: int) -> int | None:
    return data if type(data) is int and data >= least else None


def _text(data: object) -> str:
    return data if isinstance(data, str) else ""


def _texts(data: object) -> dict[str, str]:
    pairs = data.items() if isinstance(data, Mapping) else ()
    return {name: value for name, value in pairs if isinstance(value, str)}
