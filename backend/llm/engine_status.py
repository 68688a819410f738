"""What an engine's fault is called where engines are set up, not in an answer."""

from typing import Final

from backend.errors import EngineError, EngineFault

NO_ANSWER: Final = "It does not respond."

_STATUS: Final = {
    EngineFault.REFUSED: ("It cannot be reached. Start it, or correct its address."),
    EngineFault.PROXY: (
        "The proxy does not let Hearth through. Check its address, name and password."
    ),
    EngineFault.UNTRUSTED: (
        "Its certificate is not trusted. Correct its address, or let this computer "
        "trust the certificate."
    ),
    EngineFault.NO_TLS: (
        "It does not support https. Correct its address: it may begin with http://."
    ),
    EngineFault.WEB_PAGE: "A web page is at this address. Correct the address.",
    EngineFault.LOADING: "It is still loading its model.",
    EngineFault.UNAUTHORISED: "It does not accept the API key. Enter a valid one.",
    EngineFault.RATE_LIMITED: (
        "It refuses requests for now: there were too many, or no credit is left."
    ),
    EngineFault.TIMEOUT: NO_ANSWER,
    EngineFault.GARBAGE: (
        "It does not answer like a model server. Correct its address."
    ),
    EngineFault.CUT_OFF: "The connection to it was lost.",
    EngineFault.SAFE_MODE: "It is off, because Hearth runs in safe mode.",
}


def status_for(error: EngineError) -> str:
    """Return the state of an engine that failed, for the list of engines."""
    return _STATUS.get(error.fault, str(error))
