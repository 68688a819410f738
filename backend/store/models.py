"""The tables, as SQLModel sees them; `schema` says the same in SQL.

Tables with a full-text index have one column more in SQL, the integer `seq`, which is
the key of the index and means nothing outside this file of the database. The key that
counts is `id`, kept unique by an index.
"""

from typing import Final

from sqlalchemy import JSON, Column, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from backend.ids import new_id, now_ms
from backend.store.states.message_state import MessageState


class _StateColumn(TypeDecorator[MessageState]):
    """A MessageState as its plain value."""

    impl = Text
    cache_ok = True

    def process_result_value(
        self,
        value: str | None,
        dialect: object,  # noqa: ARG002 SQLAlchemy's signature
    ) -> MessageState | None:
        if value is None:
            return None
        try:
            return MessageState(value)
        except ValueError:
            # A file others wrote; from this end a person can go on.
            return MessageState.INTERRUPTED


class Logged(SQLModel):
    """A row whose every change is kept in the change log.

    Attributes:
        deleted_at: When it went to the trash; None while it is in use.
    """

    id: str = Field(default_factory=new_id, primary_key=True, sa_type=Text)
    created_at: int = Field(default_factory=now_ms)
    updated_at: int = Field(default_factory=now_ms)
    deleted_at: int | None = None


class Searched(Logged):
    """A row with a full-text index.

    Attributes:
        folded: What is indexed instead of the searched text, where that will not do;
            made from the other fields, and so not logged.
        cjk: What the first schema had for that; no longer used.
    """

    folded: str = Field(default="", sa_type=Text)
    cjk: str = Field(default="", sa_type=Text)

    def searched_text(self) -> str:
        """Return what the index of this row is made of."""
        raise NotImplementedError


class Conversation(Searched, table=True):
    """A conversation.

    Attributes:
        title_source: Who named it: "none", "text", "model" or "user".
        latest: The id of its last activity; the list is sorted by it.
        shown_leaf: A message of the branch that is shown; "" for the newest.
        pinned_at: When it was pinned to the top of the list; 0 for one that is not.
        archived_at: When it left the list for the archive; 0 for one that did not.
        folder_id: The folder it is in. One that is no longer there counts as none.
        assistant_id: Whose instructions the model is given; it may be in the trash.
        instructions: What the model is given in this conversation alone.
    """

    title: str = Field(default="", sa_type=Text)
    title_source: str = Field(default="none", sa_type=Text)
    engine_id: str = Field(default="", sa_type=Text)
    model: str = Field(default="", sa_type=Text)
    latest: str = Field(default_factory=new_id, sa_type=Text)
    shown_leaf: str = Field(default="", sa_type=Text)
    pinned_at: int = 0
    archived_at: int = 0
    folder_id: str = Field(default="", sa_type=Text)
    assistant_id: str = Field(default="", sa_type=Text)
    instructions: str = Field(default="", sa_type=Text)

    def searched_text(self) -> str:
        """Return the title."""
        return self.title


class Message(Searched, table=True):
    """One message; while it is STREAMING, its newest text is in `stream_chunk`.

    Attributes:
        role: "user" or "assistant", or "summary" for what a model is given instead of
            older messages.
        error: What is said below the answer: why it failed, what it was not given.
        engine: The engine's name when it answered.
        reply_to: The id of the message this one answers.
        prompt_tokens: How much the model read for it, as its server counted; 0 when
            it did not say.
        answer_tokens: How much it wrote, likewise.
        assistant: What the assistant was called that had the question, "" for none.
        reads_from: The oldest message the model was given for an answer, or the first
            one a summary leaves out; "" where it was given all.
        parent: The id of the message it follows; "" for a first one. None follows the
            newest older one that has None too: all of a conversation without branches.
        passages: What of its documents the model was given for an answer, where that
            is not all; see `backend.documents.passages`.
        aside: 0 on the branch that is shown; else the higher, the later it left it.
            This and what follows is made of the tree, and so not logged.
        version: Which one it is of those between which a person can switch.
        versions: How many those are; 0 for one alone.
    """

    conversation_id: str = Field(default="", sa_type=Text)
    role: str = Field(default="user", sa_type=Text)
    text: str = Field(default="", sa_type=Text)
    reasoning: str = Field(default="", sa_type=Text)
    state: MessageState = Field(
        default=MessageState.COMPLETE,
        sa_column=Column(_StateColumn, nullable=False),
    )
    error: str = Field(default="", sa_type=Text)
    engine: str = Field(default="", sa_type=Text)
    model: str = Field(default="", sa_type=Text)
    reply_to: str = Field(default="", sa_type=Text)
    prompt_tokens: int = 0
    answer_tokens: int = 0
    reads_from: str = Field(default="", sa_type=Text)
    parent: str | None = Field(default=None, sa_type=Text)
    passages: str = Field(default="", sa_type=Text)
    aside: int = 0
    version: int = 0
    versions: int = 0
    assistant: str = Field(default="", sa_type=Text)

    def searched_text(self) -> str:
        """Return the text, without the reasoning."""
        return self.text


