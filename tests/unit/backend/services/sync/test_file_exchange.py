"""Attached files come to other computers, whole, sealed, and go for good from all."""

import os

import pytest

from backend.documents.document import Document, DocumentKind, DocumentSection, Unit
from backend.errors import NotFoundError
from backend.services.sync.retelling import FREE
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.search.indexes import DocumentIndex
from backend.store.search.search import SearchStore
from backend.sync.folder import ROOT
from tests.helpers.synced import Computer, carry_all, settle, state_of

CANARY = b"kanarienvogel"
CONTENT = CANARY + os.urandom(2_500_000)


def ask(computer: Computer) -> tuple[str, str]:
    """Ask about a document; return the ids of conversation and question."""
    section = DocumentSection(1, 1, "Of a kingfisher.")
    read = Document(kind=DocumentKind.PDF, unit=Unit.PAGE, sections=(section,))
    file = CheckedFile(
        kind="document",
        name="bird.pdf",
        media_type="application/octet-stream",
        content=CONTENT,
        text=read.dumps(),
    )
    AttachmentStore(computer.database).add("new", file)
    messages = MessageStore(computer.database)
    talk, question, answer = messages.begin_conversation(
        "What is it?", engine_id="", engine_name="", model="", title="A bird"
    )
    messages.interrupt([answer.id])
    return talk.id, question.id


def content_at(computer: Computer, question: str) -> bytes:
    files = AttachmentStore(computer.database)
    [one] = files.of_messages([question])[question]
    return files.content(one)


def shared_files(computers: list[Computer]) -> set[str]:
    state = computers[0].store.state()
    assert state
    return set(computers[0].carrier(state).files())


def test_a_file_comes_with_its_question_and_is_found(three: list[Computer]) -> None:
    a, b, c = three
    _, question = ask(a)
    settle(three)
    for one in (b, c):
        assert content_at(one, question) == CONTENT
        index = DocumentIndex(one.database)
        while index.add_some():
            pass
        assert SearchStore(one.database).search("kingfisher")
    assert len(shared_files(three)) == 2


def test_its_row_may_come_first_and_says_so(three: list[Computer]) -> None:
    a, b, _ = three
    index = DocumentIndex(b.database)
    _, question = ask(a)
    state = a.store.state()
    assert state
    a.rounds.round()
    carry_all(three)
    b.rounds.round()
    b.rounds.round()
    with pytest.raises(NotFoundError, match="not come from your other computer"):
        content_at(b, question)
    assert not index.add_some()
    settle(three)
    assert content_at(b, question) == CONTENT
    assert index.add_some()


def test_what_is_shared_is_sealed_and_what_was_altered_is_not_taken(
    three: list[Computer],
) -> None:
    a, b, _ = three
    _, question = ask(a)
    a.sync(20)
    state = a.store.state()
    assert state
    carrier = a.carrier(state)
    names = sorted(carrier.files())
    honest = {name: carrier.get_file(name) for name in names}
    for name, sealed in honest.items():
        assert sealed
        assert CANARY not in sealed
        carrier.put_file(name, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    carry_all(three)
    b.sync(20)
    with pytest.raises(NotFoundError):
        content_at(b, question)
    for name, sealed in honest.items():
        assert sealed
        carrier.put_file(name, sealed)
    settle(three)
    assert content_at(b, question) == CONTENT


def test_a_file_that_was_lost_here_comes_back(three: list[Computer]) -> None:
    a, b, _ = three
    _, question = ask(a)
    settle(three)
    for file in a.database.files.folder.iterdir():
        file.unlink()
    settle(three)
    assert content_at(a, question) == CONTENT
    # And one that what is shared has lost is given again, by whoever has it.
    state = b.store.state()
    assert state
    for name in shared_files(three):
        for one in three:
            one.carrier(state).drop_file(name)
            (one.shared / ROOT / name).unlink(missing_ok=True)
    b.rounds.look_again()
    b.sync(20)
    assert len(b.carrier(state).files()) == 2


def test_what_is_deleted_for_good_goes_everywhere(three: list[Computer]) -> None:
    a, b, c = three
    talk, _ = ask(a)
    settle(three)
    ChangeStore(b.database).forget("conversation", talk)
    settle(three)
    for one in three:
        assert list(one.database.files.folder.iterdir()) == []
    if not a.server:
        for one in three:
            for name in (one.shared / ROOT).glob("*/files/*"):
                # A program that syncs takes it away elsewhere, too.
                name.unlink()
    settle(three)
    assert shared_files(three) == set()
    with c.database.read() as session:
        run = session.connection().exec_driver_sql
        assert run("select count(*) from attachment").scalar() == 0
        assert run("select count(*) from message").scalar() == 0


def test_what_is_lost_there_each_time_is_not_given_for_ever(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a = three[0]
    ask(a)
    settle(three)
    carrier, given = a.carrier(state_of(a)), []
    monkeypatch.setattr(carrier, "files", set)
    monkeypatch.setattr(carrier, "put_file", lambda name, _: given.append(name))
    for _ in range(20):
        a.rounds.look_again()
        a.sync()
    # Both files, which were given once before.
    assert len(given) == 2 * (FREE - 1)
