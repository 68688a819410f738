"""Asks the keyring of the operating system, and never waits for it for long."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

log = logging.getLogger("hearth.keys")

SERVICE: Final = "Hearth"
PATIENCE_S: Final = 2.0
FIRST_PATIENCE_S: Final = 8.0
"""For the first secret: the keyring may have to be started, or unlocked."""

_TRUSTED: Final = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Backends that encrypt; a keyring of any other kind may write plain text."""

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


FindVault = Callable[[], Vault | None]


class OsKeyring:
    """The keyring, or what is wrong with it; methods block for `PATIENCE_S` at most.

    Attributes:
        why: What was wrong when it was asked last, as a clause; "" when it answered.
        is_missing: There was none to ask.
        late: The answer that was too long in coming.
    """

    def __init__(
        self, find_vault: FindVault | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        """Remember how to find the keyring; it is looked for at the first use."""
        self.why = ""
        self.is_missing = False
        self.late: Future[Any] | None = None
        self._find_vault = find_vault or find_os_vault
        self._patience_s = patience_s
        self._vault: Vault | None = None
        self._lock = threading.RLock()

    def get(self, name: str) -> str | None:
        """Return a secret; None when there is none, or no answer: see `why`."""
        return self._ask(lambda vault: vault.get_password(SERVICE, name))

    def set(self, name: str, secret: str, patience_s: float | None = None) -> bool:
        """Keep a secret; return whether it is kept."""
        self._ask(lambda vault: vault.set_password(SERVICE, name, secret), patience_s)
        return not self.why

    def delete(self, name: str) -> None:
        """Forget a secret, if there is one."""
        if self.get(name) is not None:
            self._ask(lambda vault: vault.delete_password(SERVICE, name))

    def _ask(
        self, question: Callable[[Vault], T], patience_s: float | None = None
    ) -> T | None:
        with self._lock:
            if self.late is not None and not self.late.done():
                return None  # It still hangs, or waits for the user to unlock it.
            self.is_missing = False
            outcome = in_thread(lambda: question(self._open()))
            try:
                answer = outcome.result(patience_s or self._patience_s)
            except TimeoutError:
                self.late = outcome
                self.why = "the keyring of this computer does not answer"
            except _NoVaultError:
                self.is_missing = True
                self.why = "this computer has no secure keyring"
            except Exception as exc:  # noqa: BLE001 backends raise what they like
                log.info("the keyring failed: %s", type(exc).__name__)
                self.why = (
                    "the keyring of this computer is locked or denies Hearth access"
                )
            else:
                self.why = ""
                return answer
            return None

    def _open(self) -> Vault:
        self._vault = self._vault or self._find_vault()
        if self._vault is None:
            raise _NoVaultError
        return self._vault


def find_os_vault() -> Vault | None:
    """Return the operating system's keyring, None when there is none to trust."""
    import keyring  # noqa: PLC0415 costs 0.1 s, which the start has not got
    import keyring.backends.chainer  # noqa: PLC0415 as slow

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
