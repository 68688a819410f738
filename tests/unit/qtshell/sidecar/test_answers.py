"""A followed answer is put together from its pieces, however the stream is cut."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from backend.interface.api_types import AnswerPiece, Done, Refusal, checksum, encode
from backend.llm.engine import Delta
from backend.services.chat.following import FollowerPlace, KnownText
from backend.services.chat.growing import Growing
from qtshell.sidecar.answers import AnswerFollower, to_say, with_piece
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

PATH = "/api/v1/messages/m/pieces"
WORDS = st.text("ab \U0001f44b\u0628", max_size=4)
HAPPENINGS = st.one_of(
    WORDS,  # more of the text
    st.integers(1, 6),  # so many characters were thoughts
    st.sampled_from(["read", "cut", "killed"]).map(lambda name: (name,)),
)
STRAIGHT = {("read",), ("cut",)}


def piece(at: int, text: str, state: str = "streaming", **more: str) -> AnswerPiece:
    return AnswerPiece(at=at, text=text, state=state, **more)


def known(text: str) -> KnownText:
    return KnownText(len(text), checksum(text))


class Line:
    """An answer that grows at one end of a line, and what is heard at the other."""

    def __init__(self) -> None:
        self.answer = Growing("m", "c")
        self.text = self.said = self.heard = ""
        self.reader = FollowerPlace(self.answer, known(""))

    def read(self) -> None:
        if change := self.reader.next():
            self.text = with_piece(self.text, piece(*change))
        if more := to_say(self.said, self.text):
            self.heard, self.said = self.heard + more, self.text

    def happen(self, happening: str | int | tuple[str]) -> None:
        match happening:
            case str():
                self.answer.add(Delta(happening))
            case int():
                self.answer.add(Delta(moved=happening))
            case ("read",):
                self.read()
            case ("cut",):
                self.reader.next()  # is on its way, and lost
                self.reader = FollowerPlace(self.answer, known(self.text))
            case _:  # the store has less than was shown
                stored = self.answer.text[: len(self.answer.text) // 2]
                self.answer = Growing("m", "c", stored)
                self.reader = FollowerPlace(self.answer, known(self.text))


@given(st.lists(HAPPENINGS, max_size=30))
def test_any_cut_and_any_reconnect_give_the_same_text(
    happenings: list[str | int | tuple[str]],
) -> None:
    line = Line()
    for happening in happenings:
        line.happen(happening)
    line.read()
    assert line.text == line.answer.text
    assert line.reader.next() is None, "nothing is said twice"
    if all(
        isinstance(each, str) or each in {("read",), ("cut",)} for each in happenings
    ):
        assert line.heard == line.text, "nothing was to be taken back"


@given(st.lists(WORDS, min_size=1), st.data())
def test_a_piece_is_what_is_new_and_no_more(
    pieces: list[str], data: st.DataObject
) -> None:
    answer = Growing("m", "c")
    for text in pieces:
        answer.add(Delta(text))
        if data.draw(st.booleans()):
            assert isinstance(answer.text, str)  # joins what came so far
    for at in range(len(answer.text) + 2):
        assert answer.text_from(at) == answer.text[at:]


@pytest.mark.parametrize(
    ("said", "text", "more"),
    [
        ("", "Four", "Four"),
        ("Fo", "Four", "ur"),
        ("Four", "Four", ""),
        ("Four", "Fo", ""),
        ("Hm. ", "Four", "\n\nFour"),
        ("It is 5", "It is 4.", "\n\n4."),
    ],
)
def test_what_cannot_be_taken_back_is_corrected_below(
    said: str, text: str, more: str
) -> None:
    assert to_say(said, text) == more


class Followed:
    """What a follower says of an answer."""

    def __init__(self, sidecar: SidecarDouble, parent: QObject) -> None:
        self.sidecar = sidecar
        self.follower = AnswerFollower(sidecar.client, parent)
        self.grown: list[int] = []
        self.ended: list[tuple[str, AnswerPiece]] = []
        self.lost: list[str] = []
        self.follower.grown.connect(self.grown.append)
        self.follower.ended.connect(
            lambda last: self.ended.append((self.follower.text, last))
        )
        self.follower.lost.connect(self.lost.append)
        self.follower._again.setInterval(1)


@pytest.fixture
def followed(qtbot: QtBot) -> Iterator[Followed]:
    parent = QObject()
    with sidecar_double(parent) as sidecar:
        yield Followed(sidecar, parent)
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()


LAST = piece(6, " there", "complete", model="m")
WHOLE = b"".join(
    encode(each).encode() + b"\n" for each in (piece(0, "Hellø"), piece(5, ","), LAST)
)


@pytest.mark.parametrize("cut", range(0, len(WHOLE), 23))
def test_wherever_the_connection_breaks_it_goes_on(
    followed: Followed, qtbot: QtBot, cut: int
) -> None:
    followed.sidecar.answer(PATH, WHOLE[:cut], missing=1)
    followed.follower.follow("m")
    qtbot.waitUntil(lambda: len(followed.sidecar.fetched) > 1)
    followed.follower._again.stop()
    had = followed.follower.text
    assert "Hellø, there".startswith(had)
    rest = "Hellø, there"[len(had) :]
    followed.sidecar.answer_in_pieces("m", piece(len(had), rest, "complete"))
    followed.follower._connect()
    qtbot.waitUntil(lambda: bool(followed.ended))
    assert [text for text, _ in followed.ended] == ["Hellø, there"]
    assert f"known={len(had)}&checksum={checksum(had)}" in followed.sidecar.fetched[-1]


def test_pieces_that_come_together_are_shown_together(
    followed: Followed, qtbot: QtBot
) -> None:
    many = [piece(at, "x") for at in range(50)]
    followed.sidecar.answer_in_pieces("m", *many, piece(3, "y"), piece(4, "z"))
    followed.follower.follow("m")
    qtbot.waitUntil(lambda: followed.follower.text == "xxxyz")
    qtbot.waitUntil(lambda: bool(followed.grown))
    assert len(followed.grown) < 5
    assert min(followed.grown) <= 3
    followed.follower.leave()


def test_an_answer_that_is_gone_is_lost(followed: Followed, qtbot: QtBot) -> None:
    gone = encode(Refusal(error="It was deleted.")).encode()
    followed.sidecar.answer(PATH, gone, status=404)
    followed.follower.follow("m")
    qtbot.waitUntil(lambda: followed.lost == ["It was deleted."])


@pytest.mark.parametrize(
    "bad", [b"{}\n", b"nonsense\n", encode(piece(9, "x")).encode() + b"\n"]
)
def test_what_cannot_be_read_is_asked_for_again(
    followed: Followed, qtbot: QtBot, bad: bytes
) -> None:
    followed.sidecar.answer(PATH, encode(piece(0, "Hi")).encode() + b"\n" + bad + b"\n")
    followed.follower.follow("m")
    qtbot.waitUntil(lambda: len(followed.sidecar.fetched) > 1)
    assert followed.follower.text == "Hi"
    followed.follower.leave()


def test_a_late_answer_of_an_earlier_question_is_not_heard(
    followed: Followed, qtbot: QtBot
) -> None:
    for name in ("first", "second"):
        followed.sidecar.answer_in_pieces(name, piece(0, name, "complete"))
    followed.follower.follow("first")
    with qtbot.waitSignal(followed.follower.ended):
        followed.follower.follow("second")
    assert [text for text, _ in followed.ended] == ["second"]


def test_what_is_followed_keeps_no_other_request_waiting(
    followed: Followed, qtbot: QtBot
) -> None:
    """Each holds a connection, of which Qt has six unless it is told otherwise."""
    client, taken = followed.sidecar.client, list[AnswerPiece]()
    followed.sidecar.answer(PATH, encode(piece(0, "Hi")).encode() + b"\n", holds=True)
    let_go = [
        client.follow(PATH, AnswerPiece, taken.append, refused=print, cut=print)
        for _ in range(12)
    ]
    qtbot.waitUntil(lambda: len(taken) == len(let_go))
    followed.sidecar.answer("/x", status=204)
    with qtbot.waitCallback() as answered:
        client.get("/x", Done, answered)
    for each in let_go:
        each()
