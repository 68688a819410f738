"""What the shell says of the computer and the window: it holds whatever is open."""

from msgspec import Struct


class ShellReport(Struct):
    """What only the shell sees.

    Attributes:
        is_metered: The system says that the connection costs by what goes over it.
        is_in_view: Somebody may be looking at the window; also where nobody tells.
    """

    is_metered: bool = False
    is_in_view: bool = True
