"""Files go from a draft to its question, along its versions, and for good with it."""

import pytest

from backend.attachments.files import names_in
from backend.errors import ConflictError, NotFoundError
from backend.ids import NEW
from backend.store.attachments.attachments import (
    MAX_FILES,
    AttachmentStore,
    CheckedFile,
)
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation
from backend.store.rows import MessageRow

ENGINE = {"engine_name": "Engine", "model": "m"}


@pytest.fixture
def attachments(database: Database) -> AttachmentStore:
    return AttachmentStore(database)


@pytest.fixture
def changes(database: Database) -> ChangeStore:
    return ChangeStore(database)


def picture(name: str = "cat.png", content: bytes = b"pixels") -> CheckedFile:
    return CheckedFile(
        kind="picture", name=name, media_type="image/png", content=content
    )


def names(attachments: AttachmentStore, message_id: str) -> list[str]:
    return [
        row.name for row in attachments.of_messages([message_id]).get(message_id, ())
    ]


def begin(
    messages: MessageStore, attachments: AttachmentStore
) -> tuple[Conversation, MessageRow, MessageRow]:
    attachments.add(NEW, picture())
    attachments.add(
        NEW,
        CheckedFile(
            kind="document",
            name="a.txt",
            media_type="text/plain",
            content=b"raw",
            text="read",
        ),
    )
    return messages.begin_conversation(
        "What is it?", engine_id="e", engine_name="Engine", model="m"
    )


def test_what_was_chosen_outlives_the_process_and_an_emptied_text(
    database: Database, attachments: AttachmentStore
) -> None:
    attachments.add("there", picture("b.png"))
    attachments.add("there", picture("a.png"))
    DraftStore(database).save("there", "typed")
    DraftStore(database).save("there", "")
    AttachmentStore(database).settle()
    found = attachments.of_draft("there")
    assert [row.name for row in found] == ["b.png", "a.png"]
    assert attachments.content(found[0]) == b"pixels"


def test_a_file_that_is_taken_off_is_gone_from_the_disk(
    database: Database, attachments: AttachmentStore
) -> None:
    row = attachments.add("there", picture())
    assert attachments.remove(row.id) == "there"
    assert names_in(database.files.folder) == set()
    with pytest.raises(NotFoundError):
        attachments.remove(row.id)


def test_a_draft_takes_so_many_files_and_keeps_none_beyond(
    database: Database, attachments: AttachmentStore
) -> None:
    for _ in range(MAX_FILES):
        attachments.add("there", picture())
    with pytest.raises(ConflictError, match=str(MAX_FILES)):
        attachments.add("there", picture())
    assert len(names_in(database.files.folder)) == MAX_FILES


def test_a_question_has_the_files_of_its_draft(
    messages: MessageStore, attachments: AttachmentStore
) -> None:
    conversation, asked, _ = begin(messages, attachments)
    attachments.add(conversation.id, picture("later.png"))
    attachments.add("elsewhere", picture("not here.png"))
    later, _ = messages.add_exchange(conversation.id, "And that?", **ENGINE)
    assert names(attachments, asked.id) == ["cat.png", "a.txt"]
    assert names(attachments, later.id) == ["later.png"]
    assert attachments.of_draft(NEW) == attachments.of_draft(conversation.id) == []
    document = attachments.of_messages([asked.id])[asked.id][1]
    assert attachments.text(document) == "read"
    assert attachments.content(attachments.get(document.id)) == b"raw"


def test_a_question_asked_again_has_the_files_of_the_first(
    database: Database, messages: MessageStore, attachments: AttachmentStore
) -> None:
    _, asked, _ = begin(messages, attachments)
    again = RevisionStore(database).ask_again(asked.id, "Which animal?", **ENGINE)
    assert names(attachments, again.question.id) == ["cat.png", "a.txt"]


def test_files_stay_in_the_trash_and_go_for_good_with_their_last_question(
    database: Database,
    messages: MessageStore,
    attachments: AttachmentStore,
    changes: ChangeStore,
) -> None:
    conversation, asked, _ = begin(messages, attachments)
    again = RevisionStore(database).ask_again(asked.id, "Which animal?", **ENGINE)
    messages.delete(asked.id)
    TrashStore(database).restore("message", asked.id)
    assert names(attachments, asked.id) == ["cat.png", "a.txt"]
    changes.forget("message", asked.id)
    kept = attachments.of_messages([again.question.id])[again.question.id]
    assert attachments.content(kept[0]) == b"pixels"
    assert attachments.text(kept[1]) == "read"
    attachments.add(conversation.id, picture("drafted.png"))
    changes.forget("conversation", conversation.id)
    assert names_in(database.files.folder) == set()
    with database.read() as session:
        run = session.connection().exec_driver_sql
        for table in (
            "attachment",
            "draft_attachment",
            "change where table_name like 'att%'",
        ):
            assert run(f"select count(*) from {table}").scalar_one() == 0


def test_a_question_that_is_taken_back_and_brought_back_has_its_files(
    database: Database,
    messages: MessageStore,
    attachments: AttachmentStore,
    changes: ChangeStore,
) -> None:
    conversation, _, answer = begin(messages, attachments)
    messages.interrupt([answer.id])
    attachments.add(conversation.id, picture("later.png"))
    later, after = messages.add_exchange(conversation.id, "And that?", **ENGINE)
    sent = changes.last()
    messages.interrupt([after.id])
    assert sent
    undone = changes.undo(sent)
    assert [m.text for m in messages.of_conversation(conversation.id)][1:] == [""]
    changes.undo(undone)
    assert names(attachments, later.id) == ["later.png"]
