"""The state of a message; importable without the database."""

from enum import StrEnum

from backend.errors import ConflictError


class MessageState(StrEnum):
    """How far a message has come.

    Only STREAMING has pieces in `stream_chunk`; every other state is an end from
    which Retry and Continue lead back to STREAMING.
    """

    COMPLETE = "complete"
    STREAMING = "streaming"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


def move(state: MessageState, to: MessageState) -> MessageState:
    """Return the next state.

    Raises:
        ConflictError: An answer that ended cannot end again, nor a running one begin.
    """
    if (state is MessageState.STREAMING) is not (to is MessageState.STREAMING):
        return to
    if to is MessageState.STREAMING:
        raise ConflictError("This answer is still being written. Stop it first.")
    raise ConflictError("This answer has already ended.")
