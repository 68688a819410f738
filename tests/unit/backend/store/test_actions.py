"""Quick actions keep the user's order, and built-in ones are given once."""

import pytest

from backend.errors import NotFoundError
from backend.store.actions import ActionStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.models import Action


@pytest.fixture
def actions(database: Database) -> ActionStore:
    return ActionStore(database)


def names(actions: ActionStore) -> str:
    return "".join(action.name for action in actions.all())


def test_new_ones_come_last(actions: ActionStore) -> None:
    actions.add({"name": "a"}, {"name": "b"})
    actions.add({"name": "c"})
    assert names(actions) == "abc"


@pytest.mark.parametrize(
    ("moved", "before", "order"),
    [
        ("c", "a", "cabd"),
        ("a", "c", "bacd"),
        ("a", "", "bcda"),
        ("d", "b", "adbc"),
        ("b", "b", "abcd"),
    ],
)
def test_one_is_moved_before_another(
    actions: ActionStore, moved: str, before: str, order: str
) -> None:
    made = {row.name: row.id for row in actions.add(*({"name": n} for n in "abcd"))}
    actions.place(made[moved], made.get(before, ""))
    assert names(actions) == order


def test_moving_one_changes_only_that_one(
    actions: ActionStore, database: Database
) -> None:
    made = actions.add({"name": "a"}, {"name": "b"}, {"name": "c"})
    actions.place(made[2].id, made[0].id)
    changes = ChangeStore(database)
    assert [len(changes.of_row("action", row.id)) for row in made] == [1, 1, 2]


def test_two_at_one_place_are_told_apart(
    actions: ActionStore, database: Database
) -> None:
    with database.write() as session:
        session.add_all([Action(name=name, position="i") for name in "ab"])
    last = actions.add({"name": "c"})[0]
    actions.place(last.id, actions.all()[1].id)
    assert names(actions) == "acb"


def test_a_deleted_one_comes_back_to_its_place(
    actions: ActionStore, database: Database
) -> None:
    made = actions.add({"name": "a"}, {"name": "b"}, {"name": "c"})
    deleted = actions.delete(made[1].id)
    assert names(actions) == "ac"
    with pytest.raises(NotFoundError):
        actions.change(made[1].id, {"name": "x"})
    ChangeStore(database).undo(deleted)
    assert names(actions) == "abc"


def test_a_change_touches_what_is_given(actions: ActionStore) -> None:
    made = actions.add({"name": "a", "prompt": "p", "in_tray": 0})[0]
    actions.change(made.id, {"name": "\0b"})
    row = actions.get(made.id)
    assert (row.name, row.prompt, row.in_tray) == ("\ufffdb", "p", 0)


def test_built_in_ones_are_given_once(actions: ActionStore) -> None:
    data: list[dict[str, str | int]] = [{"id": n, "name": n} for n in "ab"]
    actions.seed("1", data)
    actions.delete("a")
    actions.change("b", {"name": "B"})
    actions.seed("1", data)
    assert names(actions) == "B"
    actions.seed("2", [*data, {"id": "c", "name": "c"}])
    assert names(actions) == "Bc"
