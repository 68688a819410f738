"""Three computers and a person who goes from one to the other; what must be then."""

import contextlib
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from backend.ids import new_id, now_ms
from backend.store.change_log import Fields
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.records import RecordKind
from tests.helpers.sqld import Sqld
from tests.helpers.store_actor import ACTS, FORGETTABLE, Actor
from tests.helpers.sync_checks import (
    CANARY,
    check,
    check_not_streaming,
    check_sealed,
    log_of,
)
from tests.helpers.synced import (
    Crash,
    carry,
    empty_folder,
    files_of,
    grouped,
    remove,
    settle,
    state_of,
)

OWN = ("setting",)  # settings stay here
OFTEN = ("exchange", "finish", "save_note", "rename", "edit")
CROSSED = {"conversation": "exchange", "message": "edit", "note": "save_note"}
"""How one goes on with what another deletes for good."""
MINUTE_MS = 60_000
CLOCKS_MS = [0, *(sign * n * MINUTE_MS for n in (1, 60, 1_200) for sign in (1, -1))]
"""How wrong a clock may be: less than a day, after which it is no longer believed."""
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
        self.removed: int | None = None
        self.is_purged = False
        self.imports: list[tuple[int, str]] = []
        self.actors = [Actor(one.database, self.rows) for one in self.computers]
        for actor in self.actors:
            for name in ("create", "exchange", "note"):
                actor.act((name, 0, CANARY))
        for which, one in enumerate(self.computers):
            one.sync()
            self.keep_copy(which)

    def step(self, step: Step) -> None:
        name, which, number, text = step
        if name in ACTS:
            self.actors[which].act((name, number, f"{text}{CANARY}"))
        else:
            HAPPENS[name](self, which, number)

    def end(self) -> None:
        """Let all end that is under way, and all come to rest."""
        for one in self.computers:
            MessageStore(one.database).interrupt_open()
        settle(self.computers)
        for which in range(3):
            self.rejoin(which)
        settle(self.computers)
        if self.is_purged:
            # Each does so by itself: what is in the trash is so on all, or on none.
            for which in range(3):
                self.purge(which)
            settle(self.computers)
        # After 30 days nothing is left of rows that are nowhere.
        for one in self.computers:
            ChangeStore(one.database).drop_unmade(now_ms() + 1)
        settle(self.computers)

    def cross(self, which: int, number: int) -> None:
        """Let one delete for good what another goes on with, before either hears."""
        other = self.actors[(which + 1 + self.chance.randrange(2)) % 3]
        table = FORGETTABLE[number % len(FORGETTABLE)]
        self.actors[which].act(("forget", number, CANARY))
        other.act((CROSSED[table], number, CANARY))

    def bring_in(self, which: int, number: int) -> None:
        """Import a file, which may be imported on another one too, or be longer."""
        store = ImportStore(self.computers[which].database)
        rows = imported(number % 3, 1 + number // 3)
        run = store.begin(new_id(), "file.json", "ChatGPT")
        store.add(run.id, rows)
        store.end(run.id, "done", "")
        self.imports.append((which, run.id))
        for table, fields in rows:
            if fields["id"] not in self.rows[table]:
                self.rows[table].append(str(fields["id"]))

    def bring_back(self, which: int, number: int) -> None:
        """Take an import back, where it was done."""
        if self.imports:
            which, run_id = self.imports[number % len(self.imports)]
            store = ImportStore(self.computers[which].database)
            store.revert(run_id, store.new_undo())

    def purge(self, which: int, _number: int = 0) -> None:
        """Let 30 days pass for what is in the trash of one."""
        self.is_purged = True
        database = self.computers[which].database
        while expired := TrashStore(database).expired(now_ms() + 1):
            ChangeStore(database).forget_all(expired, is_shared=False)
        ChangeStore(database).drop_unmade(now_ms() + 1)

    def rotate(self, which: int, _number: int) -> None:
        """Let there be another key."""
        one = self.computers[which]
        state = state_of(one)
        if not state.is_removed:
            group = SyncGroup.from_json(state.group).rotated(one.store.reading())
            controls = [*state.controls, (RecordKind.KEYS, group.keys_payload())]
            one.store.keep(replace(state, group=group.to_json(), controls=controls))

    def remove(self, which: int, number: int) -> None:
        """Let one remove another one, which may join again later.

        Two that remove each other are two groups from then on: that does not happen.
        """
        if self.removed is None:
            self.removed = (which + 1 + number % 2) % 3
            remove(self.computers[which], self.computers[self.removed])

    def rejoin(self, which: int, _number: int = 0) -> None:
        """Let one that knows that it was removed be let in as another one."""
        one = self.computers[which]
        if not state_of(one).is_removed:
            return
        host = self.chance.choice([two for two in self.computers if two is not one])
        self.removed = None
        authors = state_of(one).authors
        one.own = OwnKeys.make()
        member = one.own.as_member(one.home.name)
        state = state_of(host)
        group = SyncGroup.from_json(state.group).with_member(member)
        controls = [*state.controls, (RecordKind.CONTROL, group.members_payload())]
        host.store.keep(replace(state, group=group.to_json(), controls=controls))
        one.leave()
        one.join(group, authors)

    def carry(self, which: int, _number: int) -> None:
        carry(self.chance.choice(self.computers), self.computers[which], self.chance)

    def sync(self, which: int, _number: int) -> None:
        with contextlib.suppress(Crash):
            self.computers[which].sync()

    def lose_answer(self, which: int, _number: int) -> None:
        """Let what was said to one get lost on the way."""
        one = self.computers[which]
        carrier = one.carrier(state_of(one))
        carrier.crashes = True
        self.sync(which, 0)
        carrier.crashes = False

    def repeat(self, which: int, _number: int) -> None:
        """Let all that one says be heard twice."""
        one = self.computers[which]
        carrier = one.carrier(state_of(one))
        carrier.repeats = True
        self.sync(which, 0)
        carrier.repeats = False

    def half(self, which: int, _number: int) -> None:
        """Let one fail while it takes in what came."""
        clock = self.computers[which].clock
        clock.crashes = True
        self.sync(which, 0)
        clock.crashes = False

    def die(self, which: int, number: int) -> None:
        """Kill one before or after a commit of the exchange, and start it again."""
        one = self.computers[which]
        one.die_at(number)
        with contextlib.suppress(Crash):
            one.sync(4)
        self.reopen(which)

    def reopen(self, which: int, _number: int = 0) -> None:
        one = self.computers[which]
        one.close()
        one.open()
        self.actors[which] = Actor(one.database, self.rows)

    def set_clock(self, which: int, number: int) -> None:
        """Let a clock be wrong, by less than a day."""
        one = self.computers[which]
        one.skew_ms = one.clock.skew_ms = CLOCKS_MS[number % len(CLOCKS_MS)]

    def lose(self, which: int, _number: int) -> None:
        """Let the folder lose files."""
        if self.damage == "folder":
            for file in files_of(self.computers[which]):
                if self.chance.random() < 0.5:
                    for other in self.computers:
                        (other.shared / file).unlink(missing_ok=True)

    def wipe(self, _which: int, number: int) -> None:
        """Let a server, or all copies of a folder, be empty; seldom."""
        if self.damage == "folder" and number < 3:
            if self.server:
                self.server.wipe()
            for one in self.computers:
                empty_folder(one)
                one.let_go()  # as who chooses the folder once more

    def keep_copy(self, which: int, _number: int = 0) -> None:
        """Keep how a server or a computer is, to go back there."""
        if self.server and self.damage == "folder":
            self.server.keep_copy()
        elif self.damage == "computer":
            database = self.computers[which].database
            database.checkpoint()
            shutil.copy(database.path, database.path.with_suffix(".kept"))

    def set_back(self, which: int, _number: int) -> None:
        """Let a server or a computer be as it was."""
        one = self.computers[which]
        path = one.database.path
        if self.server and self.damage == "folder":
            self.server.set_back()
        elif self.damage == "computer":
            one.close()
            shutil.copy(path.with_suffix(".kept"), path)
            for end in ("-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
            one.open()
            self.actors[which] = Actor(one.database, self.rows)


HAPPENS: dict[str, Callable[[Desk, int, int], None]] = {
    happens.__name__: happens
    for happens in (
        *(Desk.cross, Desk.bring_in, Desk.bring_back, Desk.purge, Desk.rotate),
        *(Desk.remove, Desk.rejoin, Desk.carry, Desk.sync, Desk.lose_answer),
        *(Desk.repeat, Desk.half, Desk.die, Desk.reopen, Desk.set_clock),
        *(Desk.lose, Desk.wipe, Desk.keep_copy, Desk.set_back),
    )
}
"""What happens besides what a person does."""

NAMES = [
    *sorted(ACTS.keys() - set(OWN)),
    *sorted(HAPPENS),
    *(*OFTEN * 2, *["sync"] * 6, *["carry"] * 4, *["cross"] * 3, "die"),
    *(*["lose_answer", "half", "reopen", "keep_copy", "set_back"], "bring_in"),
]
"""What may happen, by chance."""


def imported(number: int, messages: int) -> list[tuple[str, Fields]]:
    """Return what an import stores; the same number gives the same ids."""
    ids = [
        f"018bcfe5-6800-7{place:03x}-8000-{number:012x}"
        for place in range(messages + 1)
    ]
    at: Fields = {"created_at": 1_700_000_000_000, "updated_at": 1_700_000_000_000}
    head = at | {"id": ids[0], "title": f"{number} {CANARY}", "title_source": "user"}
    said = at | {"conversation_id": ids[0], "role": "user", "state": "complete"}
    texts = [said | {"id": one, "text": f"{one} {CANARY}"} for one in ids[1:]]
    return [
        ("conversation", head | {"latest": ids[-1]}),
        *(("message", fields) for fields in texts),
    ]


def random_steps(chance: random.Random) -> list[Step]:
    """Return what happens in one run."""
    return [
        (
            chance.choice(NAMES),
            chance.randrange(3),
            chance.randrange(9),
            chance.choice(["", "a", "é", "漢字"]),
        )
        for _ in range(chance.randrange(20, 51))
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
            desk.end()
            check(desk.computers)
            check_sealed(desk.computers)
            for file in server.files() if server else ():
                assert CANARY.encode() not in file.read_bytes()
            return len(log_of(desk.computers[0].database))
        finally:
            for one in desk.computers:
                one.close()