class EngineRecord(Logged, table=True):
    """An engine the user has chosen.

    Attributes:
        kind: "openai" or "builtin".
        options: How it is reached and run, as JSON; "" for the usual way.
    """

    __tablename__ = "engine"

    kind: str = Field(default="openai", sa_type=Text)
    name: str = Field(default="", sa_type=Text)
    url: str = Field(default="", sa_type=Text)
    path: str = Field(default="", sa_type=Text)
    options: str = Field(default="", sa_type=Text)


class Folder(Logged, table=True):
    """A folder of conversations.

    Attributes:
        instructions: Sent with each of its conversations, after those for all.
        assistant_id: Which assistant it has; kept, and used by nothing yet.
    """

    name: str = Field(default="", sa_type=Text)
    instructions: str = Field(default="", sa_type=Text)
    assistant_id: str = Field(default="", sa_type=Text)


class Note(Searched, table=True):
    """A note.

    Attributes:
        message_id: The message it was made of; "" for one that was written.
    """

    title: str = Field(default="", sa_type=Text)
    body: str = Field(default="", sa_type=Text)
    message_id: str = Field(default="", sa_type=Text)

    def searched_text(self) -> str:
        """Return title and text."""
        return f"{self.title}\n{self.body}"


class Assistant(Searched, table=True):
    """Instructions, a model and parameters under one name.

    Attributes:
        engine_id: What answers; "" for what answers anyway.
        parameters: How is answered, as JSON; "" as set for the model.
    """

    name: str = Field(default="", sa_type=Text)
    icon: str = Field(default="", sa_type=Text)
    instructions: str = Field(default="", sa_type=Text)
    engine_id: str = Field(default="", sa_type=Text)
    model: str = Field(default="", sa_type=Text)
    parameters: str = Field(default="", sa_type=Text)

    def searched_text(self) -> str:
        """Return name and instructions."""
        return f"{self.name}\n{self.instructions}"


class Action(Logged, table=True):
    """A quick action.

    Attributes:
        kind: "prompt", or the name of a function that needs no model.
        prompt: What is asked or worked on, with {clipboard}, {selection}, {date}.
        engine_id: What answers; "" for the default.
        result: What becomes of the result: "show", "copy" or "note".
        in_tray: Whether the tray's menu shows it.
        position: Its place in the list; see `ordering`.
        assistant_id: Whose instructions come with the prompt; "" for none.
    """

    name: str = Field(default="", sa_type=Text)
    icon: str = Field(default="", sa_type=Text)
    kind: str = Field(default="prompt", sa_type=Text)
    prompt: str = Field(default="", sa_type=Text)
    engine_id: str = Field(default="", sa_type=Text)
    model: str = Field(default="", sa_type=Text)
    result: str = Field(default="show", sa_type=Text)
    shortcut: str = Field(default="", sa_type=Text)
    in_tray: int = 1
    position: str = Field(default="", sa_type=Text)
    assistant_id: str = Field(default="", sa_type=Text)


class Setting(Logged, table=True):
    """A setting; its id is its name."""

    value: str = Field(default="", sa_type=Text)


