"""What Hearth can be told on its command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from platformdirs import user_data_dir, user_log_dir


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line, with every default filled in."""

    data_dir: Path
    log_dir: Path
    hidden: bool = False
    dev: bool = False


def program_version() -> str:
    """Return the version of what is installed."""
    try:
        return version("hearth")
    except PackageNotFoundError:
        return "development"


def read_options(argv: Sequence[str]) -> Options:
    """Read the arguments; a wrong one ends the program with a sentence."""
    parser = argparse.ArgumentParser(
        prog="hearth", description="A private assistant that lives on your desktop."
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="keep everything of this instance in DIR",
    )
    parser.add_argument("--hidden", action="store_true", help="start in the tray")
    parser.add_argument(
        "--dev",
        action="store_true",
        help="developer tools: verbose log, remote debugging of the page allowed",
    )
    parser.add_argument(
        "--version", action="version", version=f"Hearth {program_version()}"
    )
    told = parser.parse_args(argv)
    data_dir, log_dir = _folders(told.data_dir)
    return Options(data_dir=data_dir, log_dir=log_dir, hidden=told.hidden, dev=told.dev)


def _folders(chosen: Path | None) -> tuple[Path, Path]:
    if chosen is not None:
        home = chosen.expanduser().absolute()
        return home, home / "logs"
    name = "hearth"
    return (
        Path(user_data_dir(name, appauthor=False)),
        Path(user_log_dir(name, appauthor=False)),
    )
