"""Measures the exchange between computers: the first one, each after it, and none.

The first one is of 100,000 messages, or of as many as `--messages` says: a million
takes more than ten times as long. Beside the server stands a folder, and beside a
computer that exchanges one that does not.
"""

import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from pyvirtualdisplay.display import Display

from backend.ids import new_id
from backend.services.sync.pace import SOON_S
from backend.store.conversations import ConversationStore
from backend.store.models import Message
from backend.store.notes import NoteStore
from backend.sync.group import SyncGroup
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.tables import COUNT, MB, MS, PERCENT, Line, Series, Table
from tests.helpers.paired import pair, send, wait_for
from tests.helpers.sidecar import Sidecar
from tests.helpers.sqld import Sqld
from tests.helpers.synced import Computer, carry, grouped, state_of
from tests.helpers.window import Window

MESSAGES: Final = 100_000
SEEN_MS: Final = 1_500.0
COMMIT_RATIO: Final = 1.1
_EACH: Final = 100
_LOOKS: Final = 200
_COMMITS: Final = 400
_SEEN: Final = 20
_A_TIME: Final = 5_000
_NONE: Final = "not compared"


@dataclass(slots=True)
class Costs:
    """What one side of an exchange needed.

    Attributes:
        memory: The most its process had, in MB; of both sides, as they share it.
    """

    seconds: float = 0.0
    processor: float = 0.0
    memory: float = 0.0

    def add(self, action: Callable[[], object]) -> None:
        """Do something, and count what it needs."""
        begun, used = time.perf_counter(), time.process_time()
        action()
        self.seconds += time.perf_counter() - begun
        self.processor += time.process_time() - used
        resident = psutil.Process(os.getpid()).memory_info().rss / 2**20
        self.memory = max(self.memory, resident)


@dataclass(slots=True)
class Exchanged:
    """What was measured over one kind of place."""

    sent: Costs
    received: Costs
    sends: Series
    receives: Series
    looks: Series


def measure(messages: int = MESSAGES) -> Table:
    """Measure all of it."""
    with tempfile.TemporaryDirectory() as folder, Sqld(Path(folder)) as sqld:
        filled = Path(folder) / "filled.db"
        server = _exchange(Path(folder) / "server", messages, filled, sqld.url)
        place = _exchange(Path(folder) / "folder", messages, filled)
        lines = [
            *_first(messages, server, place),
            _line("one change is sent", MS, server.sends, place.sends),
            _line("one change is received", MS, server.receives, place.receives),
            _idle(server, place),
            _commits(Path(folder) / "commits"),
        ]
    lines.append(_seen())
    return Table(f"Exchange of {messages:,} messages, and each after it", lines)


def _first(messages: int, server: Exchanged, place: Exchanged) -> Iterator[Line]:
    sides = {
        "sent": (server.sent, place.sent),
        "received": (server.received, place.received),
    }
    for what, (one, other) in sides.items():
        rates = (messages / one.seconds, messages / other.seconds)
        yield _pair(f"changes {what} in a second", COUNT, *rates)
        parts = (100 * costs.processor / costs.seconds for costs in (one, other))
        yield _pair(f"processor while they are {what}", PERCENT, *parts)
        yield _pair(f"memory while they are {what}", MB, one.memory, other.memory)


def _exchange(home: Path, messages: int, filled: Path, url: str = "") -> Exchanged:
    a, b = grouped(home, ["a", "b"], url)
    with ExitStack() as stack:
        stack.callback(a.close)
        stack.callback(b.close)
        if filled.exists():
            _take_over(a, filled)
        else:
            _fill(a, messages)
            a.database.checkpoint()
            shutil.copy(a.database.path, filled)
        done = Exchanged(Costs(), Costs(), *(Series(_name(url)) for _ in range(3)))
        _backfill(a, b, done)
        for number in range(_EACH):
            NoteStore(a.database).create(f"{number}", "A sentence that was saved.")
            done.sends.values.append(_timed(a.sync))
            _carried(a, b)
            done.receives.values.append(_timed(b.sync))
        while b.sync() or a.sync():
            _carried(a, b)
        for _ in range(_LOOKS):
            used = time.process_time()
            b.sync()
            done.looks.values.append(time.process_time() - used)
        return done


