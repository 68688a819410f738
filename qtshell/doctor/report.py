"""Runs the checks, and says what they found: on the terminal or in a bundle."""

import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from qtshell.doctor import data_checks, desktop_checks
from qtshell.doctor.finding import Check, Finding, Health, fault
from qtshell.options import Options

BUNDLE: Final = "hearth-support.zip"
CHECKS: Final[Mapping[str, Check]] = {
    "versions": data_checks.check_versions,
    "display": desktop_checks.check_display,
    "tray": desktop_checks.check_tray,
    "portal": desktop_checks.check_portal,
    "sandbox": desktop_checks.check_sandbox,
    "spelling": desktop_checks.check_spelling,
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
            sys.stdout.write(_bundled(options, findings) + "\n")
        except OSError as exc:
            sys.stderr.write(f"{BUNDLE} could not be written here: {exc.strerror}.\n")
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
                finding.repair()
                finding = check(options)
        except Exception as exc:  # noqa: BLE001 the others are still of use
            finding = fault(
                f"This check failed: {type(exc).__name__}.", "Please report it."
            )
        yield name, finding


def line_of(name: str, finding: Finding) -> str:
    """Return a finding as the terminal shows it."""
    line = f"{finding.health.value:5} {name}: {finding.cause}"
    if finding.remedy:
        line += f"\n      → {finding.remedy}"
    if finding.repair:
        line += "\n      → Or let Hearth do it: hearth doctor --repair"
    return line


def _bundled(options: Options, findings: list[tuple[str, Finding]]) -> str:
    from qtshell.process.logs import redact  # noqa: PLC0415 Qt is slow

    said = "\n".join(line_of(name, finding) for name, finding in findings)
    target = Path(BUNDLE).absolute()
    # Never over a file that is there.
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("checks.txt", redact(said) + "\n")
        for log in sorted(options.log_dir.glob("*.log*")):
            text = log.read_text(encoding="utf-8", errors="replace")
            bundle.writestr(f"logs/{log.name}", redact(text))
    return (
        f"Written to {target}: these lines and the logs, without keys, addresses and "
        "your name. Read it before you share it."
    )
