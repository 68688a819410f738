"""The command line: what a launch does that is not the one instance itself.

Nothing of Qt is imported here, so that a second launch is over in an instant.
"""

import json
import os
import stat
import sys
import time
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from backend.installation import creation_flags
from qtshell.display.server import display_problem
from qtshell.ipc.instance import (
    MAX_CALL_BYTES,
    TOO_LONG,
    Call,
    CallError,
    Instance,
    NotRunningError,
    Reply,
    claim_or_call,
    reach,
    running,
)
from qtshell.options import WINDOWED, Options, Verb

START_S: Final = 30.0
"""How long Hearth may take to start before a command gives up on it."""

_LOOK_AGAIN_S: Final = 0.05


class Exit(IntEnum):
    """What a script gets."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    INTERRUPTED = 130


def run(options: Options) -> int | Instance:
    """Do what was asked; return the exit code, or the right to be the instance."""
    try:
        return _run(options)
    except NotRunningError:
        return _not_running(options)
    except CallError as exc:
        return fail(str(exc))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED


def fail(sentence: str, code: Exit = Exit.FAILED) -> int:
    """Say on standard error why it was not done, and return the exit code."""
    sys.stderr.write(f"{sentence}\n")
    return code


def _run(options: Options) -> int | Instance:
    if options.verb in WINDOWED:
        return _open(options)
    match options.verb:
        case Verb.COMPLETION:
            from qtshell.desktop.completion import completion  # noqa: PLC0415 seldom

            sys.stdout.write(completion(options.name))
            return Exit.DONE
        case Verb.INSTALL_DESKTOP | Verb.UNINSTALL_DESKTOP | Verb.AUTOSTART:
            from qtshell.desktop import integration  # noqa: PLC0415 seldom needed

            return integration.run(options, quit_when_running)
        case Verb.DOCTOR:
            from qtshell.doctor import report  # noqa: PLC0415 seldom needed

            return report.run(options)
        case Verb.STATUS | Verb.QUIT if running(options.data_dir) is None:
            return _not_running(options)
        case Verb.QUIT:
            return quit_when_running(options)
        case Verb.ASK | Verb.NOTE | Verb.ACTION:
            return _send_text(options)
        case _:
            return _send(options, " ".join(options.words))


def _open(options: Options) -> int | Instance:
    asked = Call(options.verb.value, activation=_activation())
    try:
        claimed = claim_or_call(options.data_dir, asked)
    except OSError as exc:
        raise CallError(
            f"Hearth cannot use the folder {options.data_dir}: {exc.strerror}. "
            "Free some space, check its permissions, or choose another folder with "
            "--data-dir."
        ) from exc
    return claimed if isinstance(claimed, Instance) else show(claimed)


def quit_when_running(options: Options) -> int:
    """Ask the running instance, if any, to quit and wait until it has."""
    if running(options.data_dir) is None:
        return Exit.DONE
    code = show(reach(options.data_dir, Call(Verb.QUIT.value)))
    deadline = time.monotonic() + START_S
    while not code and running(options.data_dir) is not None:
        if time.monotonic() > deadline:
            return fail("Hearth is still quitting.")
        time.sleep(_LOOK_AGAIN_S)
    return code


def _not_running(options: Options) -> int:
    if options.as_json:
        sys.stdout.write(json.dumps({"running": False}) + "\n")
        return Exit.NOT_RUNNING
    return fail("Hearth is not running.", Exit.NOT_RUNNING)


def _send_text(options: Options) -> int:
    text = _text(options)
    if not text.strip() and options.verb is not Verb.ACTION:
        return fail(f"There is nothing to {options.verb.value}.", Exit.USAGE)
    return _send(options, text)


def _send(options: Options, text: str) -> int:
    if problem := _start_when_needed(options):
        return fail(problem)
    wants = "json" if options.as_json else options.name
    return show(reach(options.data_dir, Call(options.verb.value, wants, text)))


def _text(options: Options) -> str:
    """Return the words and, when asked for or piped, standard input."""
    words = [word for word in options.words if word != "-"]
    parts = [" ".join(words)]
    if len(words) < len(options.words) or _is_piped():
        read = sys.stdin.buffer.read(MAX_CALL_BYTES + 1)
        if len(read) > MAX_CALL_BYTES:
            raise CallError(TOO_LONG)
        parts.append(read.decode("utf-8", "replace").strip())
    return "\n\n".join(filter(None, parts))


def _is_piped() -> bool:
    if sys.stdin is None:
        return False
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def show(replies: Iterable[Reply]) -> int:
    """Print what comes as it comes and return the exit code."""
    last = "\n"
    for reply in replies:
        sys.stdout.write(reply.text)
        sys.stdout.flush()
        last = reply.text[-1:] or last
        if reply.exit is None:
            continue
        if last != "\n":
            sys.stdout.write("\n")
        if reply.error:
            sys.stderr.write(f"{reply.error}\n")
        return reply.exit
    if last != "\n":
        sys.stdout.write("\n")
    return fail("Hearth quit before the answer was complete.")


def _start_when_needed(options: Options) -> str:
    """Start Hearth in the tray and wait for it; return why that failed, or ""."""
    if running(options.data_dir) is not None:
        return ""
    if problem := display_problem():
        return problem
    import subprocess  # noqa: PLC0415 slow to import, seldom needed

    quiet = subprocess.DEVNULL
    started = subprocess.Popen(  # noqa: S603 this program itself
        [*options.launch_command, "--hidden"],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
        creationflags=creation_flags(),
    )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            list(reach(options.data_dir, Call(Verb.WAKE.value)))
        except NotRunningError:
            if started.poll():
                break
        else:
            return ""
        time.sleep(_LOOK_AGAIN_S)
    return f"Hearth could not be started. The reason is in {options.log_dir}."


def _activation() -> str:
    """Return what lets the running instance take the focus from whoever started us."""
    return os.environ.get("XDG_ACTIVATION_TOKEN", "")
