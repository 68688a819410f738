"""How to start the sidecar."""

import sys
from dataclasses import dataclass

from backend.installation import module_command


@dataclass(frozen=True, slots=True)
class Launch:
    """A program and its arguments."""

    program: str
    arguments: tuple[str, ...]


def sidecar_launch() -> Launch:
    """Return the command for this installation: on Linux that of the fork server."""
    module = "backend.fork_server" if sys.platform == "linux" else "backend"
    program, *arguments = module_command(module)
    return Launch(program, tuple(arguments))
