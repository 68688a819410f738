"""Does acts of three parts until it is killed, saying how many were done.

Run as `python -m tests.helpers.act_writer PATH`.
"""

import sys
from pathlib import Path

from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.notes import NoteStore
from backend.store.settings import SettingStore


def act_for_ever(path: str) -> None:
    """Store a note, a draft and a setting at a time."""
    database = Database.open(Path(path))
    notes, drafts, settings = (
        NoteStore(database),
        DraftStore(database),
        SettingStore(database),
    )
    count = len(notes.page(limit=100_000))
    while True:
        count += 1
        with database.act():
            notes.create(body=f"{count:08}")
            drafts.save(f"{count:08}", f"draft of {count:08}")
            settings.set("last", f"{count:08}")
        sys.stdout.write(f"{count}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    act_for_ever(sys.argv[1])
