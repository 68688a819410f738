"""What the sidecar tells the shell, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickAction:
    """An action as the menus show it."""

    id: str
    name: str
    shortcut: str
    in_tray: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A conversation as the menus show it."""

    id: str
    title: str
