"""Every table travels or stays, and what comes is looked at before it is stored."""

import pytest

from backend.interface.stored_values import DERIVED
from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate
from backend.sqlite.schema import STEPS
from backend.store.models import LOGGED
from backend.store.sync.travelling import STAYS, TRAVELS, Fields, Op, known_fields

HLC = "0198c0de00000000-device"


def test_every_table_travels_or_stays() -> None:
    connection = dbapi.connect(":memory:")
    migrate(connection, STEPS)
    tables = {
        name
        for (name,) in connection.execute(
            "select name from pragma_table_list where schema = 'main'"
            " and type = 'table' and name not like 'sqlite%'"
            " and name not like '%\\_place' escape '\\'"
        )
    }
    connection.close()
    assert tables == TRAVELS.keys() | STAYS
    assert not TRAVELS.keys() & STAYS
    assert TRAVELS.keys() <= LOGGED.keys()


def test_what_stays_is_a_field_and_nothing_derived_travels() -> None:
    for table, stays in TRAVELS.items():
        fields = LOGGED[table].model_fields
        assert stays <= fields.keys()
        taken = known_fields(table, dict.fromkeys(fields, "text"))
        assert not taken.keys() & (stays | DERIVED | {"id"})


def test_what_does_not_fit_a_column_stays_in_the_log() -> None:
    sent: Fields = {
        "title": 5,
        "created_at": "x",
        "deleted_at": None,
        "body": None,
        "new": "",
    }
    assert known_fields("note", sent) == {"deleted_at": None}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [HLC, "t", "note", "n", None],
        [HLC, "t", "note", "n", None, None],
        [HLC, "t", "note", 5, None, {}],
        [HLC, "", "note", "n", None, {}],
        ["zzz", "t", "note", "n", None, {}],
        [HLC, "t", "note", "n", [], {}],
        [HLC, "t", "note", "n", None, {"title": 1.5}],
        [HLC, "t", "note", "n", None, {"title": ["x"]}],
        [HLC, "t", "note", "n", None, {"title": True}],
        [HLC, "t", "note", "n", None, {"title": "a\0b"}],
        [HLC, "t", "note", "n", None, {"created_at": 2**53}],
    ],
    ids=repr,
)
def test_what_is_no_change_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"change|stored"):
        Op.read(data)


def test_what_belongs_to_this_computer_is_not_taken() -> None:
    def of(table: str, row_id: str = "n") -> bool:
        return Op(HLC, "t", table, row_id, None, {}).travels

    assert of("note")
    assert of("setting", "instructions")
    assert of("a table of a newer version")
    assert not of("engine")
    assert not of("setting", "model")
    assert not of("change")
