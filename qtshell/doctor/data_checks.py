"""Checks of what Hearth keeps: its folder, database, key, backups and engines."""

import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from backend.errors import HearthError
from backend.installation import installed_version
from backend.interface.protocol import LOOPBACK
from backend.keys.database_key import DATABASE_NAME, DatabaseKey
from backend.keys.key_ring import BACKUPS
from backend.keys.keyring import OsKeyring
from backend.recovery.restore import is_damaged
from backend.recovery.snapshots import Snapshots
from backend.sqlite.files import is_ordinary
from qtshell.doctor.finding import Finding, fault, note
from qtshell.ipc.instance import Call, CallError, call, running
from qtshell.options import Options, Verb

LITTLE_BYTES: Final = 1024**3
TOO_LITTLE_BYTES: Final = 64 * 1024**2
"""With less, the sidecar stops saving and asks for room."""
BACKUP_AGE: Final = timedelta(days=3)
"""Backups are made daily, while Hearth runs."""

_DRIVER: Final = "libsql" if sys.platform == "win32" else "libsql-experimental"
_PARTS: Final = ("PySide6", "robyn", "sqlmodel", _DRIVER)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_folder(options: Options) -> Finding:
    """Look whether the data folder is there, and can be written."""
    folder = options.data_dir
    if not folder.exists():
        return note(f"There is no data in {folder} yet.", "Start Hearth once.")
    try:
        with TemporaryFile(dir=folder):
            pass
        _refuse_locked(folder)
    except OSError as exc:
        return fault(
            f"The data folder {folder} cannot be written: {exc.strerror}.",
            "Make it writable for your user, or choose another with --data-dir.",
            (lambda: _unlock(folder)) if _is_ours(folder) else None,
        )
    return Finding(cause=f"The data folder {folder} can be written.")


def _refuse_locked(folder: Path) -> None:
    """Raise OSError when a file of the database may not be written."""
    for path in _database_files(folder):
        with path.open("r+b"):
            pass


def _unlock(folder: Path) -> None:
    """Let the user read and write the folder and the database, as at the start."""
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IRWXU)
    for path in _database_files(folder):
        path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR)


def _database_files(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"{DATABASE_NAME}*") if is_ordinary(path)]


def _is_ours(folder: Path) -> bool:
    return sys.platform != "win32" and folder.stat().st_uid == os.geteuid()


def check_permissions(options: Options) -> Finding:
    """Look whether other users of this computer may read the data, or the logs."""
    folders = [p for p in (options.data_dir, options.log_dir) if p.exists()]
    if sys.platform == "win32" or not folders:
        return Finding(cause="Other users are kept out by the system.")
    if foreign := [folder for folder in folders if not _is_ours(folder)]:
        return fault(
            f"{foreign[0]} belongs to another user.",
            "Choose a folder of your own with --data-dir.",
        )
    if not (open_ones := [p for p in folders if p.stat().st_mode & _OTHERS]):
        return Finding(cause="Only you may read the data folder.")
    return fault(
        "Other users of this computer may look into the data folder, or the logs.",
        f"Run: chmod 700 {' '.join(map(str, open_ones))}",
        lambda: _shut(open_ones),
    )


def _shut(folders: Iterable[Path]) -> None:
    for folder in folders:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~_OTHERS)


def check_room(options: Options) -> Finding:
    """Look how much room is left on the disk of the data."""
    folder = next(
        p for p in (options.data_dir, *options.data_dir.parents) if p.exists()
    )
    free = shutil.disk_usage(folder).free
    said = f"{free / LITTLE_BYTES:.1f} GB are free on the disk of your data."
    if free < TOO_LITTLE_BYTES:
        return fault(said, "Free some space: nothing can be saved without it.")
    if free < LITTLE_BYTES:
        return note(said, "Free some space soon.")
    return Finding(cause=said)


def check_port(_: Options) -> Finding:
    """Look whether a process may listen on this computer's own address."""
    try:
        with socket.create_server((LOOPBACK, 0)):
            return Finding(cause=f"Hearth can listen on {LOOPBACK}.")
    except OSError as exc:
        return fault(
            f"Hearth cannot listen on {LOOPBACK}: {exc.strerror}.",
            "Let the firewall or the sandbox allow connections within this computer.",
        )


