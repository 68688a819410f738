"""Keyrings of every kind a computer can have."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from keyring.errors import KeyringError, KeyringLocked

from backend.keys.keyring import Vault


class WorkingVault:
    """A keyring that works."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class FileVault:
    """A keyring that works, and that another process may look into."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_password(self, service: str, username: str) -> str | None:
        secret = self._kept().get(f"{service} {username}")
        return secret if secret is None else str(secret)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(
            json.dumps(self._kept() | {f"{service} {username}": password})
        )

    def delete_password(self, service: str, username: str) -> None:
        kept = self._kept()
        del kept[f"{service} {username}"]
        self._path.write_text(json.dumps(kept))

    def _kept(self) -> dict[str, object]:
        try:
            kept = json.loads(self._path.read_text())
        except OSError:
            return {}
        assert isinstance(kept, dict)
        return kept


class FailingVault(WorkingVault):
    """A keyring that answers everything with an error, until it is unlocked."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def get_password(self, service: str, username: str) -> str | None:
        if self.error is not None:
            raise self.error
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.error is not None:
            raise self.error
        super().set_password(service, username, password)


class HangingVault(WorkingVault):
    """A keyring that waits for its password."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.unlocked.wait()
        super().set_password(service, username, password)


BROKEN: Final[dict[str, Callable[[], Vault | None]]] = {
    "locked": lambda: FailingVault(KeyringLocked()),
    "denied": lambda: FailingVault(KeyringError()),
    "missing": lambda: None,
    "hanging": HangingVault,
}
"""Those that keep nothing; one that writes plain text is refused like a missing one."""
