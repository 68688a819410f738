"""Computers that share a folder, each with a copy of it, as programs that sync do."""

import contextlib
import functools
import itertools
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import event

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.services.sync.beginning import new_state, telling_all
from backend.services.sync.joining import Pairing
from backend.services.sync.pairing_moment import SyncMoment
from backend.services.sync.places import SyncPlace
from backend.services.sync.rounds import SyncRounds
from backend.store.clock import HybridClock
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.notes import NoteStore
from backend.store.sync.state import SyncState
from backend.store.sync.sync import SyncStore
from backend.sync.folder import ROOT
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.transport import Exchanged, Transport

OFTEN = 1_000_000
"""In random runs all is told again as often as chance wants."""
ZERO = f"{0:016x}-begin"


class Crash(Exception):  # noqa: N818 what happens, as a test says it
    """The process ends here."""


class SkewedClock(HybridClock):
    """Runs ahead or behind, and can end the process when something has come."""

    skew_ms = 0
    crashes = False

    def read(self) -> str:
        ahead = now_ms() + self.skew_ms
        self.not_before(f"{max(ahead, 0) << 16:016x}")
        return super().read()

    def not_before(self, reading: str) -> None:
        super().not_before(reading)
        if self.crashes and "-" in reading:
            raise Crash


@dataclass
class Unsteady:
    """A place after whose exchange the process may end."""

    inner: Transport
    crashes: bool = False
    repeats: bool = False

    def exchange(
        self,
        stream: str,
        records: Sequence[tuple[int, bytes]],
        known: Mapping[str, int | None],
    ) -> Exchanged:
        done = self.inner.exchange(stream, records, known)
        if self.repeats:
            self.inner.exchange(stream, records, known)
        if self.crashes:
            raise Crash
        return done

    def begin(self) -> None:
        self.inner.begin()

    def heads(self) -> Mapping[str, bytes]:
        return self.inner.heads()

    def files(self) -> Set[str]:
        return self.inner.files()

    def pieces(self, name: str) -> Mapping[int, int]:
        return self.inner.pieces(name)

    def put_piece(self, name: str, number: int, count: int, data: bytes) -> None:
        self.inner.put_piece(name, number, count, data)

    def get_piece(self, name: str, number: int) -> bytes | None:
        return self.inner.get_piece(name, number)

    def drop_file(self, name: str) -> None:
        self.inner.drop_file(name)

    def rewrite(self, stream: str, n: int, change: Callable[[bytes], bytes]) -> None:
        self.inner.rewrite(stream, n, change)

    def drop_stream(self, stream: str) -> None:
        self.inner.drop_stream(stream)

    def leave(self, name: str, data: bytes) -> None:
        self.inner.leave(name, data)

    def take(self, name: str) -> bytes | None:
        return self.inner.take(name)

    def drop(self, name: str) -> None:
        self.inner.drop(name)

    def close(self) -> None:
        self.inner.close()


@dataclass
class Computer:
    """One of them, in a folder of its own."""

    home: Path
    own: OwnKeys = field(default_factory=OwnKeys.make)
    server: str = ""

    def __post_init__(self) -> None:
        self.shared = self.home / "shared"
        self.shared.mkdir(parents=True, exist_ok=True)
        self.skew_ms = 0
        self.open()

    def open(self) -> None:
        self.database = Database.open(self.home / "data" / "hearth.db")
        kept = self.database.clock
        self.clock = SkewedClock(kept.device_id, kept.read())
        self.clock.skew_ms = self.skew_ms
        self.database.clock = self.clock
        self.store = SyncStore(self.database)
        self.transport: Unsteady | None = None
        self.rounds = SyncRounds(self.store, self.carrier, self.forget, OFTEN)

    def carrier(self, state: SyncState) -> Unsteady:
        if self.transport is None:
            group = SyncGroup.from_json(state.group)
            inner = SyncPlace(state.folder, state.server).transport(group.id)
            inner.begin()
            self.transport = Unsteady(inner)
        return self.transport

    def join(self, group: SyncGroup, authors: Sequence[str] = ()) -> None:
        device_id = self.database.clock.device_id
        folder = "" if self.server else str(self.shared)
        state = new_state(folder, group, self.own, device_id, self.server)
        state = replace(state, authors=list(authors) or state.authors)
        self.store.keep(telling_all(self.store, state))

    def start_again(self) -> None:
        """Begin to exchange now, with what is there."""
        self.join(SyncGroup.from_json(state_of(self).group))

    def let_go(self) -> None:
        """Let go of what carries records; the next round begins there anew."""
        if self.transport:
            self.transport.close()
        self.transport = None

    def leave(self) -> None:
        """Exchange nothing from now on."""
        self.let_go()
        self.store.forget()
        self.rounds = SyncRounds(self.store, self.carrier, self.forget)

    def die_at(self, number: int) -> None:
        """End the process at one of its next commits: right before or after it."""
        commits = itertools.count()
        watch = self.database._watch

        def before(_connection: object) -> None:
            if next(commits) == number // 2:
                if number % 2:
                    raise Crash
                watch.committed = after  # type: ignore[method-assign, assignment]

        def after(_latest: int) -> None:
            raise Crash

        event.listen(self.database._engine, "commit", before)

    def forget(self, rows: Sequence[tuple[str, str]]) -> None:
        ChangeStore(self.database).forget_all(rows, is_shared=False)

    def sync(self, times: int = 1) -> bool:
        """Do rounds while there is more to do; return whether there was any."""
        done = [self.rounds.round()]
        while done[-1] and len(done) < times:
            done.append(self.rounds.round())
        return done[0]

    def close(self) -> None:
        if self.transport:
            self.transport.close()
        self.database.close()


