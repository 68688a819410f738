"""API keys of engines, kept in the keyring of the operating system.

A key is never written to a file or a log. Where there is no keyring that keeps secrets,
keys live in memory until Hearth ends, and the settings page says so.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

SERVICE: Final = "Hearth"
PATIENCE_S: Final = 2.0

_TRUSTED: Final = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Backends that encrypt; a keyring of any other kind may write plain text."""

_IN_MEMORY: Final = (
    "API keys are kept only until Hearth is closed, because {why}. "
    "Enter them again after the next start."
)

T = TypeVar("T")


class _NoVaultError(Exception):
    """There is no keyring that keeps secrets."""


class Vault(Protocol):
    """What stores secrets: a backend of the keyring library."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the secret, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the secret."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget the secret."""
        ...


class KeyStore:
    """Keeps one key per engine, together with the origin it may be sent to.

    Every method may block for `PATIENCE_S`: call them in a thread.
    """

    def __init__(
        self,
        find_vault: Callable[[], Vault | None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Remember how to find the keyring; it is looked for at the first use."""
        self._find_vault = find_vault or find_os_vault
        self._patience_s = patience_s
        self._memory: dict[str, str] = {}
        self._lock = threading.Lock()
        self._vault: Vault | None = None
        self._late: Future[Any] | None = None
        self._why = ""

    def get(self, engine_id: str, url: str) -> str:
        """Return the key of an engine, "" if it has none for the origin of the URL."""
        with self._lock:
            kept = self._memory.get(engine_id)
            if kept is None:
                kept = self._ask(lambda v: v.get_password(SERVICE, engine_id)) or ""
        origin, _, key = kept.partition(" ")
        return key if origin == origin_of(url) else ""

    def set(self, engine_id: str, key: str, url: str) -> None:
        """Keep the key; it is given out only for the origin of this URL."""
        kept = f"{origin_of(url)} {key.strip()}"
        with self._lock:
            self._memory.pop(engine_id, None)
            self._ask(lambda v: v.set_password(SERVICE, engine_id, kept))
            if self._why:
                self._memory[engine_id] = kept

    def delete(self, engine_id: str) -> None:
        """Forget the key."""
        with self._lock:
            self._memory.pop(engine_id, None)
            if self._ask(lambda v: v.get_password(SERVICE, engine_id)) is not None:
                self._ask(lambda v: v.delete_password(SERVICE, engine_id))

    def explain(self) -> str:
        """Return what the settings page says, "" when the keyring works."""
        with self._lock:
            self._ask(lambda v: v.get_password(SERVICE, "probe"))
            return _IN_MEMORY.format(why=self._why) if self._why else ""

    def _ask(self, question: Callable[[Vault], T]) -> T | None:
        """Ask the keyring; after a failure `_why` says what is wrong with it."""
        if self._late is not None and not self._late.done():
            return None  # It still hangs, or waits for the user to unlock it.
        outcome = in_thread(lambda: question(self._open()))
        try:
            answer = outcome.result(self._patience_s)
        except TimeoutError:
            self._late = outcome
            self._why = "the keyring of this computer does not answer"
        except _NoVaultError:
            self._why = "this computer has no keyring that keeps them safe"
        except Exception as exc:  # noqa: BLE001 backends raise what they like
            log.info("the keyring failed: %s", type(exc).__name__)
            self._why = "the keyring of this computer is locked or refuses Hearth"
        else:
            self._why = ""
            return answer
        return None

    def _open(self) -> Vault:
        self._vault = self._vault or self._find_vault()
        if self._vault is None:
            raise _NoVaultError
        return self._vault


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def find_os_vault() -> Vault | None:
    """Return the operating system's keyring, None when there is none to trust."""
    import keyring  # noqa: PLC0415 costs 0.1 s, which the start has not got
    import keyring.backends.chainer  # noqa: PLC0415

    found = keyring.get_keyring()
    if isinstance(found, keyring.backends.chainer.ChainerBackend):
        return next(filter(is_trusted, found.backends), None)
    return found if is_trusted(found) else None


def is_trusted(vault: object) -> bool:
    """Whether this backend is known to encrypt what it keeps."""
    module = type(vault).__module__
    return any(module == name or module.startswith(f"{name}.") for name in _TRUSTED)


def in_thread(call: Callable[[], T]) -> "Future[T]":
    """Run a call that may hang, in a thread that nobody has to wait for."""
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as exc:  # noqa: BLE001 handed to who asks for the outcome
            outcome.set_exception(exc)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return outcome
