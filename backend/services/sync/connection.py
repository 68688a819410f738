"""What the shell says of the connection: it holds for the run, whatever is open."""

from dataclasses import dataclass


@dataclass(slots=True)
class NetworkConnection:
    """The connection of this computer.

    Attributes:
        is_metered: The system says that it costs by what goes over it.
    """

    is_metered: bool = False
