"""What is said of an answer that has ended."""

from typing import TYPE_CHECKING, Final, NamedTuple

from backend.store.states.message_state import MessageState

if TYPE_CHECKING:
    from backend.store.rows import AnyMessage

_NOTES: Final = {
    MessageState.STOPPED: "Stopped. The text so far is kept.",
    MessageState.INTERRUPTED: "Interrupted. The text so far is kept.",
}
_NOTHING_KEPT: Final = {
    MessageState.STOPPED: "Stopped before the first word.",
    MessageState.INTERRUPTED: "Interrupted before its first words were stored.",
}


class KeptAnswer(NamedTuple):
    """What else became of an answer, or why nothing did: a sentence each, or ""."""

    outcome: str = ""
    error: str = ""


def is_whole(message: "AnyMessage") -> bool:
    """Whether there is nothing to be done about an answer."""
    return message.state is MessageState.COMPLETE and bool(message.text.strip())


def can_continue(message: "AnyMessage") -> bool:
    """Whether there is something to go on from."""
    return not is_whole(message) and bool(message.text or message.reasoning)


def note_of(message: "AnyMessage") -> str:
    """Return what is to be said of an answer: how it ended, what it was not given."""
    kept = _NOTES if message.text or message.reasoning else _NOTHING_KEPT
    ending = kept.get(message.state, "")
    if message.state is MessageState.COMPLETE and not message.text.strip():
        ending = "The model gave an empty answer."
    return " ".join(filter(None, (ending, message.error)))
