"""What a file to import holds, and what importing it came to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.store.imports import Added


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a file holds.

    Attributes:
        source: The programs it comes from.
        found: The messages it holds: taken, joined with another, or left out.
        joined: Those that are part of the answer they belong to.
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
    actions: int = 0
    found: int = 0
    joined: int = 0
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Summary":
        """Return what the reader told at its end."""
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import came to.

    Attributes:
        new: Conversations that were not there.
        new_notes: Notes that were not there.
        new_messages: Messages that were not there.
        new_actions: Quick actions that were not there.
        restored: What was in the trash.
        known: Conversations and notes that were there already.
        kept: Conversations that stayed when it was taken back.
    """

    new: int = 0
    new_notes: int = 0
    new_messages: int = 0
    restored: int = 0
    known: int = 0
    kept: int = 0
    new_actions: int = 0

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Return a stored report; an empty one for none."""
        return cls(**json.loads(text)) if text else cls()

    @property
    def has_added(self) -> bool:
        """Whether there is anything to take back."""
        added = (self.new, self.new_notes, self.new_messages, self.new_actions)
        return any((*added, self.restored))

    def plus(self, counter: str, added: "Added") -> "Report":
        """Return it with a batch more, whose new rows count as `counter` says."""
        known = 0 if counter == "new_messages" else added.known
        return replace(
            self,
            **{counter: getattr(self, counter) + added.new},
            restored=self.restored + added.restored,
            known=self.known + known,
        )

    def to_json(self) -> str:
        """Return it as it is stored."""
        return json.dumps(asdict(self))
