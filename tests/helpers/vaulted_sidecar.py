"""A sidecar whose keyring is a file of the test: `python -m … KIND FILE`.

Kinds are those of `tests.helpers.vaults.BROKEN`, and "ok", which keeps secrets in FILE.
"""

import json
import sys
from pathlib import Path

from backend import app, sidecar
from backend.os_keyring import Vault
from tests.helpers.vaults import BROKEN


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


def find_vault() -> Vault | None:
    """Return the keyring that was asked for."""
    kind, file = sys.argv[1:]
    return FileVault(Path(file)) if kind == "ok" else BROKEN[kind]()


if __name__ == "__main__":
    sys.exit(sidecar.run(lambda hello: app.build(hello, find_vault)))
