"""What `hearth doctor` finds, says and repairs."""

import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.interface.stored_values import SnapshotReason
from backend.keys import keyring
from backend.keys.key_ring import BACKUPS
from backend.recovery.snapshots import Snapshots
from backend.store.database import Database
from qtshell.doctor import data_checks, desktop_checks, report
from qtshell.doctor.finding import Finding, Health, fault
from qtshell.options import Options, Verb, read_options
from tests.helpers.fake_keyrings import WorkingVault
from tests.helpers.session_bus import bus_with
from tests.helpers.tray import screen_of
from tests.helpers.window import until


@pytest.fixture
def options(tmp_path: Path) -> Options:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return Options(data_dir=folder, log_dir=folder / "logs", verb=Verb.DOCTOR)


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_an_open_folder_is_shut_when_asked_for(options: Options) -> None:
    options.data_dir.chmod(0o755)
    assert dict(report.examine(options))["permissions"].health is Health.FAULT
    assert options.data_dir.stat().st_mode & 0o077
    asked = replace(options, name="repair")
    assert dict(report.examine(asked))["permissions"].health is Health.FINE
    assert not options.data_dir.stat().st_mode & 0o077


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


def test_the_bundle_has_the_logs_without_secrets_and_replaces_nothing(
    options: Options,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options.log_dir.mkdir()
    (options.log_dir / "hearth.log").write_text("Authorization: Bearer abc123\n")
    asked = replace(options, name="bundle")
    report.run(asked)
    with zipfile.ZipFile(report.BUNDLE) as bundle:
        assert b"abc123" not in bundle.read("logs/hearth.log")
        assert b"versions: Hearth" in bundle.read("checks.txt")
    before = Path(report.BUNDLE).read_bytes()
    assert report.run(asked) == 1
    assert Path(report.BUNDLE).read_bytes() == before
    assert "exists" in capsys.readouterr().err


def test_the_command_line_knows_it() -> None:
    assert read_options(["doctor"]).verb is Verb.DOCTOR
    assert read_options(["doctor", "--repair"]).name == "repair"
    assert read_options(["doctor", "--bundle"]).name == "bundle"
