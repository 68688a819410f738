"""Splits what a model thought from what it answered.

Many servers leave the marks of thoughts (`<think>`, `[THINK]`, gpt-oss channels) in the
text. They count only where an answer begins, or right after another thought: the same
words later, or in code, are the answer's own. Standard library only: the reader of
imports uses it too.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from string import ascii_uppercase
from typing import Final

_LONE_CLOSE_CHARS: Final = 100_000
_MENTIONS: Final = 20
"""After so many closing marks that are words of the answer, none is looked for."""
_HEADER_CHARS: Final = 200
_BLANK_CHARS: Final = 10_000
_SLICE_CHARS: Final = 4096
"""A long text is looked at in slices, so that the work stays linear."""
_QUOTES: Final = "`\"'«»\u2018\u2019\u201c\u201d"
_CODE_INDENT: Final = 4
_START: Final = "<|start|>"
_ASCII_LOWER: Final = {ord(upper): upper.lower() for upper in ascii_uppercase}


@dataclass(frozen=True, slots=True)
class _Marks:
    opens: str
    closes: tuple[str, ...]


_TAGS: Final = ("think", "thinking", "thought", "reasoning", "seed:think")
_MARKS: Final = (
    *(_Marks(f"<{tag}>", (f"</{tag}>",)) for tag in _TAGS[2:]),
    # Models mix up these two.
    *(_Marks(f"<{tag}>", ("</think>", "</thinking>")) for tag in _TAGS[:2]),
    _Marks("[THINK]", ("[/THINK]",)),
    _Marks("◁think▷", ("◁/think▷",)),
    _Marks("<|channel>thought", ("<channel|>",)),
    _Marks("<|START_THINKING|>", ("<|END_THINKING|>",)),
    _Marks("<|begin_of_thought|>", ("<|end_of_thought|>",)),
)
_LONE: Final = ("</think>", "</thinking>", "</seed:think>", "[/THINK]", "◁/think▷")
"""Closing marks that come alone where the prompt already opened the thought."""
_ANSWER_OPENS: Final = ("<|begin_of_solution|>", "<|START_RESPONSE|>")
_ANSWER_CLOSES: Final = ("<|end_of_solution|>", "<|END_RESPONSE|>")
_CHANNEL_OPENS: Final = ("<|channel|>", _START)
_CHANNEL_CLOSES: Final = ("<|end|>", "<|return|>", "<|call|>", _START)
_FINAL_CLOSES: Final = ("<|return|>", "<|end|>")
_HEADER: Final = re.compile(
    r"(?:<\|start\|>assistant(?: to=[\w.]+)?)?"
    r"<\|channel\|>(analysis|commentary|final)(?: to=[\w.]+)?"
    r"\s*(?:<\|constrain\|>)?(?:json|code)?<\|message\|>"
)
_AT_START: Final = (
    *(marks.opens for marks in _MARKS),
    *_LONE,
    *_ANSWER_OPENS,
    *_CHANNEL_OPENS,
)
_FENCE: Final = re.compile(r"[\s>]*(?:[-*+]|\d+[.)])?\s*(`{3,}(?=[^`]*$)|~{3,})")
_TICKS: Final = re.compile(r"`+")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a piece of an answer is.

    Attributes:
        moved: How many of the characters given as text before are thoughts after all;
            they come before `thoughts`.
    """

    text: str = ""
    thoughts: str = ""
    moved: int = 0


def split_thoughts(answer: str) -> tuple[str, str]:
    """Return the text and the thoughts of a whole answer."""
    splitter, text, thoughts = ThoughtSplitter(), "", ""
    for parts in (splitter.feed(answer), splitter.end()):
        kept = len(text) - parts.moved
        thoughts += text[kept:] + parts.thoughts
        text = text[:kept] + parts.text
    return (text, thoughts.strip()) if splitter.has_marks else (answer, "")


class _ThoughtState(Enum):
    START = auto()
    """Of the answer, or right after a thought: only here a mark opens one."""
    THOUGHT = auto()
    CHANNEL = auto()
    """A message of gpt-oss that is not its final one."""
    TEXT = auto()


