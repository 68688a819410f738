"""What of a conversation is sent to a model: pairs of question and answer.

Many models refuse turns that do not alternate or do not begin with a question. Pairs
cannot be otherwise, whatever was stopped, failed, deleted or imported.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from backend.llm.engine import Role, Turn, TurnPicture
from backend.llm.options import AS_SET, Parameters
from backend.llm.tokens import BYTES_PER_TOKEN

SUMMARY: Final = "summary"
"""The role of a message that sums up what is no longer sent."""
KEPT_SHARE: Final = 0.75
"""Of what was too long for a model: with room to answer, and for a few questions."""
_TELLING_BYTES: Final = 2_000
"""Of less, most tokens are those of the template around it."""
_PIXELS_PER_TOKEN: Final = 750
_LEAST_TOKENS: Final = 64
_MOST_TOKENS: Final = 1_600
"""Models differ by four times in this; what was counted of a conversation is better."""
_UNSEEN: Final = "(A picture belongs here, which you cannot see: {name})"
THINKING_CHARS: Final = 12_000
OPENING: Final = "(The conversation begins with your words.)"
"""Stands for the question where an imported conversation has none."""
_THOUGHT: Final = (
    "You have begun to think about this and were interrupted. Your latest thoughts:"
    "\n\n{thinking}\n\nGo on from there, and answer."
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a server counted of an earlier request of a conversation.

    Attributes:
        size: Its bytes.
    """

    tokens: int
    size: int

    def tokens_of(self, size: int) -> int:
        """Return about how many tokens a request of so many bytes takes."""
        is_telling = self.size >= _TELLING_BYTES and self.tokens
        rate = self.size / self.tokens if is_telling else BYTES_PER_TOKEN
        return max(self.tokens + round((size - self.size) / rate), 1)


@dataclass(frozen=True, slots=True)
class PromptPicture:
    """A picture of a question.

    Attributes:
        read: Returns what is in it, when it is sent; None where that is lost.
    """

    name: str
    media_type: str
    width: int
    height: int
    read: Callable[[], bytes | None] = field(compare=False, repr=False)

    @property
    def tokens(self) -> int:
        """About how many tokens models make of it."""
        made = self.width * self.height // _PIXELS_PER_TOKEN
        return min(max(made, _LEAST_TOKENS), _MOST_TOKENS)

    @property
    def mention(self) -> str:
        """What a model is told that cannot see it."""
        return _UNSEEN.format(name=self.name)


@dataclass(frozen=True, slots=True)
class PromptDocument:
    """A document of a question, by its attachment.

    Attributes:
        sha256: Of its content: the same when it is sent, asked about again, imported.
    """

    id: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message, as far as a model sees it.

    Attributes:
        tokens: What was read for an answer of the same model, as counted; 0 if not.
        reads_from: From which message on that was.
    """

    id: str
    is_question: bool
    text: str
    tokens: int = 0
    reads_from: str = ""
    pictures: tuple[PromptPicture, ...] = ()
    documents: tuple[PromptDocument, ...] = ()

    @property
    def has_files(self) -> bool:
        """Whether it is about something, even when it has no words."""
        return bool(self.pictures or self.documents)

    @property
    def size(self) -> int:
        """Its bytes; see `Pair.size`."""
        return len(self.text.encode()) + _size_of(self.pictures)


@dataclass(frozen=True)
class Pair:
    """A question and its answer.

    Attributes:
        id: Of its first message.
        answer: "" where it is still to come.
        messages: How many messages it stands for.
    """

    id: str
    question: str
    answer: str = ""
    messages: int = 1
    pictures: tuple[PromptPicture, ...] = ()
    documents: tuple[PromptDocument, ...] = ()

    @cached_property
    def size(self) -> int:
        """Its bytes: across languages these go with a model's tokens best."""
        said = len(self.question.encode()) + len(self.answer.encode())
        return said + _size_of(self.pictures)

    def read_pictures(self) -> tuple[TurnPicture, ...]:
        """Return what is sent of its pictures, without those that are lost."""
        found = ((one.media_type, one.read()) for one in self.pictures)
        return tuple(TurnPicture(kind, content) for kind, content in found if content)

    @property
    def unseen(self) -> "Pair":
        """It with its pictures told by their names."""
        parts = (self.question, *(one.mention for one in self.pictures))
        return replace(self, question="\n\n".join(filter(None, parts)), pictures=())