@functools.cache
def empty_database() -> bytes:
    """Return a database without rows: making one takes longer than copying it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "data" / "hearth.db")
        database.checkpoint()
        database.close()
        return database.path.read_bytes()


def grouped(home: Path, names: Sequence[str], server: str = "") -> list[Computer]:
    """Return computers that trust each other, over copies of a folder or a server."""
    for name in names:
        (home / name / "data").mkdir(parents=True)
        (home / name / "data" / "hearth.db").write_bytes(empty_database())
    all_ = [Computer(home / name, server=server) for name in names]
    members = [one.own.as_member(name) for one, name in zip(all_, names, strict=True)]
    group = SyncGroup.found(members[0], ZERO)
    for member in members[1:]:
        group = group.with_member(member)
    for one in all_:
        one.join(group)
    return all_


def files_of(computer: Computer) -> list[Path]:
    """Return what its copy of the folder has, below it."""
    top = computer.shared / ROOT
    found = [path for path in sorted(top.rglob("*")) if path.is_file()]
    return [path.relative_to(computer.shared) for path in found]


def carry(
    giver: Computer, taker: Computer, chance: random.Random | None = None
) -> None:
    """Copy what one wrote to another's copy of the folder, well or badly."""
    state = taker.store.state()
    mine = state.stream if state else ""
    for name in files_of(giver):
        target = taker.shared / name
        if name.parent.name == mine or (chance and chance.random() < 0.2):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (giver.shared / name).read_bytes()
        if chance and chance.random() < 0.2:
            data = data[: chance.randrange(len(data) + 1)]
        if target.exists() and len(target.read_bytes()) > len(data):
            continue  # what it has is newer
        if chance and chance.random() < 0.1:
            copy = f"{name.stem}.sync-conflict-20261126-{chance.randrange(99)}.hs"
            target.with_name(copy).write_bytes(data)
        target.write_bytes(data)


def carry_all(computers: Sequence[Computer]) -> None:
    """Let every copy of the folder have everything."""
    for giver in computers:
        for taker in computers:
            if giver is not taker:
                carry(giver, taker)


def settle(computers: Sequence[Computer]) -> None:
    """Do rounds until nothing moves any more."""
    for _ in range(100):
        carry_all(computers)
        for one in computers:
            one.rounds.look_again()
        moved = [one.sync() for one in computers]
        if not any(moved):
            return
    raise AssertionError("never at rest")


def opened(home: Path, url: str = "") -> Iterator[list[Computer]]:
    """Yield three computers of one group that know each other, and close them."""
    all_ = grouped(home, ["a", "b", "c"], url)
    settle(all_)
    yield all_
    for one in all_:
        one.close()


def state_of(computer: Computer) -> SyncState:
    """Return how a computer's exchange stands; it takes part in one."""
    state = computer.store.state()
    assert state
    return state


def write(computer: Computer, title: str) -> None:
    """Write a note."""
    NoteStore(computer.database).create(title, "")


def titles(computer: Computer) -> set[str]:
    """Return the titles of the notes on a computer."""
    return {note.title for note in NoteStore(computer.database).page(limit=1_000)}


def copied(original: Computer, *, is_apart: bool = False) -> Computer:
    """Return a computer with all that another one has, as a copied folder gives it.

    Args:
        original: The other one.
        is_apart: It has a copy of the shared folder of its own.
    """
    original.close()
    home = original.home.with_name("copy")
    shutil.copytree(original.home, home)
    original.open()
    copy = Computer(home, original.own, original.server)
    if is_apart and not original.server:
        copy.store.keep(replace(state_of(copy), folder=str(copy.shared)))
    else:
        copy.shared = original.shared
    return copy


def empty_folder(computer: Computer) -> None:
    shutil.rmtree(computer.shared / ROOT, ignore_errors=True)


def remove(computer: Computer, other: Computer) -> None:
    """Let one remove another one, unless that was done."""
    tokens: Any = None  # none is asked for
    pairing = Pairing(computer.store, tokens, SyncMoment(), "", time.monotonic)
    with contextlib.suppress(NotFoundError):
        name = other.own.as_member("").id
        computer.store.keep(pairing.remove(state_of(computer), name))