class ThoughtSplitter:
    """Splits an answer that comes in pieces.

    Plain text is given at once: only what may be the beginning of a mark is held back.

    Attributes:
        has_marks: Whether marks of thoughts were found.
    """

    def __init__(self) -> None:
        self.has_marks = False
        self._state = _ThoughtState.START
        self._held = ""
        self._closes: tuple[str, ...] = ()
        self._ends: tuple[str, ...] = ()
        self._is_thought = False
        self._is_trimming = False
        self._is_split_by_server = False
        self._mentions = 0
        self._last = ""
        self._said: list[str] = []
        self._said_chars = 0
        self._text = _Track()
        self._thoughts = _Track()
        self._moved = 0

    def trust_server(self) -> None:
        """Take what follows as text: the server itself splits off the thoughts."""
        self._is_split_by_server = True

    def feed(self, piece: str) -> Parts:
        """Take a piece and return what is certain by now."""
        for start in range(0, len(piece), _SLICE_CHARS):
            self._held += piece[start : start + _SLICE_CHARS]
            self._decide(is_end=False)
        return self._take()

    def end(self) -> Parts:
        """Return what was held back: nothing more comes."""
        self._decide(is_end=True)
        return self._take()

    def _take(self) -> Parts:
        parts = Parts(self._text.take(), self._thoughts.take(), self._moved)
        self._moved = 0
        return parts

    def _decide(self, *, is_end: bool) -> None:
        steps = {
            _ThoughtState.START: self._step_start,
            _ThoughtState.THOUGHT: self._step_inside,
            _ThoughtState.CHANNEL: self._step_inside,
            _ThoughtState.TEXT: self._step_text,
        }
        while self._trim() and steps[self._state](is_end=is_end):
            pass

    def _trim(self) -> bool:
        """Drop blanks around marks, but for the indent of code; return what is left."""
        if not self._is_trimming:
            return bool(self._held)
        rest = self._held.lstrip()
        indent = self._held[: len(self._held) - len(rest)].rpartition("\n")[2]
        keeps = not rest or _is_code_indent(indent)
        self._held = (indent[-8:] if keeps else "") + rest
        self._is_trimming = not rest
        return bool(rest)

    def _step_start(self, *, is_end: bool) -> bool:
        body = self._held.lstrip()
        blanks = self._held[: len(self._held) - len(body)]
        if not (body and _is_code_indent(blanks.rpartition("\n")[2])):
            start = _lower(body[:_HEADER_CHARS])
            if self._opens(body, start):
                return True
            if not is_end and self._may_open(start) and len(blanks) < _BLANK_CHARS:
                return False
        self._state = _ThoughtState.TEXT
        return True

    def _opens(self, body: str, start: str) -> bool:
        for mark in _LONE:
            if start.startswith(_lower(mark)):
                return self._enter(_ThoughtState.START, body[len(mark) :])
        if self._is_split_by_server:
            return False
        for marks in _MARKS:
            if start.startswith(_lower(marks.opens)):
                self._closes, self._is_thought = marks.closes, True
                return self._enter(_ThoughtState.THOUGHT, body[len(marks.opens) :])
        for mark in _ANSWER_OPENS:
            if start.startswith(_lower(mark)):
                self._ends = _ANSWER_CLOSES
                return self._enter(_ThoughtState.TEXT, body[len(mark) :])
        return self._opens_channel(body)

    def _opens_channel(self, body: str) -> bool:
        header = _HEADER.match(body[:_HEADER_CHARS])
        if header is None:
            return False
        # A call of a tool is no answer, whatever its channel.
        self._is_thought = header[1] == "analysis" or " to=" in header[0]
        self._closes, self._ends = _CHANNEL_CLOSES, _FINAL_CLOSES
        state = _ThoughtState.TEXT if header[1] == "final" else _ThoughtState.CHANNEL
        return self._enter(state, body[header.end() :])

    def _may_open(self, start: str) -> bool:
        if self._is_split_by_server:
            return any(_lower(mark).startswith(start) for mark in _LONE)
        if len(start) < _HEADER_CHARS and start.startswith(_CHANNEL_OPENS):
            return True
        return any(_lower(mark).startswith(start) for mark in _AT_START)

    def _enter(self, state: _ThoughtState, rest: str) -> bool:
        self._state, self._held = state, rest
        self.has_marks = self._is_trimming = True
        return True

    def _step_inside(self, *, is_end: bool) -> bool:
        """Look for the end of a thought, or of a message of gpt-oss."""
        track = self._thoughts if self._is_thought else self._text
        at, close = _first(self._held, self._closes)
        if not close:
            end = _safe_end(self._held, self._closes, is_end=is_end)
            return track.add(self._pass(end))
        after = self._held[at + len(close) :]
        is_quoted = _is_one_of(self._held[at - 1 : at] or self._last, _QUOTES)
        if is_quoted and not after and not is_end:
            return track.add(self._pass(at))
        if is_quoted and _is_one_of(after[:1], _QUOTES) and self._may_be_mention():
            return track.add(self._pass(at + len(close)))
        track.add(self._pass(at))
        track.separate()
        return self._enter(
            _ThoughtState.START, close + after if close == _START else after
        )

    def _step_text(self, *, is_end: bool) -> bool:
        marks = (*(_LONE if self._looks_for_close() else ()), *self._ends)
        at, close = _first(self._held, marks)
        if not close:
            return self._say(_safe_end(self._held, marks, is_end=is_end))
        after = self._held[at + len(close) :]
        is_last = not after.strip() and len(after) < _BLANK_CHARS
        if not is_end and (not after or (close in self._ends and is_last)):
            # What follows tells what it is.
            self._say(at)
            return False
        if close in self._ends:
            return self._end_text(at, close, is_last=is_last)
        said = "".join((*self._said, self._held[:at]))
        if _is_mention(said, close, after[:1]):
            self._mentions += 1
            return self._say(at + len(close))
        return self._move_to_thoughts(at, after)

    def _end_text(self, at: int, close: str, *, is_last: bool) -> bool:
        if is_last:
            self._held, self._ends = self._held[:at], ()
            return True
        self._ends = self._ends if self._may_be_mention() else ()
        return self._say(at + len(close))

    def _may_be_mention(self) -> bool:
        self._mentions += 1
        return self._mentions < _MENTIONS

    def _looks_for_close(self) -> bool:
        is_late = self._mentions >= _MENTIONS or self._said_chars > _LONE_CLOSE_CHARS
        return not (self.has_marks or self._is_split_by_server or is_late)

    def _move_to_thoughts(self, at: int, after: str) -> bool:
        # What this very piece gave as text goes over directly.
        fresh = self._text.take()
        self._moved = self._said_chars - len(fresh)
        self._thoughts.add(fresh + self._held[:at])
        self._thoughts.separate(is_begun=True)
        self._said.clear()
        return self._enter(_ThoughtState.START, after)

    def _say(self, end: int) -> bool:
        text = self._pass(end)
        if self._looks_for_close():
            self._said.append(text)
            self._said_chars += len(text)
        return self._text.add(text)

    def _pass(self, end: int) -> str:
        passed, self._held = self._held[:end], self._held[end:]
        self._last = passed[-1:] or self._last
        return passed


