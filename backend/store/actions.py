"""Keeps the quick actions, in the user's order."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.store.database import Database
from backend.store.models import Action, Setting
from backend.store.ordering import between, spread
from backend.store.text import clean_text

SEEDED: Final = "actions.seeded"
"""The setting that says which set of built-in actions the user was given."""

Facts: TypeAlias = Mapping[str, str | int]
"""Fields of an action: name, icon, kind, prompt, engine_id, model and so on."""


class ActionStore:
    """Reads and changes quick actions; what changes returns its transaction id."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def all(self) -> Sequence[Action]:
        """Return the actions in use, in their order."""
        with self._database.read() as session:
            return _in_order(session)

    def get(self, id: str) -> Action:
        """Return one action.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            return _action_in(session, id)

    def add(self, *data: Facts) -> list[Action]:
        """Store new actions at the end of the list, all or none."""
        with self._database.write() as session:
            known = _in_order(session)
            last = known[-1].position if known else ""
            made = list[Action]()
            for facts in data:
                last = between(last, "")
                made.append(Action(**{**_cleaned(facts), "position": last}))  # type: ignore[arg-type]  # fields by name
            session.add_all(made)
        return made

    def change(self, id: str, facts: Facts) -> str:
        """Change what is given; return the transaction id.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.write() as session:
            _action_in(session, id).sqlmodel_update(_cleaned(facts))
            return session.transaction_id

    def place(self, id: str, before: str) -> str:
        """Put an action before another, or at the end when `before` is "".

        Raises:
            NotFoundError: There is no such action, or no such other.
        """
        with self._database.write() as session:
            row = _action_in(session, id)
            others = [other for other in _in_order(session) if other.id != id]
            at = len(others)
            if before and before != id:
                at = others.index(_action_in(session, before))
            elif before:
                return session.transaction_id
            low = others[at - 1].position if at else ""
            high = others[at].position if at < len(others) else ""
            if high and low >= high:
                # Two devices gave the same place; from here on all differ.
                others.insert(at, row)
                for each, key in zip(others, spread(len(others)), strict=True):
                    each.position = key
            else:
                row.position = between(low, high)
            return session.transaction_id

    def delete(self, id: str) -> str:
        """Put an action into the trash; return the transaction id.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        with self._database.write() as session:
            _action_in(session, id).deleted_at = now_ms()
            return session.transaction_id

    def seed(self, version: str, rows: Sequence[Facts]) -> None:
        """Give the built-in actions once, each with an id of its own.

        What the user has changed or deleted since stays as it is.
        """
        with self._database.read() as session:
            kept = session.get(Setting, SEEDED)
            if kept is not None and kept.value == version:
                return
        with self._database.write() as session:
            known = _in_order(session)
            last = known[-1].position if known else ""
            for facts in rows:
                if session.get(Action, facts["id"]) is None:
                    last = between(last, "")
                    session.add(Action(**{**facts, "position": last}))  # type: ignore[arg-type]  # fields by name
            setting = session.get(Setting, SEEDED) or Setting(id=SEEDED)
            setting.value = version
            session.add(setting)


def _in_order(session: Session) -> Sequence[Action]:
    query = (
        select(Action)
        .where(col(Action.deleted_at).is_(None))
        .order_by(col(Action.position), col(Action.id))
    )
    return session.exec(query).all()


def _action_in(session: Session, row_id: str) -> Action:
    row = session.get(Action, row_id)
    if row is None or row.deleted_at is not None:
        raise NotFoundError("This quick action is no longer there.")
    return row


def _cleaned(facts: Facts) -> dict[str, str | int]:
    return {
        name: clean_text(value) if isinstance(value, str) else value
        for name, value in facts.items()
    }
