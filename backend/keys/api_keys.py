"""API keys of engines, kept in the keyring of the operating system.

A key is never written to a file or a log. Where there is no keyring that keeps secrets,
keys live in memory until Hearth ends, and the settings page says so.
"""

import threading
from typing import Final
from urllib.parse import urlsplit

from backend.keys.keyring import PATIENCE_S, FindVault, OsKeyring

_IN_MEMORY: Final = (
    "API keys and extra headers are kept only until Hearth is closed, because "
    "{why}. Enter them again after the next start."
)


class KeyStore:
    """Keeps one key per engine, together with the origin it may be sent to.

    Every method may block for `PATIENCE_S`: call them in a thread.
    """

    def __init__(
        self, find_vault: FindVault | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        """Remember how to find the keyring; it is looked for at the first use."""
        self._keyring = OsKeyring(find_vault, patience_s)
        self._memory: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, engine_id: str, url: str) -> str:
        """Return the key of an engine, "" if it has none for the origin of the URL."""
        return self.find(engine_id, url) or ""

    def find(self, engine_id: str, url: str) -> str | None:
        """Return the key as `get` does; None while the keyring does not say."""
        with self._lock:
            kept = self._memory.get(engine_id)
            if kept is None:
                kept = self._keyring.get(engine_id)
                if kept is None and self._keyring.why:
                    return None
        origin, _, key = (kept or "").partition(" ")
        return key if origin == origin_of(url) else ""

    def set(self, engine_id: str, key: str, url: str) -> None:
        """Keep the key; it is given out only for the origin of this URL."""
        kept = f"{origin_of(url)} {key.strip()}"
        with self._lock:
            self._memory.pop(engine_id, None)
            if not self._keyring.set(engine_id, kept):
                self._memory[engine_id] = kept

    def delete(self, engine_id: str) -> None:
        """Remove the key."""
        with self._lock:
            self._memory.pop(engine_id, None)
            self._keyring.delete(engine_id)

    def explain(self) -> str:
        """Return what the settings page says, "" when the keyring works."""
        with self._lock:
            self._keyring.get("probe")
            why = self._keyring.why
            return _IN_MEMORY.format(why=why) if why else ""


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"
