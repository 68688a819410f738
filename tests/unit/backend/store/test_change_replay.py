"""The change log, played from empty, makes the same database again."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.store.database import Database
from tests.helpers.store_actor import (
    ACTS,
    Act,
    Actor,
    check_index,
    check_paths,
    contents,
)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(ACTS)), st.integers(0, 50), st.text(max_size=8)
        ),
        max_size=30,
    ),
)
def test_the_log_alone_reproduces_the_database(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder, "a", "hearth.db"))
        replayed = Database.open(Path(folder, "b", "hearth.db"))
        try:
            actor = Actor(database)
            for act in acts:
                actor.act(act)
            actor.changes.replay(replayed)
            assert contents(replayed) == contents(database)
            for opened in (database, replayed):
                check_index(opened)
                check_paths(opened)
        finally:
            database.close()
            replayed.close()
