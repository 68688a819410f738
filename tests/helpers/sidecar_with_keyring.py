"""A sidecar whose keyring is a file of the test: `python -m … KIND FILE`.

Kinds are those of `tests.helpers.fake_keyrings.BROKEN`,
and "ok", which keeps secrets in FILE.
"""

import sys
from pathlib import Path

from backend import app, sidecar
from backend.keys.keyring import Vault
from tests.helpers.fake_keyrings import BROKEN, FileVault


def find_vault() -> Vault | None:
    """Return the keyring that was asked for."""
    kind, file = sys.argv[1:]
    return FileVault(Path(file)) if kind == "ok" else BROKEN[kind]()


if __name__ == "__main__":
    sys.exit(sidecar.run(lambda hello: app.build(hello, find_vault)))
