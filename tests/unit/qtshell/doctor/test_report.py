"""What `hearth doctor` finds, says and repairs."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.errors import StoreFullError
from backend.interface.stored_values import SnapshotReason
from backend.keys import keyring
from backend.keys.database_key import DatabaseKey
from backend.keys.key_ring import BACKUPS
from backend.keys.keyring import OsKeyring
from backend.recovery.encryption_probe import Seal, seal_of
from backend.recovery.snapshots import Snapshots
from backend.store.database import Database
from qtshell.desktop.linux import LinuxDesktop
from qtshell.doctor import data_checks, desktop_checks, report
from qtshell.doctor.finding import Finding, Health, fault
from qtshell.options import Options, Verb, read_options
from tests.helpers.fake_keyrings import WorkingVault
from tests.helpers.session_bus import bus_with
from tests.helpers.tray import screen_of
from tests.helpers.window import until


def test_without_data_nothing_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    options = Options(data_dir=folder, log_dir=folder / "logs", verb=Verb.DOCTOR)
    found = dict(report.examine(options))
    assert set(found) == set(report.CHECKS)
    assert found["folder"].health is Health.NOTE
    assert found["database"].health is Health.NOTE
    assert not folder.exists()


def test_what_is_whole_is_said_to_be(options: Options) -> None:
    Database.open(options.data_dir / "hearth.db").close()
    found = dict(report.examine(options))
    for name in ("folder", "permissions", "port", "database", "running"):
        assert found[name].health is Health.FINE, found[name]
    assert "not encrypted" in found["database"].cause


def test_a_database_that_was_never_written_gets_no_key(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "find_os_vault", WorkingVault)
    (options.data_dir / "hearth.db").touch()
    assert data_checks.check_database(options).health is Health.NOTE
    assert [path.name for path in options.data_dir.iterdir()] == ["hearth.db"]


def test_a_damaged_database_is_a_fault(options: Options) -> None:
    path = options.data_dir / "hearth.db"
    Database.open(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    found = data_checks.check_database(options)
    assert found.health is Health.FAULT
    assert "backup" in found.remedy


@pytest.fixture
def as_user(options: Options) -> Iterator[None]:
    """Be somebody whom the system refuses something."""
    if os.geteuid():
        yield
        return
    top = Path(tempfile.gettempdir())
    for path in (options.data_dir, *options.data_dir.parents):
        # A worker's folders are one deeper.
        if top in path.parents:
            path.chmod(path.stat().st_mode | 0o011)
    os.chown(options.data_dir, 65534, 65534)
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize("locked", ["", "hearth.db", "hearth.db-wal"])
def test_what_was_locked_can_be_written_again_when_asked_for(
    options: Options, locked: str
) -> None:
    folder = options.data_dir
    for name in ("hearth.db", "hearth.db-wal"):
        (folder / name).write_bytes(b"")
    (folder / locked).chmod(0o500 if not locked else 0o400)
    found = data_checks.check_folder(options)
    assert found.health is Health.FAULT
    assert "Permission denied" in found.cause
    assert repaired(options, "folder").health is Health.FINE
    (folder / "hearth.db-wal").write_bytes(b"w")


def repaired(options: Options, name: str) -> Finding:
    checks = {name: report.CHECKS[name]}
    return dict(report.examine(replace(options, name="repair"), checks))[name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
@pytest.mark.parametrize("name", ["data_dir", "log_dir"])
def test_an_open_folder_is_shut_when_asked_for(options: Options, name: str) -> None:
    folder: Path = getattr(options, name)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    assert dict(report.examine(options))["permissions"].health is Health.FAULT
    assert folder.stat().st_mode & 0o077
    assert repaired(options, "permissions").health is Health.FINE
    assert not folder.stat().st_mode & 0o077


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="entries of Linux")
def test_an_entry_of_a_folder_that_moved_is_mended_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    options = read_options(["doctor"])
    assert desktop_checks.check_menu(options).health is Health.FINE
    gone = [str(tmp_path / "moved" / "hearth")]
    desktop = LinuxDesktop(
        gone, tmp_path / "XDG_DATA_HOME", tmp_path / "XDG_CONFIG_HOME"
    )
    desktop.install()
    desktop.start_at_login(on=True)
    of_a_folder = replace(options, log_dir=tmp_path / "data" / "logs")
    of_a_folder = replace(of_a_folder, data_dir=tmp_path / "data")
    assert desktop_checks.check_menu(of_a_folder).health is Health.FINE
    found = desktop_checks.check_menu(options)
    assert found.health is Health.FAULT
    assert desktop.is_dead, "looking mends nothing"
    assert repaired(options, "menu").health is Health.FINE
    entries = [path.read_text("utf-8") for path in tmp_path.rglob("*.desktop")]
    assert len(entries) == 2
    assert not [text for text in entries if gone[0] in text]


def test_little_room_is_noted_and_too_little_a_fault(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_checks, "LITTLE_BYTES", 1 << 60)
    assert data_checks.check_room(options).health is Health.NOTE
    monkeypatch.setattr(data_checks, "TOO_LITTLE_BYTES", 1 << 60)
    assert data_checks.check_room(options).health is Health.FAULT


@pytest.mark.parametrize(
    ("name", "value", "health"),
    [
        ("kernel/unprivileged_userns_clone", "0", Health.NOTE),
        ("kernel/unprivileged_userns_clone", "1", Health.FINE),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", Health.NOTE),
    ],
)
def test_a_system_that_denies_the_sandbox_is_noted(
    options: Options,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    health: Health,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(desktop_checks, "SYSTEM", tmp_path)
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{value}\n")
    assert desktop_checks.check_sandbox(options).health is health


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux has Hunspell")
@pytest.mark.parametrize(
    ("has_pairs", "has_library", "said"),
    [
        (True, True, "Spelling is checked."),
        (True, False, "not in quick ask"),
        (False, True, "no dictionaries"),
    ],
)
def test_what_spelling_lacks_is_noted(
    options: Options,
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_pairs: bool,
    has_library: bool,
    said: str,
) -> None:
    pairs = {"en_US": options.data_dir / "en_US.aff"} if has_pairs else {}
    library = object() if has_library else None
    monkeypatch.setattr(desktop_checks, "hunspell_pairs", lambda: pairs)
    monkeypatch.setattr(desktop_checks, "load_library", lambda: library)
    assert said in desktop_checks.check_spelling(options).cause


def test_a_keyring_that_is_not_there_is_noted(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "find_os_vault", lambda: None)
    finding = data_checks.check_keyring(options)
    assert finding.health is Health.NOTE
    assert "passphrase" in finding.remedy
    monkeypatch.setattr(keyring, "find_os_vault", WorkingVault)
    assert data_checks.check_keyring(options).health is Health.FINE


def found_alone(check: str) -> Finding:
    """Look in a process of its own: Qt knows one screen and one bus for good."""
    script = (
        f"from qtshell.doctor.desktop_checks import {check} as check;"
        "found = check(None);"
        "print(found.health.value, found.cause)"
    )
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    health, _, cause = said.strip().partition(" ")
    return Finding(cause=cause, health=Health(health))


def test_a_screen_without_a_tray_is_noted() -> None:
    with screen_of(800, 600):
        assert found_alone("check_tray").health is Health.NOTE
        with subprocess.Popen(["trayer"], stderr=subprocess.DEVNULL) as tray:
            try:
                until(lambda: found_alone("check_tray").health is Health.FINE, "it")
            finally:
                tray.terminate()


def test_a_portal_is_found_where_the_bus_can_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "services"
    services.mkdir()
    with bus_with(services) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert "no portals" in found_alone("check_portal").cause
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert "no session bus" in found_alone("check_portal").cause
    (services / "portal.service").write_text(
        "[D-BUS Service]\nName=org.freedesktop.portal.Desktop\nExec=/bin/true\n"
    )
    with bus_with(services) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert found_alone("check_portal").health is Health.FINE


def test_a_display_that_does_not_answer_is_a_fault(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert desktop_checks.check_display(options).health is Health.FINE
    monkeypatch.setenv("DISPLAY", ":987")
    assert desktop_checks.check_display(options).health is Health.FAULT
    assert desktop_checks.check_tray(options).health is Health.NOTE


def test_an_old_backup_is_noted_and_a_new_one_is_not(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_checks.check_backups(options).health is Health.NOTE
    path = options.data_dir / "hearth.db"
    Database.open(path).close()
    Snapshots(path, options.data_dir / BACKUPS).make(SnapshotReason.MANUAL)
    assert data_checks.check_backups(options).health is Health.FINE
    monkeypatch.setattr(data_checks, "BACKUP_AGE", -timedelta(days=1))
    assert "make one" in data_checks.check_backups(options).remedy


@pytest.mark.parametrize("vault", [WorkingVault, lambda: None])
def test_a_backup_is_made_when_asked_for(
    options: Options, monkeypatch: pytest.MonkeyPatch, vault: Callable[[], object]
) -> None:
    kept = vault()
    monkeypatch.setattr(keyring, "find_os_vault", lambda: kept)
    assert repaired(options, "backups").health is Health.NOTE, "of nothing"
    path = options.data_dir / "hearth.db"
    key = DatabaseKey(options.data_dir, OsKeyring())
    key.unlock_at_start(path)
    # As it is while Hearth runs.
    with closing(Database.open(path, key=key.value)):
        assert dict(report.examine(options))["backups"].health is Health.NOTE
        assert not (options.data_dir / BACKUPS).exists(), "looking makes none"
        assert repaired(options, "backups").health is Health.FINE
    [made] = Snapshots(path, options.data_dir / BACKUPS).all()
    Snapshots(path, options.data_dir / BACKUPS, key.value).verify(made)
    assert (seal_of(made.path) is Seal.PLAIN) == (kept is None)


@pytest.mark.parametrize("error", [StoreFullError("No room."), OSError("No room.")])
def test_what_cannot_be_repaired_is_said_with_what_to_do(
    options: Options, error: Exception
) -> None:
    def refuse() -> None:
        raise error

    checks = {"one": lambda _: fault("Bad.", "Do this.", refuse)}
    found = dict(report.examine(replace(options, name="repair"), checks))["one"]
    assert found.remedy == "Do this. Hearth could not do it: No room."
    assert "--repair" not in report.line_of("one", found)


def test_what_the_system_refuses_is_a_fault(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(data_checks, "TemporaryFile", refuse)
    monkeypatch.setattr("socket.create_server", refuse)
    for check in (data_checks.check_folder, data_checks.check_port):
        finding = check(options)
        assert finding.health is Health.FAULT
        assert "Permission denied" in finding.cause
        assert finding.remedy


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(
    options: Options,
) -> None:
    def breaks(_: Options) -> Finding:
        raise ZeroDivisionError

    checks = {"one": breaks, "two": lambda _: Finding(cause="Fine.")}
    found = dict(report.examine(options, checks))
    assert found["one"].health is Health.FAULT
    assert found["two"].health is Health.FINE


def test_a_line_says_cause_and_remedy() -> None:
    line = report.line_of("room", fault("Full.", "Make room.", lambda: None))
    assert line.splitlines()[0] == "fault room: Full."
    assert "Make room." in line
    assert "--repair" in line


def test_the_command_line_knows_it() -> None:
    assert read_options(["doctor"]).verb is Verb.DOCTOR
    assert read_options(["doctor", "--repair"]).name == "repair"
    assert read_options(["doctor", "--bundle"]).name == "bundle"
