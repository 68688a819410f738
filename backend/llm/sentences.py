"""What the user reads when an engine fails: one sentence for every fault."""

from typing import Final

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Arrived

DETAIL_CHARS: Final = 200
"""How much of the words of a server is shown."""

_KEPT: Final = {
    Arrived.NOTHING: "Choose Retry.",
    Arrived.THOUGHTS: "Its thoughts are kept: choose Continue or Retry.",
    Arrived.TEXT: "The text so far is kept: choose Continue or Retry.",
}
"""Where nothing arrived there is no Continue."""

_UNREADABLE: Final = (
    "A part of the data from {name} is unreadable, so the answer is incomplete. {kept}"
)
_SENTENCES: Final = {
    EngineFault.REFUSED: (
        "{name} cannot be reached. Start it, or check its address in Settings, "
        "then choose Retry."
    ),
    EngineFault.PROXY: (
        "The proxy does not let Hearth through to {name}{detail}. Check its address, "
        "name and password in Settings, then choose Retry."
    ),
    EngineFault.UNTRUSTED: (
        "The certificate of {name} is not trusted{detail}, so nothing was sent. Check "
        "its address in Settings and the clock of this computer, or let this computer "
        "trust the certificate; then choose Retry."
    ),
    EngineFault.NO_TLS: (
        "{name} does not support https at this address{detail}. Check in Settings "
        "whether it begins with http://, then choose Retry."
    ),
    EngineFault.MOVED: (
        "{name} has moved to another address{detail}. Nothing was sent there: if you "
        "trust it, enter it in Settings, then choose Retry."
    ),
    EngineFault.UNAUTHORISED: (
        "{name} does not accept the API key. Enter a valid key in Settings, "
        "then choose Retry."
    ),
    EngineFault.FORBIDDEN: (
        "{name} does not allow this{detail}. Check your account there, or choose "
        "another model, then choose Retry."
    ),
    EngineFault.NO_CREDIT: (
        "{name} says that no credit is left{detail}. Check your account there, "
        "then choose Retry."
    ),
    EngineFault.MODEL_MISSING: (
        "{name} does not have this model. Choose another model, or install it there, "
        "then choose Retry."
    ),
    EngineFault.NO_SIGHT: (
        "This model cannot see pictures, says {name}{detail}. Choose a model that "
        "sees, then choose Retry; or ask without the picture."
    ),
    EngineFault.CONTEXT_TOO_LONG: (
        "This conversation is longer than the model can read. Start a new "
        "conversation, "
        "shorten your message, or choose a model with a larger context on {name}."
    ),
    EngineFault.RATE_LIMITED: (
        "{name} received too many requests{detail}. Wait a minute, then choose Retry."
    ),
    EngineFault.LOADING: (
        "{name} is still loading the model{detail}. Wait a little, then choose Retry, "
        "or choose a smaller model."
    ),
    EngineFault.TIMEOUT: (
        "{name} did not answer in time. It may still be loading the model: "
        "choose Retry, or a smaller model."
    ),
    EngineFault.STALLED: "{name} stopped in the middle of the answer. {kept}",
    EngineFault.GARBAGE: (
        "{name} sent something that is not an answer{detail}. Check that its "
        "address in Settings is that of an OpenAI-compatible server."
    ),
    EngineFault.WEB_PAGE: (
        "A web page answered instead of {name}. Check that its address in Settings is "
        "that of an OpenAI-compatible server, then choose Retry."
    ),
    EngineFault.CUT_OFF: "The connection to {name} was lost. {kept}",
    EngineFault.EMPTY: "{name} gave an empty answer. Choose Retry, or another model.",
    EngineFault.THOUGHTS_ONLY: (
        "{name} stopped after thinking, without an answer. Its thoughts are kept: "
        "choose Continue or Retry, or another model."
    ),
    EngineFault.FILTERED: (
        "A content filter of {name} withheld the answer. Change your question, "
        "or choose another model."
    ),
    EngineFault.DECLINED: (
        "{name} declined to answer. Change your question, or choose another model."
    ),
    EngineFault.TOOL_CALL: (
        "{name} asked for a tool instead of answering, and Hearth has no tools. "
        "Choose Retry, or another model."
    ),
    EngineFault.LIMIT: (
        "The answer of {name} reached the maximum length. "
        "The text so far is kept: choose Continue to go on."
    ),
    EngineFault.REJECTED: (
        "{name} does not accept this request{detail}. Choose another model, "
        "or start a new conversation."
    ),
    EngineFault.SERVER_ERROR: (
        "{name} reported an error{detail}. Choose Retry; if it happens again, "
        "restart {name} or choose another model."
    ),
    EngineFault.BAD_MODEL_FILE: (
        "{name} cannot open this model file{detail}. "
        "Choose another GGUF file in Settings."
    ),
    EngineFault.TOO_LARGE: (
        "{name} did not load this model{detail}. Choose a smaller model, or a smaller "
        "size of it. Try It Anyway, in Settings, reads it from the disk over and over "
        "instead, which is very slow."
    ),
    EngineFault.OUT_OF_MEMORY: (
        "{name} ran out of memory{detail}. Close other programs or choose a smaller "
        "model, then choose Retry."
    ),
    EngineFault.SAFE_MODE: (
        "{name} is off, because Hearth runs in safe mode. Choose Restart Background "
        "Process in the menu Tools, then choose Retry."
    ),
    EngineFault.CRASHED: (
        "{name} stopped unexpectedly. {kept} If it happens again, choose another "
        "model file."
    ),
    EngineFault.REMOVED: (
        "{name} was removed, or its file or address changed. The text so far is kept: "
        "choose a model below, then Continue or Retry."
    ),
}
_BY_ARRIVED: Final = {
    (EngineFault.STALLED, Arrived.NOTHING): _SENTENCES[EngineFault.TIMEOUT],
    (EngineFault.STALLED, Arrived.THOUGHTS): (
        "{name} stopped while it was thinking. {kept}"
    ),
    (EngineFault.GARBAGE, Arrived.THOUGHTS): _UNREADABLE,
    (EngineFault.GARBAGE, Arrived.TEXT): _UNREADABLE,
    (EngineFault.FILTERED, Arrived.TEXT): (
        "A content filter of {name} stopped this answer. The text so far is kept. "
        "Change your question, or choose another model."
    ),
    (EngineFault.LIMIT, Arrived.NOTHING): (
        "{name} reached the maximum length before the first word. Choose another model."
    ),
    (EngineFault.LIMIT, Arrived.THOUGHTS): (
        "{name} reached the maximum length while it was still thinking. "
        "Its thoughts are kept: choose Continue to go on."
    ),
}


def sentence_for(
    fault: EngineFault,
    name: str,
    detail: str = "",
    arrived: Arrived = Arrived.NOTHING,
) -> str:
    """Return what the user reads.

    Args:
        fault: What went wrong.
        name: The engine's.
        detail: Its own words, shown where they help.
        arrived: What can be gone on with decides what is offered.
    """
    shown = one_line(detail)
    if len(shown) > DETAIL_CHARS:
        shown = f"{shown[:DETAIL_CHARS].rstrip()}…"
    shown = f" ({shown.rstrip('. ')})" if shown else ""
    text = _BY_ARRIVED.get((fault, arrived), _SENTENCES[fault])
    text = text.format(name=name, detail=shown, kept=_KEPT[arrived])
    return text[:1].upper() + text[1:]


def one_line(words: str) -> str:
    """Return words of others as one line of what can be shown."""
    return "".join(filter(str.isprintable, " ".join(words.split())))


def engine_error(
    fault: EngineFault,
    name: str,
    detail: str = "",
    arrived: Arrived = Arrived.NOTHING,
) -> EngineError:
    """Return the error to raise for a fault of the engine of that name."""
    return EngineError(fault, sentence_for(fault, name, detail, arrived))
