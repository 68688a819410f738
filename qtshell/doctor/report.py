"""Runs the checks, and says what they found."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from backend.errors import HearthError
from qtshell.doctor import bundle, data_checks, desktop_checks
from qtshell.doctor.finding import Check, Finding, Health, Repair, fault
from qtshell.options import Options

CHECKS: Final[Mapping[str, Check]] = {
    "versions": data_checks.check_versions,
    "display": desktop_checks.check_display,
    "tray": desktop_checks.check_tray,
    "portal": desktop_checks.check_portal,
    "sandbox": desktop_checks.check_sandbox,
    "spelling": desktop_checks.check_spelling,
    "menu": desktop_checks.check_menu,
    "folder": data_checks.check_folder,
    "permissions": data_checks.check_permissions,
    "room": data_checks.check_room,
    "port": data_checks.check_port,
    "keyring": data_checks.check_keyring,
    "database": data_checks.check_database,
    "backups": data_checks.check_backups,
    "engine": data_checks.check_engine,
    "running": data_checks.check_running,
}


def run(options: Options) -> int:
    """Print what the checks find, repair what is asked for; 1 when a fault is left."""
    findings = []
    for name, finding in examine(options):
        findings.append((name, finding))
        sys.stdout.write(line_of(name, finding) + "\n")
        sys.stdout.flush()
    if options.name == "bundle":
        try:
            said = "".join(f"{line_of(*found)}\n" for found in findings)
            sys.stdout.write(f"{bundle.write(said, options)}\n")
        except OSError as exc:
            why = exc.strerror
            sys.stderr.write(f"{bundle.NAME}.zip could not be written here: {why}.\n")
            return 1
    return int(any(found.health is Health.FAULT for _, found in findings))


def examine(
    options: Options, checks: Mapping[str, Check] = CHECKS
) -> Iterator[tuple[str, Finding]]:
    """Run check after check; one that breaks is a finding itself."""
    for name, check in checks.items():
        try:
            finding = check(options)
            if finding.repair and options.name == "repair":
                finding = _repaired(finding, finding.repair) or check(options)
        except Exception as exc:  # noqa: BLE001 the others are still of use
            finding = fault(
                f"This check failed: {type(exc).__name__}.", "Please report it."
            )
        yield name, finding


def _repaired(finding: Finding, repair: Repair) -> Finding | None:
    """Repair it; what cannot be repaired is said, with what the user can do."""
    try:
        repair()
    except (HearthError, OSError) as exc:
        why = f"Hearth could not do it: {exc}"
        return replace(finding, remedy=f"{finding.remedy} {why}", repair=None)
    return None


def line_of(name: str, finding: Finding) -> str:
    """Return a finding as the terminal shows it."""
    line = f"{finding.health.value:5} {name}: {finding.cause}"
    if finding.remedy:
        line += f"\n      → {finding.remedy}"
    if finding.repair:
        line += "\n      → Or let Hearth do it: hearth doctor --repair"
    return line
