"""Three computers and a person who goes from one to the other; what must be then."""

import contextlib
import json
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from backend.sqlite.folding import indexed
from backend.store.database import Database
from backend.store.messages import MessageStore
from backend.store.models import LOGGED, Searched
from backend.store.states.message_state import MessageState
from backend.store.sync.travelling import TRAVELS, Fields, leaving
from tests.helpers.sqld import Sqld
from tests.helpers.store_actor import (
    ACTS,
    FORGETTABLE,
    Actor,
    check_index,
    check_paths,
    contents,
)
from tests.helpers.synced import Computer, Crash, carry, files_of, grouped, settle

CANARY = "kanarienvogel"
OWN = ("setting",)  # settings stay here
EVENTS = ("sync", "sync", "sync", "carry", "carry", "crash", "half", "reopen")
OFTEN = ("exchange", "finish", "save_note", "rename", "edit")
DAMAGE = ("lose", "copy", "set_back")
CROSSED = {"conversation": "exchange", "message": "edit", "note": "save_note"}
"""How one goes on with what another deletes for good."""
Step = tuple[str, int, int, str]


class Desk:
    """Three computers, and a person who goes from one to the other."""

    def __init__(
        self, home: Path, chance: random.Random, damage: str, server: Sqld | None = None
    ) -> None:
        self.server = server
        url = server.url if server else ""
        self.computers = grouped(home, ["a", "b", "c"], url)
        self.chance, self.damage = chance, damage
        self.rows: dict[str, list[str]] = {
            table: [] for table in ("conversation", "message", "note")
        }
        self.actors = [Actor(one.database, self.rows) for one in self.computers]
        for actor in self.actors:
            for name in ("create", "exchange", "note"):
                actor.act((name, 0, CANARY))
        for which, one in enumerate(self.computers):
            one.sync()
            self.do_damage("copy", one, which)
        self.computers[1].skew_ms = self.computers[1].clock.skew_ms = chance.choice(
            [0, 3_600_000, -3_600_000]
        )

    def step(self, step: Step) -> None:
        name, which, number, text = step
        one = self.computers[which]
        if name in ACTS:
            self.actors[which].act((name, number, f"{text}{CANARY}"))
        elif name == "cross":
            self.cross(which, number, f"{text}{CANARY}")
        elif name == "carry":
            carry(self.chance.choice(self.computers), one, self.chance)
        elif name in DAMAGE and self.server and self.damage == "folder":
            self.damage_server(name)
        elif name in DAMAGE:
            self.do_damage(name, one, which)
        else:
            self.sync(name, one, which)

    def cross(self, which: int, number: int, text: str) -> None:
        """Let one delete for good what another goes on with, before either hears."""
        other = self.actors[(which + 1 + self.chance.randrange(2)) % 3]
        table = FORGETTABLE[number % len(FORGETTABLE)]
        self.actors[which].act(("forget", number, text))
        other.act((CROSSED[table], number, text))

    def sync(self, name: str, one: Computer, which: int) -> None:
        state = one.store.state()
        assert state
        one.carrier(state).crashes = name == "crash"
        one.clock.crashes = name == "half"
        with contextlib.suppress(Crash):
            one.sync()
        one.carrier(state).crashes = one.clock.crashes = False
        if name == "reopen":
            self.reopen(one, which)

    def do_damage(self, name: str, one: Computer, which: int) -> None:
        """Let the folder lose files, or a computer go back to an earlier state."""
        path = one.database.path
        kept = path.with_suffix(".kept")
        if name == "lose" and self.damage == "folder":
            for file in files_of(one):
                if self.chance.random() < 0.5:
                    for other in self.computers:
                        (other.shared / file).unlink(missing_ok=True)
        elif name == "copy" and self.damage == "computer":
            one.database.checkpoint()
            shutil.copy(path, kept)
        elif name == "set_back" and self.damage == "computer" and kept.exists():
            one.close()
            shutil.copy(kept, path)
            for end in ("-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
            one.open()
            self.actors[which] = Actor(one.database, self.rows)

    def damage_server(self, name: str) -> None:
        """Let the server go back to an earlier state, or to none."""
        assert self.server
        if name == "copy":
            self.server.keep_copy()
        elif name == "set_back":
            self.server.set_back()

    def reopen(self, one: Computer, which: int) -> None:
        one.close()
        one.open()
        self.actors[which] = Actor(one.database, self.rows)

    def end_answers(self) -> None:
        for one in self.computers:
            MessageStore(one.database).interrupt_open()


def log_of(database: Database) -> dict[str, tuple[str, str, Fields]]:
    """Return what travels of a change log, by the clock."""
    with database.read() as session:
        found = session.connection().exec_driver_sql(
            "select hlc, table_name, row_id, after from change"
        )
        rows = found.all()
        assert len({row[0] for row in rows}) == len(rows)
        return {
            hlc: (table, row_id, leaving(table, json.loads(after)))
            for hlc, table, row_id, after in rows
            if table in TRAVELS and table != "setting"
        }


def check(computers: Sequence[Computer]) -> None:
    """See that every computer has what all changes come to, and their history."""
    logs = [log_of(one.database) for one in computers]
    everything = {hlc: op for log in logs for hlc, op in log.items()}
    expected: dict[str, dict[str, Fields]] = {table: {} for table in TRAVELS}
    for hlc in sorted(everything):
        table, row_id, fields = everything[hlc]
        expected[table].setdefault(row_id, {"id": row_id}).update(fields)
    for one, log in zip(computers, logs, strict=True):
        assert log.keys() == everything.keys(), one.home.name
        there = contents(one.database)
        for table, rows in expected.items():
            if table == "setting":
                continue
            shown = {
                str(row["id"]): {k: row[k] for k in rows[str(row["id"])]}
                for row in there[table]
            }
            assert shown == rows, (one.home.name, table)
        for table in ("note", "message", "conversation"):
            for row in there[table]:
                searched = LOGGED[table](**row)  # type: ignore[arg-type]  # as it is
                assert isinstance(searched, Searched)
                assert row["folded"] == indexed(searched.searched_text()), table
        check_index(one.database)
        check_paths(one.database)


def check_sealed(computers: Sequence[Computer]) -> None:
    """See that no word can be read in the folder."""
    for one in computers:
        for file in files_of(one):
            assert CANARY.encode() not in (one.shared / file).read_bytes()


NAMES = [
    *sorted(ACTS.keys() - set(OWN)),
    *(*OFTEN * 2, *EVENTS * 2, *DAMAGE * 2, *["cross"] * 4),
]
"""What may happen, by chance."""


def random_steps(chance: random.Random) -> list[Step]:
    """Return what happens in one run."""
    return [
        (
            chance.choice(NAMES),
            chance.randrange(3),
            chance.randrange(9),
            chance.choice(["", "a", "é", "漢字"]),
        )
        for _ in range(chance.randrange(20, 41))
    ]


def run(
    steps: Sequence[Step], seed: int, damage: str, server: Sqld | None = None
) -> int:
    """Let all of it happen; see that all came to the same. Return how many changes."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), random.Random(seed), damage, server)
        try:
            for step in steps:
                desk.step(step)
            if not server:
                check_not_streaming(desk.computers)
            desk.end_answers()
            settle(desk.computers)
            check(desk.computers)
            check_sealed(desk.computers)
            for file in server.files() if server else ():
                assert CANARY.encode() not in file.read_bytes()
            return len(log_of(desk.computers[0].database))
        finally:
            for one in desk.computers:
                one.close()


def check_not_streaming(computers: Sequence[Computer]) -> None:
    """See that no computer has the beginning of an answer that another one writes."""
    assert not [
        row["id"]
        for one in computers
        for row in contents(one.database)["message"]
        if row["state"] is MessageState.STREAMING and row["id"] not in own_rows(one)
    ]


def own_rows(one: Computer) -> set[str]:
    """Return the rows this computer changed itself."""
    with one.database.read() as session:
        found = session.connection().exec_driver_sql(
            "select distinct row_id from change where device_id like ?",
            (f"{one.store.device_id}%",),
        )
        return {row_id for (row_id,) in found}
