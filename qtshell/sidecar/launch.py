"""How to start the sidecar."""

from dataclasses import dataclass

from backend.installation import module_command


@dataclass(frozen=True, slots=True)
class Launch:
    """A program and its arguments."""

    program: str
    arguments: tuple[str, ...]


def sidecar_launch() -> Launch:
    """Return the command for this installation."""
    program, *arguments = module_command("backend")
    return Launch(program, tuple(arguments))