def _backfill(a: Computer, b: Computer, done: Exchanged) -> None:
    a.start_again()
    moved = [True, True]
    while any(moved):
        done.sent.add(lambda: moved.__setitem__(0, a.sync()))
        _carried(a, b)
        done.received.add(lambda: moved.__setitem__(1, b.sync()))


def _fill(computer: Computer, messages: int) -> None:
    corpus = Corpus()
    talks = ConversationStore(computer.database)
    for begin in range(0, messages, _A_TIME):
        talk = talks.create(title=corpus.sentence(5)).id
        with computer.database.write() as session:
            session.add_all(
                Message(
                    conversation_id=talk,
                    role="assistant" if number % 2 else "user",
                    text=corpus.sentence(35 if number % 2 else 9),
                )
                for number in range(min(_A_TIME, messages - begin))
            )
        sys.stderr.write(f"the exchange's benchmark: {begin} of {messages} messages\n")


def _take_over(computer: Computer, filled: Path) -> None:
    """Let a computer have what was filled for another one: it takes long."""
    group = SyncGroup.from_json(state_of(computer).group)
    computer.close()
    shutil.copy(filled, computer.database.path)
    computer.open()
    computer.leave()
    computer.join(group)


def _carried(giver: Computer, taker: Computer) -> None:
    if not giver.server:
        carry(giver, taker)
    taker.rounds.look_again()


def _idle(server: Exchanged, place: Exchanged) -> Line:
    """Tell how much of a core it takes to look in vain, as often as when all is new."""
    parts = [
        Series(one.looks.name, [100 * spent / SOON_S for spent in one.looks.values])
        for one in (server, place)
    ]
    return _line("processor while nothing is new", PERCENT, *parts)


def _commits(home: Path) -> Line:
    """Tell what the exchange adds to a commit: they take turns."""
    alone, together = grouped(home, ["a", "b"])
    alone.store.forget()
    series = Series("exchanging"), Series("alone")
    sides = list(zip((together, alone), series, strict=True))
    notes = [NoteStore(one.database).create("T", "").id for one, _ in sides]
    for number in range(_COMMITS):
        for (one, spent), note in zip(sides, notes, strict=True):
            store, body = NoteStore(one.database), f"A sentence, {number}."
            spent.values.append(_timed(lambda: store.save(note, body)))  # noqa: B023 called at once
        if number % _EACH == 0:
            together.sync(3)
    for one, _ in sides:
        one.close()
    return Line(
        what="a note is saved",
        unit=MS,
        hearth=series[0],
        peer=series[1],
        ratio_aim=COMMIT_RATIO,
    )


def _seen() -> Line:
    """Tell how soon a sentence saved here is seen in a window elsewhere."""
    spent = Series("elsewhere")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Sqld(home))
        a = stack.enter_context(Sidecar.start(home / "a"))
        with Sidecar.start(home / "b") as b:
            for one in (a, b):
                one.wait_for_database()
            pair(a, b, server)
            wait_for(b, "/devices/state", "other-devices-heading")
        stack.enter_context(Display(size=(1440, 1000)))
        window = stack.enter_context(Window.start(home / "b"))
        window.go("/notes")
        for number in itertools.count():
            words = f"Sentence number {number}."
            send(a, "PUT", f"/notes/{new_id()}", body=words)
            # What is typed is saved after a pause, or by whoever looks at the list.
            begun = time.perf_counter()
            a.get("/notes")
            window.wait_for(f"document.body.innerText.includes('{words}')")
            if number:  # the first one comes with the window's beginning
                spent.values.append(1_000 * (time.perf_counter() - begun))
            if len(spent.values) == _SEEN:
                break
    none = Series(_NONE, [0.0])
    return Line(
        what="from saved here to seen in a window elsewhere, over a server",
        unit=MS,
        hearth=spent,
        peer=none,
        aim=SEEN_MS,
    )


def _timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return 1_000 * (time.perf_counter() - begun)


def _name(url: str) -> str:
    return "over a server" if url else "over a folder"


def _pair(what: str, unit: str, one: float, other: float) -> Line:
    return _line(what, unit, _one("over a server", one), _one("over a folder", other))


def _one(name: str, value: float) -> Series:
    return Series(name, [value])


def _line(what: str, unit: str, one: Series, other: Series) -> Line:
    return Line(what=what, unit=unit, hearth=one, peer=other)
