"""An answer is read whole, whatever comes between its words and however it ends."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import EngineFault
from backend.llm.engine import Arrived, Delta
from backend.llm.wire.answer_reader import AnswerReader

LINE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read of a body."""

    text: str
    thoughts: str
    fault: EngineFault | None
    detail: str = ""


def read(*pieces: bytes) -> Answer:
    reader, whole = AnswerReader(LINE_BYTES), Delta()
    for piece in pieces:
        for delta in reader.feed(piece):
            whole = whole.then(delta)
    for delta in reader.end():
        whole = whole.then(delta)
    fault, detail = reader.fault() or (None, "")
    assert whole.moved == 0
    return Answer(whole.text, whole.reasoning, fault, detail)


def data(payload: object) -> bytes:
    return f"data: {json.dumps(payload)}\n\n".encode()


def said(text: str, finish: str | None = None, **more: object) -> bytes:
    delta = {"content": text, **more}
    return data({"choices": [{"delta": delta, "finish_reason": finish}]})


HI = said("Hi")
STOP = said("", "stop")
DONE = b"data: [DONE]\n\n"
WHOLE = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
BOOM = {"error": {"message": "boom"}}
SERVER = EngineFault.SERVER_ERROR

READ: dict[str, tuple[bytes, Answer]] = {
    "an answer": (HI + STOP + DONE, Answer("Hi", "", None)),
    "done alone": (HI + DONE, Answer("Hi", "", None)),
    "words after done": (HI + DONE + HI, Answer("Hi", "", None)),
    "words after the reason": (said("Hi", "stop") + HI, Answer("HiHi", "", None)),
    "events that are none": (
        b'event: ping\ndata: {}\n\ndata: {"type":"ping"}\n\ndata: null\n\n'
        + HI
        + b'data: {"choices":null}\n\ndata: {"usage":{}}\n\n'
        + b": PROCESSING\n\ndata: : PROCESSING\n\nfoo: bar\n\n"
        + HI
        + STOP
        + DONE,
        Answer("HiHi", "", None),
    ),
    "the last event without a line end": (
        HI + said("!", "stop").rstrip(),
        Answer("Hi!", "", None),
    ),
    "the rest of a message": (
        HI + data({"choices": [{"message": {"content": "Hi"}}]}) + DONE,
        Answer("Hi", "", None),
    ),
    "a message in pieces": (
        data({"choices": [{"message": {"content": "H"}}]})
        + data({"choices": [{"message": {"content": "i"}}]})
        + DONE,
        Answer("Hi", "", None),
    ),
    "an answer that is not streamed": (
        json.dumps(WHOLE).encode(),
        Answer("Hi", "", None),
    ),
    "the same over several lines": (
        json.dumps(WHOLE, indent=2).encode() + b"\n",
        Answer("Hi", "", None),
    ),
    "the same without a reason": (
        b'{"choices":[{"message":{"content":"Hi"}}]}',
        Answer("Hi", "", None),
    ),
    "the same cut off": (
        b'{"choices":[{"message":{"content":"Hi',
        Answer("", "", EngineFault.GARBAGE),
    ),
    "an error that is not streamed": (
        json.dumps(BOOM).encode(),
        Answer("", "", SERVER, "boom"),
    ),
    "an error of a wrong path": (
        b'{"error":"Unexpected endpoint"}\n',
        Answer("", "", SERVER, "Unexpected endpoint"),
    ),
    "words that are no answer": (
        b'{"message":"Use another path"}',
        Answer("", "", SERVER, "Use another path"),
    ),
    "a web page": (b"<!doctype html><p>Hi", Answer("", "", EngineFault.WEB_PAGE)),
    "plain words": (b"Not Found", Answer("", "", EngineFault.GARBAGE)),
    "another JSON": (b'{"status":"ok"}', Answer("", "", EngineFault.GARBAGE)),
    "nothing": (b"", Answer("", "", EngineFault.EMPTY)),
    "only blanks": (b"\n \n", Answer("", "", EngineFault.EMPTY)),
    "no words": (STOP + DONE, Answer("", "", EngineFault.EMPTY)),
    "blank words": (said("\n") + STOP, Answer("\n", "", None)),
    "no end": (HI, Answer("Hi", "", EngineFault.CUT_OFF)),
    "an error in the middle": (HI + data(BOOM) + HI, Answer("Hi", "", SERVER, "boom")),
    "an error of old llama.cpp": (
        HI + b'error: {"code":500,"message":"boom","type":"server_error"}\n\n',
        Answer("Hi", "", SERVER, "boom"),
    ),
    "an event that is an error": (
        HI + b'event: error\ndata: {"message":"boom"}\n\n',
        Answer("Hi", "", SERVER, "boom"),
    ),
    "a line that is an error": (
        HI + b'{"error":"boom"}\n',
        Answer("Hi", "", SERVER, "boom"),
    ),
    "a list that is an error": (
        HI + data([{"error": {"message": "boom"}}]),
        Answer("Hi", "", SERVER, "boom"),
    ),
    "an error after the end": (HI + DONE + data(BOOM), Answer("Hi", "", None)),
    "a broken piece": (
        HI + b"data: {nope\n\n" + HI + STOP,
        Answer("HiHi", "", EngineFault.GARBAGE),
    ),
    "too long": (said("Hi", "length"), Answer("Hi", "", EngineFault.LIMIT)),
    "filtered": (
        HI + said("", "content_filter"),
        Answer("Hi", "", EngineFault.FILTERED),
    ),
    "filtered at once": (said("", "SAFETY"), Answer("", "", EngineFault.FILTERED)),
    "an error as the reason": (HI + said("", "error"), Answer("Hi", "", SERVER)),
    "an error as the reason, then why": (
        HI + said("", "error") + data(BOOM),
        Answer("Hi", "", SERVER, "boom"),
    ),
    "a refusal": (
        said("", refusal="I can") + said("", refusal="not.") + STOP,
        Answer("I cannot.", "", EngineFault.DECLINED),
    ),
    "a tool": (
        said("", tool_calls=[{"function": {"arguments": "{"}}])
        + said("", "tool_calls"),
        Answer("", "", EngineFault.TOOL_CALL),
    ),
    "a tool after words": (
        HI + said("", function_call={"name": "f"}) + STOP,
        Answer("Hi", "", EngineFault.TOOL_CALL),
    ),
    "a thought in tags": (
        said("<th") + said("ink>Hm.</thi") + said("nk>\n\nHi", "stop"),
        Answer("Hi", "Hm.", None),
    ),
    "a closing tag alone": (
        said("Hm") + said(".</think>") + said("Hi", "stop"),
        Answer("Hi", "Hm.", None),
    ),
    "a thought of its own": (
        said("", reasoning_content="Hm.") + said("<think> is a tag.", "stop"),
        Answer("<think> is a tag.", "Hm.", None),
    ),
    "only a thought": (
        said("<think>Hm.", "stop"),
        Answer("", "Hm.", EngineFault.THOUGHTS_ONLY),
    ),
    "only a thought, cut off": (
        said("", reasoning="Hm."),
        Answer("", "Hm.", EngineFault.CUT_OFF),
    ),
    "only a thought, too long": (
        said("", "length", reasoning="Hm."),
        Answer("", "Hm.", EngineFault.LIMIT),
    ),
    "the beginning of a tag at the end": (said("<th", "stop"), Answer("<th", "", None)),
    "halves of a character": (
        said("a\ud83d") + said("\udc4b") + said("", reasoning="\ud83d") + STOP,
        Answer("a👋", "\ufffd", None),
    ),
    "halves that stay alone": (
        said("\udc4b\ud83d") + said("x\ud83d", "stop"),
        Answer("\ufffd\ufffdx\ufffd", "", None),
    ),
    "two answers at once": (
        data({"choices": [{"index": 1, "delta": {"content": "No"}}]})
        + data({"choices": [{"index": 0, "delta": {"content": "Hi"}}]})
        + data({"choices": [{"index": 1, "delta": {"content": "No"}}]})
        + STOP,
        Answer("Hi", "", None),
    ),
    "an answer counted from one": (
        data({"choices": [{"index": 1, "delta": {"content": "Hi"}}]})
        + data({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}),
        Answer("Hi", "", None),
    ),
}


