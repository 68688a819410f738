"""What an engine's fault is called where engines are set up, not in an answer."""

from typing import Final

from backend.errors import EngineError, EngineFault

NO_ANSWER: Final = "It does not answer just now."

_STATUS: Final = {
    EngineFault.REFUSED: (
        "It cannot be reached just now. Start it, or correct its address."
    ),
    EngineFault.UNTRUSTED: (
        "Its certificate is not trusted. Correct its address, or let this computer "
        "trust the certificate."
    ),
    EngineFault.NO_TLS: (
        "It does not speak https. Correct its address: it may begin with http://."
    ),
    EngineFault.WEB_PAGE: "A web page answers in its place. Correct its address.",
    EngineFault.LOADING: "It is still loading its model.",
    EngineFault.UNAUTHORISED: "It does not accept the API key. Enter a valid one.",
    EngineFault.RATE_LIMITED: (
        "It asks for a pause: too many requests, or no credit left."
    ),
    EngineFault.TIMEOUT: NO_ANSWER,
    EngineFault.GARBAGE: (
        "It does not answer like a model server. Correct its address."
    ),
    EngineFault.CUT_OFF: "The connection to it broke off.",
    EngineFault.SAFE_MODE: "It rests, because Hearth runs in safe mode.",
}


def status_for(error: EngineError) -> str:
    """Return the state of an engine that failed, for the list of engines."""
    return _STATUS.get(error.fault, str(error))
