"""What a file to import holds, and what importing it came to."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

if TYPE_CHECKING:
    from backend.store.imports.plans import Plan
    from backend.store.imports.rows import Added

_NEW = {
    "conversation": "new",
    "note": "new_notes",
    "message": "new_messages",
    "assistant": "new_assistants",
    "action": "new_actions",
    "folder": "new_folders",
}
"""What new rows of a table count as."""


class Summary(Struct, frozen=True, kw_only=True):
    """What a file holds.

    Attributes:
        source: The programs it comes from.
        found: The messages it holds: taken, joined with another, or left out.
        joined: Those that are part of the answer they belong to.
        aside: Those that are taken, and in another branch than the one shown.
        skipped: How much is left out, by the reason.
        names: What some of that is called, by the reason.
    """

    source: str
    conversations: int
    messages: int
    notes: int
    first_ms: int
    last_ms: int
    skipped: Mapping[str, int]
    assistants: int = 0
    actions: int = 0
    folders: int = 0
    found: int = 0
    joined: int = 0
    aside: int = 0
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Summary":
        """Return what the reader reported at its end."""
        return cls(**{name: data[name] for name in cls.__struct_fields__})


class Report(Struct, frozen=True, kw_only=True):
    """What an import came to.

    Each message that was read is new, restored, known, updated, older or binned.

    Attributes:
        new: Conversations that were not there.
        new_notes: Notes that were not there.
        new_messages: Messages that were not there.
        new_assistants: Assistants that were not there.
        new_actions: Quick actions that were not there.
        new_folders: Folders that were not there.
        restored: What was in the trash.
        restored_messages: Messages among that.
        known: What beside messages was there already.
        known_messages: Messages that were there already.
        updated: What beside messages is as in the file now; titles of conversations.
        updated_messages: Messages that are as in the file now.
        replaced: Messages that are no longer there, and went to the trash.
        stayed: Such that stay, because the user went on with their conversation.
        older: Messages that are not added, as what is here is newer.
        binned: Messages that stay in the trash, where the user put them.
        unfit: Assistants and quick actions that cannot be used.
        kept: Conversations that stayed when it was taken back.
    """

    new: int = 0
    new_notes: int = 0
    new_messages: int = 0
    restored: int = 0
    known: int = 0
    kept: int = 0
    new_assistants: int = 0
    new_actions: int = 0
    new_folders: int = 0
    restored_messages: int = 0
    known_messages: int = 0
    updated: int = 0
    updated_messages: int = 0
    replaced: int = 0
    stayed: int = 0
    older: int = 0
    binned: int = 0
    unfit: int = 0

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Return a stored report; an empty one for none."""
        return cls(**json.loads(text)) if text else cls()

    @property
    def has_added(self) -> bool:
        """Whether there is anything to take back."""
        added = (getattr(self, name) for name in _NEW.values())
        changed = (self.restored, self.updated, self.updated_messages, self.replaced)
        return any((*added, *changed))

    def plus(self, table: str, added: "Added") -> "Report":
        """Return it with a batch of one kind more."""
        counted = {_NEW[table]: added.new, "restored": added.restored}
        if table == "message":
            counted |= {
                "restored_messages": added.restored,
                "known_messages": added.known,
                "updated_messages": added.updated,
            }
        else:
            # A conversation with another title is still one that was here.
            is_head = table == "conversation"
            known = added.known + (added.updated if is_head else 0)
            counted |= {"known": known, "updated": added.updated}
        return self._with(**counted)

    def with_plan(self, plan: "Plan") -> "Report":
        """Return it with what is decided for a conversation."""
        return self._with(stayed=plan.stayed)

    def with_replaced(self, count: int) -> "Report":
        """Return it with messages that went to the trash."""
        return self._with(replaced=count)

    def with_left(self, plan: "Plan", row_id: str) -> "Report":
        """Return it with a message that is not stored."""
        if row_id in plan.binned:
            return self._with(binned=1)
        is_here = row_id in plan.here
        return self._with(known_messages=int(is_here), older=int(not is_here))

    def _with(self, **counted: int) -> "Report":
        return replace(
            self, **{name: getattr(self, name) + n for name, n in counted.items()}
        )

    def to_json(self) -> str:
        """Return it as it is stored."""
        return json.dumps(to_builtins(self))
