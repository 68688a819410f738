"""Reads one answer out of the bytes a server sends, and tells how it ended."""

from collections.abc import Iterator
from typing import Final

from backend.errors import EngineFault
from backend.llm.engine import Arrived, Delta, Usage, Wait
from backend.llm.wire.answer_events import Chunk, NotAnAnswerError, read_chunk
from backend.llm.wire.event_stream import EventReader, Form, ServerEvent, TooLongError
from backend.text.surrogates import HalfJoiner
from backend.text.thoughts import Parts, ThoughtSplitter

_NOTHING: Final = Delta()
_AT_LIMIT: Final = ("length", "max_tokens", "max_output_tokens", "model_length")
_FILTERED: Final = (
    "content_filter",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "guardrail",
    "moderation",
)
_TOOLS: Final = ("tool_calls", "tool_call", "function_call", "tool_use")


class AnswerReader:
    """Takes the body of a response and gives the answer in it, piece by piece.

    Attributes:
        is_over: Whether nothing that comes belongs to the answer any more.
        finish: Why the server says that it ends; "" as long as it has not.
        arrived: What of the answer was given.
        words: How many pieces of it were given.
    """

    def __init__(self, line_bytes: int) -> None:
        self.is_over = False
        self.finish = ""
        self.arrived = Arrived.NOTHING
        self.words = 0
        self._events = EventReader(line_bytes)
        self._splitter = ThoughtSplitter()
        self._text, self._reasoning = HalfJoiner(), HalfJoiner()
        self._said: list[str] = []
        self._others: list[Chunk] = []
        self._is_main_seen = False
        self._is_empty = True
        self._is_blank = False
        self._has_pieces = False
        self._is_broken = False
        self._is_refused = False
        self._calls_tool = False
        self._failure: tuple[EngineFault, str] | None = None
        self._note = ""
        self._usage: Usage | None = None

    def feed(self, data: bytes) -> list[Delta]:
        """Take what was read and return what of the answer is in it."""
        self._is_empty = self._is_empty and not data.strip()
        if self.is_over:
            return []
        try:
            deltas = list(self._read(self._events.feed(data)))
        except TooLongError:
            self._fail(EngineFault.GARBAGE)
            return []
        if self._events.form is Form.PAGE:
            self.is_over = True
        return deltas

    def end(self) -> list[Delta]:
        """Return what is left when nothing more comes."""
        deltas: list[Delta] = []
        if not self.is_over:
            try:
                deltas += self._read(self._events.end())
            except TooLongError:
                self._fail(EngineFault.GARBAGE)
        if not self._is_main_seen:
            first = self._others[0].choice if self._others else 0
            mine = (chunk for chunk in self._others if chunk.choice == first)
            deltas += filter(None, map(self._take, mine))
        self.is_over = True
        parts = self._splitter.feed(self._text.end())
        deltas.append(self._give(parts, self._reasoning.end()))
        deltas.append(self._give(self._splitter.end(), ""))
        deltas.append(Delta(usage=self._usage))
        return [delta for delta in deltas if delta != _NOTHING]

    def fault(self) -> tuple[EngineFault, str] | None:
        """Return what is wrong with the answer once it has ended, and why."""
        if self._failure is not None:
            return self._failure
        if fault := self._odd_end():
            return fault, ""
        if self._is_broken:
            return EngineFault.GARBAGE, ""
        if self.finish in _AT_LIMIT:
            return EngineFault.LIMIT, ""
        return self._fault_of_silence()

    def _odd_end(self) -> EngineFault | None:
        if self._is_refused:
            return EngineFault.DECLINED
        if self.finish in _FILTERED:
            return EngineFault.FILTERED
        if self._calls_tool or self.finish in _TOOLS:
            return EngineFault.TOOL_CALL
        return EngineFault.SERVER_ERROR if self.finish == "error" else None

    def _fault_of_silence(self) -> tuple[EngineFault, str] | None:
        is_whole = bool(self.finish) or self._events.form is Form.JSON
        if self.arrived is Arrived.TEXT:
            return None if is_whole else (EngineFault.CUT_OFF, "")
        if self.arrived is Arrived.THOUGHTS:
            fault = EngineFault.THOUGHTS_ONLY if is_whole else EngineFault.CUT_OFF
            return fault, ""
        if self._is_blank and is_whole:
            return None
        if self._events.form is Form.PAGE:
            return EngineFault.WEB_PAGE, ""
        if self._note:
            return EngineFault.SERVER_ERROR, self._note
        is_odd = not (self._has_pieces or self.finish or self._is_empty)
        return (EngineFault.GARBAGE if is_odd else EngineFault.EMPTY), ""

    def _read(self, events: list[ServerEvent]) -> Iterator[Delta]:
        for event in events:
            try:
                chunk = read_chunk(event.data, event.name)
            except NotAnAnswerError:
                self._is_broken = True
                continue
            if chunk.choice and chunk.fault is None:
                self._others.append(chunk)
            elif (delta := self._take(chunk)) != _NOTHING:
                yield delta
            if self.is_over:
                return

    def _take(self, chunk: Chunk) -> Delta:
        delta = self._split(chunk)
        self._usage = chunk.usage or self._usage
        if chunk.read is not None and not self.words:
            delta = Delta(wait=Wait.READING, read=chunk.read)
        self._has_pieces = self._has_pieces or chunk.is_piece
        self._is_main_seen = self._is_main_seen or bool(chunk.finish)
        self._is_refused = self._is_refused or chunk.is_refusal
        self._calls_tool = self._calls_tool or chunk.calls_tool
        self.finish = self.finish or chunk.finish
        if chunk.fault is not None:
            self._fail(chunk.fault, chunk.detail)
        elif chunk.is_done:
            self.finish = self.finish or "stop"
            self.is_over = True
        else:
            self._note = self._note or chunk.detail
        return delta

    def _split(self, chunk: Chunk) -> Delta:
        said = chunk.delta
        if said == _NOTHING or self._is_repeat(chunk):
            return _NOTHING
        self._is_main_seen = True
        self._said.append(said.text)
        reasoning = self._reasoning.add(said.reasoning)
        if reasoning:
            self._splitter.trust_server()
        return self._give(self._splitter.feed(self._text.add(said.text)), reasoning)

    def _is_repeat(self, chunk: Chunk) -> bool:
        """Whether it is the whole message, once more after its pieces."""
        said = chunk.delta.text
        return chunk.is_message and bool(said) and "".join(self._said) == said

    def _give(self, parts: Parts, reasoning: str) -> Delta:
        delta = Delta(parts.text, parts.thoughts + reasoning, parts.moved)
        if delta == _NOTHING:
            return _NOTHING
        self.words += 1
        self.arrived = self.arrived.plus(delta)
        self._is_blank = self._is_blank or bool(delta.text)
        return delta

    def _fail(self, fault: EngineFault, detail: str = "") -> None:
        self._failure = fault, detail
        self.is_over = True
