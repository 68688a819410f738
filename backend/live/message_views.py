"""How messages look: what was asked, and answers, whole or growing."""

from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING, ClassVar

from msgspec import field

from backend.live.waiting import WaitingLine
from backend.services.notices import Tone
from backend.web.markdown.markdown import Block
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.models import AttachedFile
    from backend.store.rows import AnyMessage


class Blocks(Template, frozen=True):
    """Blocks of an answer.

    Attributes:
        message_id: Of the whole answer, whose images may be asked for; "" for none.
        scope: Names the text among others on the page, if no message does.
        headings: Under which they stand, if others come before them.
        kept: The numbers of those that the page has.
    """

    template: ClassVar[str] = "messages/_blocks.html"
    blocks: Iterable[Block]
    message_id: str = ""
    scope: str = ""
    headings: Sequence[int] = ()
    kept: Set[int] = frozenset()


class ReadsFrom(Template, frozen=True):
    """Stands before the first message that the model is given.

    Attributes:
        has_files: What is above it has files, of which at most a summary tells.
    """

    template: ClassVar[str] = "messages/_reads_from.html"
    has_summary: bool
    has_files: bool


class AssistantLine(Template, frozen=True):
    """Stands where another assistant has the questions, or none.

    Attributes:
        name: What it is called; "" for none.
    """

    template: ClassVar[str] = "messages/_assistant.html"
    name: str


class AttachedFiles(Template, frozen=True):
    """The files of a question, each shown large by a press."""

    template: ClassVar[str] = "attachments/_shown.html"
    files: "Sequence[AttachedFile]"


class QuestionView(Template, frozen=True):
    """What the user asked.

    Attributes:
        seq: As of an answer.
        attached: The files it is about; None without any.
        is_focused: The user comes back to it from editing.
        is_marked: There is a note of it.
    """

    template: ClassVar[str] = "messages/_question.html"
    message: "AnyMessage"
    seq: int
    attached: AttachedFiles | None = None
    is_focused: bool = False
    is_marked: bool = False


class Answer(Template, frozen=True):
    """What came back, whole or growing.

    Attributes:
        seq: Of the latest event that is already part of it.
        waiting: What its first words wait for.
        note: What is to be said of it.
        is_whole: There is nothing to be done about it.
        shown: How many blocks a page has when the answer ends; None for all pages.
        is_summary: It is what the model is given instead of older messages.
        is_marked: There is a note of it.
    """

    template: ClassVar[str] = "messages/_answer.html"
    message: "AnyMessage"
    seq: int
    blocks: Blocks
    tail: Blocks = field(default_factory=lambda: Blocks(()))
    reasoning: str = ""
    is_growing: bool = False
    waiting: WaitingLine = field(default_factory=WaitingLine)
    note: str = ""
    tone: Tone = Tone.INFO
    is_whole: bool = True
    can_continue: bool = False
    shown: int | None = None
    is_summary: bool = False
    is_marked: bool = False
