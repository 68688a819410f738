"""What Hearth understands on its command line."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from backend.installation import own_command, running_version

_NAME: Final = "hearth"


class Verb(Enum):
    """What a launch is for."""

    OPEN = "open"
    WAKE = "wake"
    NEW_CHAT = "new-chat"
    QUICK_ASK = "quick-ask"
    NOTE_FROM_CLIPBOARD = "note-from-clipboard"
    ASK = "ask"
    NOTE = "note"
    SEARCH = "search"
    ACTION = "action"
    STATUS = "status"
    QUIT = "quit"
    DOCTOR = "doctor"
    COMPLETION = "completion"
    INSTALL_DESKTOP = "install-desktop"
    UNINSTALL_DESKTOP = "uninstall-desktop"
    AUTOSTART = "autostart"


WINDOWED: Final = frozenset(
    {
        Verb.OPEN,
        Verb.WAKE,
        Verb.NEW_CHAT,
        Verb.QUICK_ASK,
        Verb.NOTE_FROM_CLIPBOARD,
    }
)
"""What starts Hearth in this process when it does not run yet."""


_WITHOUT_WINDOW: Final = frozenset(
    {Verb.WAKE, Verb.QUICK_ASK, Verb.NOTE_FROM_CLIPBOARD}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line, with every default filled in.

    Attributes:
        name: The action's name, the shell's, "on" and "off", or what a check does
            beside ("repair", "bundle").
        words: What is asked, noted or searched for; "-" is standard input.
    """

    data_dir: Path
    log_dir: Path
    hidden: bool = False
    dev: bool = False
    verb: Verb = Verb.OPEN
    name: str = ""
    words: tuple[str, ...] = ()
    as_json: bool = False

    @property
    def instance_arguments(self) -> tuple[str, ...]:
        """The arguments that lead another launch to the same instance."""
        if self.log_dir != _logs_in(self.data_dir):
            return ()
        return ("--data-dir", str(self.data_dir))

    @property
    def launch_command(self) -> tuple[str, ...]:
        """The command that leads to the same instance, or starts it."""
        return (*own_command(), *self.instance_arguments)


class _Version(argparse.Action):
    """Says the version and ends the program."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 argparse's signature
        values: object,  # noqa: ARG002 argparse's signature
        option_string: str | None = None,  # noqa: ARG002 argparse's signature
    ) -> None:
        # `exit` would say it on standard error.
        sys.stdout.write(f"Hearth {running_version()}\n")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Return the whole command line; completion and the help are made from it."""
    parser = argparse.ArgumentParser(
        prog=_NAME,
        description="A private assistant that lives on your desktop. "
        "Without a command, its window is opened.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or no display, "
        "3 not running, 130 interrupted; the answer is then stopped and kept.",
    )
    _add_common(parser, default=None)
    parser.add_argument("--hidden", action="store_true", help="start in the tray")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    only = parser.add_mutually_exclusive_group()
    for verb, help_text in _COMMANDS.items():
        only.add_argument(
            f"--{verb.value}",
            dest="verb",
            action="store_const",
            const=verb,
            help=help_text,
        )
    only.add_argument(
        "--autostart",
        choices=("on", "off"),
        help="start Hearth in the tray when you log in, or not",
    )
    _add_commands(parser)
    return parser


_COMMANDS: Final = {
    Verb.NEW_CHAT: "open the window with a new conversation",
    Verb.QUICK_ASK: "open the small window for a quick question",
    Verb.NOTE_FROM_CLIPBOARD: "save the clipboard as a note",
    Verb.INSTALL_DESKTOP: "put Hearth into the start menu",
    Verb.UNINSTALL_DESKTOP: "take Hearth out of the start menu; your data stays",
}


def _add_common(parser: argparse.ArgumentParser, default: object) -> None:
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        default=default,
        help="keep all data of this instance in DIR",
    )
    parser.add_argument(
        "--dev",
        action="store_true",
        default=default or False,
        help="developer tools: verbose log, remote debugging of the page allowed",
    )


def _add_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", dest="command", metavar="")

    def add(verb: Verb, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            verb.value, help=help_text, description=f"{help_text.capitalize()}."
        )
        _add_common(command, default=argparse.SUPPRESS)
        return command

    ask = add(Verb.ASK, "ask a question and print the answer as it is written")
    _add_words(ask, "QUESTION", "the question; '-' or a pipe adds standard input")
    note = add(Verb.NOTE, "save a note")
    _add_words(note, "TEXT", "the note; '-' or a pipe adds standard input")
    search = add(Verb.SEARCH, "find conversations, messages and notes")
    search.add_argument("words", metavar="WORD", nargs="+", help="what to look for")
    action = add(Verb.ACTION, "run a quick action on the clipboard or standard input")
    action.add_argument("name", metavar="NAME", help="the action's name, or its start")
    _add_words(action, "-", "read standard input instead of the clipboard", nargs="?")
    status = add(Verb.STATUS, "show whether Hearth is running, and its state")
    status.add_argument(
        "--json", dest="as_json", action="store_true", help="print it as JSON"
    )
    add(Verb.QUIT, "quit the running Hearth")
    doctor = add(Verb.DOCTOR, "check what Hearth needs, and say how to mend it")
    for name, help_text in _BESIDE_CHECKS.items():
        doctor.add_argument(
            f"--{name}",
            dest="name",
            action="store_const",
            const=name,
            default="",
            help=help_text,
        )
    completion = add(Verb.COMPLETION, "print the completion of a shell")
    completion.add_argument("name", metavar="SHELL", choices=("bash", "zsh", "fish"))


_BESIDE_CHECKS: Final = {
    "repair": "also mend what a program can",
    "bundle": "also write findings and logs, without secrets, to a zip file here",
}


def _add_words(
    command: argparse.ArgumentParser, name: str, help_text: str, nargs: str = "*"
) -> None:
    command.add_argument("words", metavar=name, nargs=nargs, help=help_text)


def read_options(argv: Sequence[str]) -> Options:
    """Read the arguments; a wrong one ends the program with a sentence."""
    options = build_parser().parse_args(argv)
    data_dir, log_dir = _folders(options.data_dir)
    words = getattr(options, "words", None) or ()
    verb, name = options.verb, getattr(options, "name", "")
    if options.command:
        verb = Verb(options.command)
    elif options.autostart:
        verb, name = Verb.AUTOSTART, options.autostart
    verb = verb or (Verb.WAKE if options.hidden else Verb.OPEN)
    return Options(
        data_dir=data_dir,
        log_dir=log_dir,
        hidden=options.hidden or verb in _WITHOUT_WINDOW,
        dev=options.dev,
        verb=verb,
        name=name,
        words=(words,) if isinstance(words, str) else tuple(words),
        as_json=getattr(options, "as_json", False),
    )


def _folders(chosen: Path | None) -> tuple[Path, Path]:
    if chosen is not None:
        home = chosen.expanduser().absolute()
        return home, _logs_in(home)
    from platformdirs import user_data_dir, user_log_dir  # noqa: PLC0415 slow to import

    return (
        Path(user_data_dir(_NAME, appauthor=False)),
        Path(user_log_dir(_NAME, appauthor=False)),
    )


def _logs_in(chosen: Path) -> Path:
    return chosen / "logs"
