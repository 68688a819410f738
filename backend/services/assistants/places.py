"""The places of instructions that are filled when a question is sent."""

import re
from datetime import datetime
from typing import Final

PLACES: Final = ("date", "time", "name", "model")
_PLACE: Final = re.compile(r"\{([A-Za-z_]+)\}")


def fill(text: str, *, now: datetime, name: str, model: str) -> str:
    """Return instructions with their places filled, each once and nothing inside them.

    What is not known stays as it is.
    """
    known = {
        "date": f"{now.day} {now:%B %Y}",
        "time": f"{now:%H:%M}",
        "name": name,
        "model": model,
    }
    return _PLACE.sub(lambda found: known.get(found[1]) or found[0], text)


def unfilled(text: str, name: str) -> str:
    """Say which places of instructions stay as they are; "" when none do."""
    found = dict.fromkeys(_PLACE.findall(text))
    strange = [f"{{{one}}}" for one in found if one not in PLACES]
    said = []
    if strange:
        they = "it is" if len(strange) == 1 else "they are"
        words = " and ".join(filter(None, (", ".join(strange[:-1]), strange[-1])))
        said.append(f"Hearth does not know {words}: {they} sent as written.")
    if "name" in found and not name:
        said.append("{name} is sent as written until you enter your name in Settings.")
    return " ".join(said)