class Draft(SQLModel, table=True):
    """What is typed and not yet sent; the id is the conversation's, or "new"."""

    id: str = Field(primary_key=True, sa_type=Text)
    text: str = Field(default="", sa_type=Text)


class AttachedFile(SQLModel):
    """A file somebody chose, and where what is in it is kept.

    Attributes:
        position: Its place among those of its question.
        kind: "picture" or "document".
        name: What it was called.
        media_type: As its content was checked, and not as anybody says.
        size: Of its content, in bytes.
        sha256: Of its content.
        width: Of a picture, in pixels, as it is stored.
        file: The name of the file that is kept; see `backend.attachments.files`.
        text_file: That of the text that was read out of it; "" for none.
        file_key: Opens both.
        notice: What is to be said of it: what of it could not be read.
    """

    position: int = 0
    kind: str = Field(default="document", sa_type=Text)
    name: str = Field(default="", sa_type=Text)
    media_type: str = Field(default="", sa_type=Text)
    size: int = 0
    sha256: str = Field(default="", sa_type=Text)
    width: int = 0
    height: int = 0
    file: str = Field(default="", sa_type=Text)
    text_file: str = Field(default="", sa_type=Text)
    file_key: str = Field(default="", sa_type=Text)
    notice: str = Field(default="", sa_type=Text)


class Attachment(AttachedFile, Logged, table=True):
    """A file of a question: it comes and goes with that, whatever `deleted_at` says."""

    message_id: str = Field(default="", sa_type=Text)


class DraftAttachment(AttachedFile, table=True):
    """A file that was chosen and not sent yet; see `Draft`."""

    __tablename__ = "draft_attachment"

    id: str = Field(default_factory=new_id, primary_key=True, sa_type=Text)
    draft_id: str = Field(default="", sa_type=Text)


class StreamChunk(SQLModel, table=True):
    """A piece of an answer that is still being written.

    Attributes:
        kind: "text", "reasoning", or "moved": how many characters of the text before
            it are thoughts after all.
    """

    __tablename__ = "stream_chunk"

    message_id: str = Field(primary_key=True, sa_type=Text)
    number: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    text: str = Field(default="", sa_type=Text)


class ImportRun(SQLModel, table=True):
    """An import; its id is the transaction id of all its changes.

    Attributes:
        name: Of the file.
        source: The program it came from.
        state: How far it is; one that is not at an end when Hearth starts was cut off.
        report: What it came to, in JSON.
    """

    __tablename__ = "import_run"

    id: str = Field(default_factory=new_id, primary_key=True, sa_type=Text)
    created_at: int = Field(default_factory=now_ms)
    name: str = Field(default="", sa_type=Text)
    source: str = Field(default="", sa_type=Text)
    state: str = Field(default="importing", sa_type=Text)
    report: str = Field(default="", sa_type=Text)


class Change(SQLModel, table=True):
    """One change of one row; never altered, and removed only for good.

    Attributes:
        transaction_id: Shared by all changes of one act of the user.
        before: The changed fields as they were; None for a new row.
        after: The changed fields as they became.
        hlc: A hybrid logical clock, which sorts changes also between devices.
    """

    seq: int | None = Field(default=None, primary_key=True)
    transaction_id: str = Field(sa_type=Text)
    table_name: str = Field(sa_type=Text)
    row_id: str = Field(sa_type=Text)
    before: dict[str, str | int | None] | None = Field(
        sa_column=Column(JSON(none_as_null=True), nullable=True),
    )
    after: dict[str, str | int | None] = Field(sa_column=Column(JSON, nullable=False))
    hlc: str = Field(sa_type=Text)
    device_id: str = Field(sa_type=Text)


LOGGED: Final[dict[str, type[Logged]]] = {
    str(model.__tablename__): model
    for model in (
        Conversation,
        Message,
        Attachment,
        EngineRecord,
        Folder,
        Note,
        Assistant,
        Action,
        Setting,
    )
}
"""The models whose changes are kept, by table."""


class Submission(SQLModel, table=True):
    """What the page called a message when it sent it; sent again, it is the same."""

    id: str = Field(primary_key=True, sa_type=Text)
    message_id: str = Field(default="", sa_type=Text)