@dataclass(frozen=True)
class Prompt:
    """What a model is asked.

    Attributes:
        instructions: What the user wants of every answer.
        left_out: How many of the oldest messages are not part of it.
        counted: What a server counted of an earlier one of the same conversation.
        parameters: How it is answered.
        asks_of_pictures: Whether the latest question has some of its own.
        given: Which parts of its documents the latest question has, in sentences.
        passages: The same, as they are stored.
        less: Makes it with less of its documents; None where that is no help. It reads
            from the disk.
        assistant: The id and the name of the one whose instructions are part of it.
    """

    pairs: tuple[Pair, ...]
    instructions: str = ""
    left_out: int = 0
    counted: Counted | None = None
    parameters: Parameters = AS_SET
    asks_of_pictures: bool = False
    given: str = ""
    passages: str = ""
    less: "Callable[[], Prompt] | None" = field(default=None, compare=False, repr=False)
    assistant: tuple[str, str] = ("", "")

    @property
    def is_open(self) -> bool:
        """Whether it ends with a question."""
        return bool(self.pairs) and not self.pairs[-1].answer

    @cached_property
    def size(self) -> int:
        """Its bytes."""
        said = sum(pair.size for pair in self.pairs)
        return len(self.instructions.encode()) + said

    @property
    def picture_tokens(self) -> int:
        """About how many tokens all of its pictures take."""
        return sum(one.tokens for pair in self.pairs for one in pair.pictures)

    @property
    def unseen(self) -> "Prompt":
        """It for a model that cannot see."""
        return replace(self, pairs=tuple(pair.unseen for pair in self.pairs))

    def turns(self, *, with_pictures: bool = False) -> list[Turn]:
        """Return the turns of a request; pictures are read from the disk."""
        instructions = self.instructions
        turns = [Turn(Role.SYSTEM, instructions)] if instructions.strip() else []
        for pair in self.pairs:
            sent = pair.read_pictures() if with_pictures else ()
            turns.append(Turn(Role.USER, pair.question, sent))
            if pair.answer:
                turns.append(Turn(Role.ASSISTANT, pair.answer))
        return turns

    def going_on(self, text: str, thinking: str = "") -> "Prompt":
        """Return it with an answer to go on with, or what was thought before any."""
        if not self.pairs:
            return self
        last = self.pairs[-1]
        if text.strip():
            last = replace(last, answer=text)
        elif thinking.strip():
            thought = _THOUGHT.format(thinking=thinking[-THINKING_CHARS:].strip())
            last = replace(last, question=f"{last.question}\n\n{thought}")
        return replace(self, pairs=(*self.pairs[:-1], last))

    def fitting(self, size: int) -> "Prompt":
        """Return it without the oldest pairs, as many as make it that small.

        The last pair always stays.
        """
        first, left = 0, self.size
        while left > size and first < len(self.pairs) - 1:
            left -= self.pairs[first].size
            first += 1
        return self._from(first)

    def starting_at(self, pair_id: str) -> "Prompt":
        """Return it without what is older than a pair."""
        found = [i for i, pair in enumerate(self.pairs) if pair.id == pair_id]
        return self._from(found[0]) if found else self

    def shortened(self) -> "Prompt | None":
        """Return it with at least one pair less; None when only the last is left."""
        if len(self.pairs) < 2:  # noqa: PLR2004 a pair is left
            return None
        return self._from(1).fitting(int(self.size * KEPT_SHARE))

    def _from(self, first: int) -> "Prompt":
        left_out = self.left_out + sum(pair.messages for pair in self.pairs[:first])
        return replace(self, pairs=self.pairs[first:], left_out=left_out)


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of how much a model can read.

    Attributes:
        refused: The smallest size that was too long.
        first: The id of the oldest pair that was sent after that.
    """

    refused: int
    first: str

    def fit(self, prompt: Prompt) -> Prompt:
        """Return what to try: what was sent the last time, as long as it may fit.

        The beginning stays the same for some questions, so that an engine that
        remembers it need not read all of it again.
        """
        while prompt.size >= self.refused and prompt.less:
            prompt = prompt.less()
        if prompt.size < self.refused:
            return prompt
        same = prompt.starting_at(self.first)
        if same.size < self.refused:
            return same
        return prompt.fitting(int(self.refused * KEPT_SHARE))


def prompt_of(
    said: Iterable[PromptMessage],
    instructions: str = "",
    counted: Counted | None = None,
) -> Prompt:
    """Return what is sent of messages in their order.

    An empty message is left out; neighbours of the same kind become one, so that no
    word of a question whose answer was stopped or failed is lost.
    """
    pairs: list[Pair] = []
    for message in said:
        if not message.text.strip() and not message.has_files:
            continue
        if message.is_question:
            if not pairs or pairs[-1].answer:
                pairs.append(
                    Pair(
                        message.id,
                        message.text,
                        pictures=message.pictures,
                        documents=message.documents,
                    )
                )
                continue
            last = pairs[-1]
            pairs[-1] = replace(
                last,
                question="\n\n".join(filter(None, (last.question, message.text))),
                messages=last.messages + 1,
                pictures=(*last.pictures, *message.pictures),
                documents=(*last.documents, *message.documents),
            )
        else:
            last = pairs[-1] if pairs else Pair(message.id, OPENING, messages=0)
            answer = "\n\n".join(filter(None, (last.answer, message.text)))
            pairs[-1:] = [replace(last, answer=answer, messages=last.messages + 1)]
    return Prompt(tuple(pairs), instructions, counted=counted)


def left_out_sentence(count: int) -> str:
    """Say that the oldest messages were not sent; "" when all were."""
    if not count:
        return ""
    what = (
        "The oldest message was"
        if count == 1
        else f"The {count:,} oldest messages were"
    )
    they = "it does" if count == 1 else "they do"
    return f"{what} left out: {they} not fit what this model can read."


def _size_of(pictures: Iterable[PromptPicture]) -> int:
    return int(sum(one.tokens for one in pictures) * BYTES_PER_TOKEN)
