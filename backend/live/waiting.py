"""What stands in for the first words of an answer while another one is written."""

from dataclasses import dataclass
from typing import ClassVar

from backend.web.rendering import Template


@dataclass(frozen=True)
class Waiting(Template):
    """Says that it waits, or nothing any more."""

    template: ClassVar[str] = "messages/_waiting.html"
    is_waiting: bool