@pytest.mark.parametrize(("body", "answer"), READ.values(), ids=READ)
def test_an_answer_is_read_and_its_end_told(body: bytes, answer: Answer) -> None:
    assert read(body) == answer
    for size in (1, 2, 7, 64):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        assert read(*pieces) == answer


def test_what_comes_is_given_at_once() -> None:
    reader = AnswerReader(LINE_BYTES)
    assert reader.feed(said("Hm. ")) == [Delta("Hm. ")]
    assert reader.feed(said("So.</think>Hi")) == [Delta("Hi", "So.", 4)]
    assert reader.arrived is Arrived.TEXT
    assert not reader.is_over
    assert reader.feed(DONE) == []
    assert reader.is_over


def test_an_event_without_end_keeps_what_came() -> None:
    assert read(HI + b"data: " + b"x" * 2 * LINE_BYTES) == Answer(
        "Hi", "", EngineFault.GARBAGE
    )


_NAMES = st.sampled_from(
    ["choices", "delta", "message", "content", "usage", "type", "id", "index", "x"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab\ud83d\udc4b", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2)
    ),
    max_leaves=6,
)
_LINES = st.one_of(
    st.sampled_from(
        [b"", b": ping", b"event: ping", b"id: 1", b"retry: 5", b"foo", b"foo: {",
         b"data", b"data:", b"data: null", b"data: ping", b"data: : WAIT", b"data: [1]",
         b'data: {"usage":', b'data: {"total": 1}}', b"data: {}", b"\xff\xfe"]
    ),
    st.binary(max_size=8).filter(lambda b: not b.lstrip().startswith(b"error")),
)  # fmt: skip
_WORDS = st.lists(st.sampled_from(["Hi", " ", "<b>", "{", '"', "\n", "é"]), max_size=6)


@given(
    _WORDS,
    st.lists(st.lists(_LINES, max_size=3), max_size=6),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.integers(1, 30),
)
def test_nothing_between_the_words_ends_an_answer_early(
    words: list[str], between: list[list[bytes]], end: bytes, size: int
) -> None:
    lines: list[bytes] = [b": begins"]
    for number, word in enumerate(words):
        lines += [*between[number : number + 1], [b""]][0]
        lines += [b"", said(word).strip(), b""]
    body = end.join([*lines, b"data: [DONE]", b"", b""])
    answer = read(*(body[at : at + size] for at in range(0, len(body), size)))
    assert answer.text == "".join(words)
    assert answer.fault in (None, EngineFault.EMPTY, EngineFault.GARBAGE)


@given(
    st.lists(
        st.binary(max_size=20) | _JSON.map(data) | _LINES | st.just(HI), max_size=8
    ),
    st.integers(1, 50),
)
def test_any_input_ends_in_text_or_a_fault(pieces: list[bytes], size: int) -> None:
    body = b"".join(pieces)
    answer = read(*(body[at : at + size] for at in range(0, len(body), size)))
    assert answer.text or answer.fault is not None
    answer.text.encode()
    answer.thoughts.encode()
    assert read(body) == answer
