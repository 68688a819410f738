"""Attached files come to other computers, whole, sealed, and go for good from all."""

import os
from pathlib import Path

import pytest

from backend.documents.document import Document, DocumentKind, DocumentSection, Unit
from backend.errors import NotFoundError
from backend.services.sync.retelling import FREE
from backend.services.sync.rounds import SyncRounds
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.search.indexes import DocumentIndex
from backend.store.search.search import SearchStore
from backend.sync.folder import ROOT
from backend.sync.transport import PIECE_BYTES, TransportError
from tests.helpers.sqld import Sqld
from tests.helpers.synced import (
    Computer,
    Unsteady,
    carry_all,
    grouped,
    settle,
    state_of,
    titles,
)

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


def whole(carrier: Unsteady, name: str) -> bytes:
    pieces = (carrier.get_piece(name, number) for number in carrier.pieces(name))
    return b"".join(piece or b"" for piece in pieces)


def put(carrier: Unsteady, name: str, data: bytes) -> None:
    carrier.drop_file(name)
    cuts = range(0, len(data), PIECE_BYTES)
    for number, at in enumerate(cuts):
        piece = data[at : at + PIECE_BYTES]
        carrier.put_piece(name, number, len(cuts), piece)


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
    honest = {name: whole(carrier, name) for name in names}
    for name, sealed in honest.items():
        assert sealed
        assert CANARY not in sealed
        put(carrier, name, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    carry_all(three)
    b.sync(20)
    with pytest.raises(NotFoundError):
        content_at(b, question)
    for name, sealed in honest.items():
        assert sealed
        put(carrier, name, sealed)
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
    monkeypatch.setattr(carrier, "pieces", lambda _: {})
    monkeypatch.setattr(
        carrier,
        "put_piece",
        lambda name, number, *_: given.append(name) if number == 0 else None,
    )
    for _ in range(60):
        a.rounds.look_again()
        a.sync()
    # Both files, which were given once before.
    assert len(given) == 2 * (FREE - 1)


class SlowLine:
    """A line over which a file goes piece by piece, and which is cut now and then.

    Attributes:
        carried: What went over it: the name, the number and the size of each piece.
        lasts: As many pieces go over it before it is cut.
    """

    def __init__(self, patch: pytest.MonkeyPatch, carrier: Unsteady) -> None:
        self.carried: list[tuple[str, int, int]] = []
        self.lasts = 3
        self._put, self._get = carrier.put_piece, carrier.get_piece
        patch.setattr(carrier, "put_piece", self.put_piece)
        patch.setattr(carrier, "get_piece", self.get_piece)

    def put_piece(self, name: str, number: int, count: int, data: bytes) -> None:
        self._carry(name, number, len(data))
        self._put(name, number, count, data)

    def get_piece(self, name: str, number: int) -> bytes | None:
        piece = self._get(name, number)
        self._carry(name, number, len(piece or b""))
        return piece

    def _carry(self, name: str, number: int, size: int) -> None:
        if not self.lasts:
            self.lasts = 3
            raise TransportError("The line was cut.")
        self.lasts -= 1
        self.carried.append((name, number, size))


def until_cut(computer: Computer) -> bool:
    """Exchange until the line is cut or all is over; return whether it was cut."""
    computer.rounds.look_again()
    try:
        computer.sync(50)
    except TransportError:
        return True
    return False


def cut_on_its_way(three: list[Computer], patch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Cut the line while a file comes; return the ids of what the first asked."""
    a, b, _ = three
    asked = ask(a)
    settle([a])
    carry_all(three)
    SlowLine(patch, b.carrier(state_of(b)))
    assert until_cut(b)
    return asked


def test_a_large_file_goes_on_where_a_slow_line_was_cut(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = three
    _, question = ask(a)
    giving = SlowLine(monkeypatch, a.carrier(state_of(a)))
    fetching = SlowLine(monkeypatch, b.carrier(state_of(b)))
    cuts = 0
    while until_cut(a):
        cuts += 1
        # Meanwhile the sidecar is killed.
        a.rounds = SyncRounds(a.store, a.carrier, a.forget)
    carry_all(three)
    while until_cut(b):
        cuts += 1
        b.rounds = SyncRounds(b.store, b.carrier, b.forget)
    assert cuts >= 4
    assert content_at(b, question) == CONTENT
    for line in (giving, fetching):
        assert len(set(line.carried)) == len(line.carried)
        assert max(size for _, _, size in line.carried) == PIECE_BYTES
        assert sum(size for _, _, size in line.carried) < len(CONTENT) + PIECE_BYTES
    assert not list(b.database.files.folder.glob(".*"))


def test_changes_do_not_wait_behind_a_large_file(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = three
    ask(a)
    line = SlowLine(monkeypatch, a.carrier(state_of(a)))
    assert until_cut(a)
    before = len(line.carried)
    NoteStore(a.database).create("typed meanwhile", "")
    line.lasts = 1
    assert until_cut(a)
    assert len(line.carried) == before + 1
    carry_all(three)
    b.sync(5)
    assert "typed meanwhile" in titles(b)


def test_what_a_kill_left_of_a_piece_is_written_anew(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    b = three[1]
    with monkeypatch.context() as slow:
        _, question = cut_on_its_way(three, slow)
    [coming] = b.database.files.folder.glob(".coming-*")
    # More than the whole file: whatever begins anew must not leave any of it.
    coming.write_bytes(coming.read_bytes() + bytes(2 * len(CONTENT)))
    settle(three)
    assert content_at(b, question) == CONTENT


def test_what_came_of_a_file_that_is_deleted_goes(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    b = three[1]
    talk, _ = cut_on_its_way(three, monkeypatch)
    files = b.database.files
    assert list(files.folder.glob(".coming-*"))
    # It stays over a restart while it is wanted, and goes with its question.
    AttachmentStore(b.database).settle()
    assert list(files.folder.glob(".coming-*"))
    ChangeStore(b.database).forget_all([("conversation", talk)], is_shared=True)
    AttachmentStore(b.database).settle()
    assert not list(files.folder.glob(".coming-*"))


def test_a_file_that_was_given_in_larger_pieces_is_fetched(tmp_path: Path) -> None:
    """Earlier versions gave pieces of a megabyte to a server."""
    with Sqld(tmp_path) as server:
        a, b = computers = grouped(tmp_path, ["a", "b"], server.url)
        _, question = ask(a)
        settle([a])
        carrier, size = a.carrier(state_of(a)), 1024 * 1024
        for name in carrier.files():
            sealed = whole(carrier, name)
            carrier.drop_file(name)
            cuts = range(0, len(sealed), size)
            for number, at in enumerate(cuts):
                piece = sealed[at : at + size]
                carrier.put_piece(name, number, len(cuts), piece)
        settle([b])
        assert content_at(b, question) == CONTENT
        for one in computers:
            one.close()
