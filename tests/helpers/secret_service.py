"""A real keyring: gnome-keyring's Secret Service on a bus of its own."""

import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final, Self

import secretstorage
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.helpers.window import until

PASSWORD: Final = "the password of the log-in"
_SECRETS: Final = "org.freedesktop.secrets"
_PATH: Final = "/org/freedesktop/secrets"
_LOGIN: Final = f"{_PATH}/collection/login"
_BUS: Final = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>"""
"""Nothing is started by being called, so nobody asks for a password in a window."""


class SecretService:
    """A log-in with its keyring, which starts locked or unlocked.

    Attributes:
        environment: What lets a program find the keyring.
    """

    def __init__(self, folder: Path) -> None:
        """Use `SecretService.start`."""
        runtime = folder / "run"
        runtime.mkdir(parents=True, mode=0o700)
        self._keyrings = folder / "data" / "keyrings"
        self._keyrings.mkdir(parents=True, mode=0o700)
        self._daemon: subprocess.Popen[bytes] | None = None
        config = folder / "bus.conf"
        config.write_text(_BUS.format(socket=runtime / "bus"))
        self.environment = {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime / 'bus'}",
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", f"--config-file={config}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._bus.stdout is not None
        # Said once it listens; the file of its socket is there before.
        with self._bus.stdout as said:
            assert said.readline()

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Log in: the keyring is there, and open."""
        service = cls(folder)
        service.log_in()
        return service

    def log_in(self, *, is_unlocked: bool = True) -> None:
        """Start the keyring, as a log-in with or without a password does."""
        self.log_out()
        option = ["--unlock"] if is_unlocked else []
        self._daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *option],
            env={**os.environ, **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._daemon.stdin is not None
        with self._daemon.stdin as pipe:
            pipe.write(PASSWORD.encode() if is_unlocked else b"")
        until(self._is_there, "the keyring")
        until(lambda: self._is_locked() is not is_unlocked, "the log-in's keyring")

    def log_out(self) -> None:
        """End the keyring."""
        if self._daemon:
            self._daemon.terminate()
            self._daemon.wait(10)
            self._daemon = None

    def unlock(self) -> None:
        """Give the password, as a person does who is asked for it."""
        bus = self.environment["DBUS_SESSION_BUS_ADDRESS"]
        inner = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
        with open_dbus_connection(bus) as connection:
            service = DBusAddress(_PATH, _SECRETS, "org.freedesktop.Secret.Service")
            opening = new_method_call(
                service, "OpenSession", "sv", ("plain", ("s", ""))
            )
            session = connection.send_and_get_reply(opening).body[1]
            secret = (session, b"", PASSWORD.encode(), "text/plain")
            reply = connection.send_and_get_reply(
                new_method_call(
                    service.with_interface(inner),
                    "UnlockWithMasterPassword",
                    "o(oayays)",
                    (_LOGIN, secret),
                )
            )
        assert not reply.body, reply.body
        until(lambda: not self._is_locked(), "the unlocked keyring")

    def secrets(self) -> dict[str, str]:
        """Return what is kept, by its label."""
        with closing(self._connect()) as connection:
            items = secretstorage.get_default_collection(connection).get_all_items()
            return {item.get_label(): item.get_secret().decode() for item in items}

    def empty(self) -> None:
        """Remove all that is kept."""
        with closing(self._connect()) as connection:
            items = secretstorage.get_default_collection(connection).get_all_items()
            for item in list(items):
                item.delete()

    def replace(self) -> None:
        """Let the keyring be another one, as on a computer that was set up anew."""
        self.log_out()
        shutil.rmtree(self._keyrings)
        self._keyrings.mkdir(mode=0o700)
        self.log_in()

    def stop(self) -> None:
        """End all of it."""
        self.log_out()
        self._bus.terminate()
        self._bus.wait(10)

    def _connect(self) -> DBusConnection:
        return open_dbus_connection(self.environment["DBUS_SESSION_BUS_ADDRESS"])

    def _is_there(self) -> bool:
        with closing(self._connect()) as connection:
            return bool(secretstorage.check_service_availability(connection))

    def _is_locked(self) -> bool:
        with closing(self._connect()) as connection:
            try:
                collection = secretstorage.Collection(connection, _LOGIN)
                return bool(collection.is_locked())
            except secretstorage.exceptions.SecretStorageException:
                return True