class _Track:
    """Collects the text, or the thoughts, with an empty line between two of them."""

    def __init__(self) -> None:
        self._new: list[str] = []
        self._is_begun = False
        self._is_apart = False

    def add(self, text: str) -> bool:
        if text and self._is_apart and self._is_begun:
            self._new.append("\n\n")
        if text:
            self._new.append(text)
            self._is_apart = False
            self._is_begun = True
        return bool(text)

    def separate(self, *, is_begun: bool = False) -> None:
        self._is_apart = True
        self._is_begun = self._is_begun or is_begun

    def take(self) -> str:
        new = "".join(self._new)
        self._new.clear()
        return new


@cache
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)), re.IGNORECASE | re.ASCII)


def _first(text: str, marks: tuple[str, ...]) -> tuple[int, str]:
    """Return where the first of the marks stands, and which; -1 and none for none."""
    found = _pattern(marks).search(text) if marks else None
    if found is None:
        return -1, ""
    close = next(mark for mark in marks if _lower(mark) == _lower(found[0]))
    return found.start(), close


def _safe_end(text: str, marks: tuple[str, ...], *, is_end: bool) -> int:
    """Return up to where no beginning of a mark stands at the end of the text."""
    longest = max(map(len, marks), default=1) - 1
    for start in range(max(0, len(text) - longest), len(text)):
        rest = _lower(text[start:])
        if not is_end and any(_lower(mark).startswith(rest) for mark in marks):
            return start
    return len(text)


def _lower(text: str) -> str:
    """Lower ASCII letters only, so that no position moves."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def _is_one_of(letter: str, letters: str) -> bool:
    return bool(letter) and letter in letters


def _is_code_indent(blanks: str) -> bool:
    return "\t" in blanks or len(blanks) >= _CODE_INDENT


def _is_mention(said: str, close: str, after: str) -> bool:
    """Whether a closing mark without an opening one is only spoken of."""
    before = said[-1:]
    if _is_one_of(before, _QUOTES) and _is_one_of(after, _QUOTES):
        return True
    if _is_one_of(before, " \t") and not _is_one_of(after, "\r\n"):
        return True
    return _lower(close.replace("/", "")) in _lower(said) or _is_in_code(said)


def _is_in_code(said: str) -> bool:
    """Whether what follows this text would be code in Markdown."""
    fence, paragraph = "", list[str]()
    for line in said.split("\n"):
        found = _FENCE.match(line)
        if fence:
            closes = found and found[1].startswith(fence) and line.endswith(found[1])
            fence = "" if closes else fence
        elif found:
            fence = found[1]
        elif line.strip():
            paragraph.append(line)
        if found or not line.strip():
            paragraph.clear()
    last = said.rpartition("\n")[2]
    is_indented = not last.strip() and _is_code_indent(last)
    return bool(fence) or is_indented or _has_open_ticks("\n".join(paragraph))


def _has_open_ticks(paragraph: str) -> bool:
    ticks = 0
    for run in _TICKS.findall(paragraph):
        if not ticks:
            ticks = len(run)
        elif len(run) == ticks:
            ticks = 0
    return bool(ticks)
