"""What the user is told when an engine fails: one sentence for every fault."""

from typing import Final

from backend.errors import EngineError, EngineFault

_DETAIL_CHARS: Final = 200

_SENTENCES: Final = {
    EngineFault.REFUSED: (
        "{name} cannot be reached. Start it, or check its address in Settings, "
        "then choose Retry."
    ),
    EngineFault.UNAUTHORISED: (
        "{name} does not accept the API key. Enter a valid key in Settings, "
        "then choose Retry."
    ),
    EngineFault.MODEL_MISSING: (
        "{name} does not have this model. Choose another model, or install it there, "
        "then choose Retry."
    ),
    EngineFault.CONTEXT_TOO_LONG: (
        "This conversation is longer than the model can read. Start a new chat, "
        "shorten your message, or choose a model with a larger context on {name}."
    ),
    EngineFault.RATE_LIMITED: (
        "{name} asks for a pause: too many requests, or no credit left. "
        "Wait a minute, then choose Retry."
    ),
    EngineFault.TIMEOUT: (
        "{name} did not answer in time. It may still be loading the model: "
        "choose Retry, or a smaller model."
    ),
    EngineFault.STALLED: (
        "{name} stopped in the middle of the answer. What had arrived is kept: "
        "choose Continue or Retry."
    ),
    EngineFault.GARBAGE: (
        "{name} answered with something that is no chat answer. Check that its address "
        "in Settings is that of an OpenAI-compatible server."
    ),
    EngineFault.CUT_OFF: (
        "The connection to {name} broke off. What had arrived is kept: "
        "choose Continue or Retry."
    ),
    EngineFault.EMPTY: ("{name} gave an empty answer. Choose Retry, or another model."),
    EngineFault.LIMIT: (
        "The answer of {name} reached the longest length or time allowed. "
        "What had arrived is kept: choose Continue to go on."
    ),
    EngineFault.SERVER_ERROR: (
        "{name} reported an error of its own{detail}. Choose Retry; if it comes again, "
        "restart {name} or choose another model."
    ),
    EngineFault.BAD_MODEL_FILE: (
        "{name} cannot open this model file{detail}. "
        "Choose another GGUF file in Settings."
    ),
    EngineFault.OUT_OF_MEMORY: (
        "{name} ran out of memory{detail}. Close other programs or choose a smaller "
        "model, then choose Retry."
    ),
    EngineFault.SAFE_MODE: (
        "{name} rests, because Hearth runs in safe mode. Choose Restart Background "
        "Service in the menu Tools, then choose Retry."
    ),
    EngineFault.CRASHED: (
        "{name} stopped unexpectedly. What had arrived is kept: choose Continue or "
        "Retry; if it comes again, choose another model file."
    ),
    EngineFault.REMOVED: (
        "{name} was removed, or its file or address changed. What had arrived is kept: "
        "choose a model below, then Continue or Retry."
    ),
}


def sentence_for(fault: EngineFault, name: str, detail: str = "") -> str:
    """Return what the user is told; the detail is shown where it helps."""
    shown = "".join(filter(str.isprintable, " ".join(detail.split())))
    shown = f" ({shown[:_DETAIL_CHARS].rstrip('. ')})" if shown else ""
    text = _SENTENCES[fault].format(name=name, detail=shown)
    return text[:1].upper() + text[1:]


def engine_error(fault: EngineFault, name: str, detail: str = "") -> EngineError:
    """Return the error to raise for a fault of the engine of that name."""
    return EngineError(fault, sentence_for(fault, name, detail))
