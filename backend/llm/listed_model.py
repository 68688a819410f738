"""A model as its engine lists it: what it is for, and what is known of it."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class ModelTask(StrEnum):
    """What a model is made for."""

    UNKNOWN = ""
    CHAT = "chat"
    EMBEDDING = "embedding"
    RERANKING = "reranking"
    SPEECH = "speech"
    IMAGES = "images"
    OTHER = "other"


class ListedModel(Struct, frozen=True, kw_only=True):
    """One model of an engine; what the engine does not say is 0, False or unknown.

    Attributes:
        id: What requests call it.
        task: What its engine says it is for.
        context: How much it reads, in tokens.
        bytes: How large its file is.
        sees: Whether it takes pictures; None when nobody says.
        thinks: It thinks before it answers.
    """

    id: str
    task: ModelTask = ModelTask.UNKNOWN
    context: int = 0
    bytes: int = 0
    sees: bool | None = None
    thinks: bool = False


def listed(ids: Iterable[str]) -> tuple[ListedModel, ...]:
    """Return models of which nothing but the name is known."""
    return tuple(ListedModel(id=id_) for id_ in ids)