def check_keyring(_: Options) -> Finding:
    """Look whether a keyring answers."""
    keyring = OsKeyring()
    keyring.get("probe")
    if not keyring.why:
        return Finding(cause="The keyring of this computer answers.")
    return note(
        f"Keys cannot be kept in a keyring: {keyring.why}.",
        "Install or unlock a keyring (GNOME Keyring, KWallet, KeePassXC), or encrypt "
        "with a passphrase in Settings.",
    )


def check_database(options: Options) -> Finding:
    """Look through the whole database, also while it is in use."""
    path = options.data_dir / DATABASE_NAME
    # For an empty file, as for none, a key would be made.
    if not path.exists() or not path.stat().st_size:
        return note("There is no database yet.")
    key = DatabaseKey(options.data_dir, OsKeyring())
    try:
        key.unlock_at_start(path)
        opened_by = key.for_file(path)
        if is_damaged(path, opened_by):
            return fault(
                "The database is damaged.",
                "Start Hearth: it repairs the file, or restores a backup. The damaged "
                "file is kept.",
            )
    except HearthError as exc:
        return note(f"The database was not looked through: {exc}")
    kind = "encrypted" if opened_by else "not encrypted"
    return Finding(cause=f"The database is whole, and {kind}.")


def check_backups(options: Options) -> Finding:
    """Look when the last backup beside the data was made."""
    path = options.data_dir / DATABASE_NAME
    made = Snapshots(path, options.data_dir / BACKUPS).all()
    can_be_made = path.exists() and path.stat().st_size
    repair = (lambda: _make_backup(options)) if can_be_made else None
    if not made:
        return note(
            "There is no backup beside your data.",
            "Hearth makes one a day while it runs. If you chose another folder for "
            "backups, look there.",
            repair,
        )
    newest = made[0].made_at.astimezone()
    said = f"The newest backup beside your data is of {newest:%Y-%m-%d %H:%M}."
    if datetime.now().astimezone() - newest > BACKUP_AGE:
        return note(said, "Open Settings, Backups, and make one.", repair)
    return Finding(cause=said)


def _make_backup(options: Options) -> None:
    """Make a backup beside the data, also while Hearth runs.

    Raises:
        HearthError: The database is locked or damaged, or there is no room.
    """
    path = options.data_dir / DATABASE_NAME
    key = DatabaseKey(options.data_dir, OsKeyring())
    key.unlock_at_start(path)
    Snapshots(path, options.data_dir / BACKUPS, key.for_file(path)).make()
    if key.value:
        key.copy_beside(options.data_dir / BACKUPS)


def check_engine(_: Options) -> Finding:
    """Look whether the built-in engine is installed."""
    if find_spec("xllamacpp"):
        return Finding(cause="The built-in engine is installed.")
    return note(
        "The built-in engine is not installed.",
        "Models of a model server work without it.",
    )


def check_versions(_: Options) -> Finding:
    """Say what runs."""
    parts = ", ".join(f"{name} {_version(name)}" for name in _PARTS)
    python = sys.version.split()[0]
    return Finding(cause=f"Hearth {installed_version()}, Python {python}, {parts}.")


def check_running(options: Options) -> Finding:
    """Look whether Hearth runs and answers, and is what is installed."""
    is_there = options.data_dir.exists()
    process = running(options.data_dir) if is_there else None
    if process is None:
        return Finding(cause="Hearth is not running.")
    try:
        runs = _running_version(options)
    except CallError as exc:
        return fault(f"Process {process} is Hearth, but does not answer.", str(exc))
    said = f"Hearth {runs} is running as process {process}."
    if runs != installed_version():
        return note(
            f"{said} {installed_version()} is installed.",
            "Quit Hearth, and start it again.",
        )
    return Finding(cause=said)


def _running_version(options: Options) -> str:
    said = "".join(
        reply.text for reply in call(options.data_dir, Call(Verb.STATUS.value, "json"))
    )
    try:
        return str(json.loads(said)["version"])
    except (ValueError, KeyError, TypeError) as exc:
        raise CallError("Quit Hearth, and start it again.") from exc


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(bundled)" if getattr(sys, "frozen", False) else "(missing)"
