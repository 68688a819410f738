"""Keeps the tables of MEASUREMENTS.md: a run that is asked to replaces its own."""

import datetime
import re
from typing import Final

from tests.helpers.sidecar import ROOT

PATH: Final = ROOT / "MEASUREMENTS.md"


def record(section: str, markdown: str) -> None:
    """Put a table between the marks of its section, with the day it was measured.

    Args:
        section: Its mark, as in `<!-- bench:store -->`.
        markdown: What stands there from now on.

    Raises:
        ValueError: The document has no such section.
    """
    today = datetime.datetime.now(tz=datetime.UTC).date()
    text = PATH.read_text(encoding="utf-8")
    PATH.write_text(
        replaced(text, section, f"{markdown.strip()}\n\nMeasured on {today}."),
        encoding="utf-8",
    )


def replaced(text: str, section: str, markdown: str) -> str:
    """Return a document with another text in a section.

    Raises:
        ValueError: The document has no such section.
    """
    begin, end = f"<!-- {section} -->\n", f"<!-- /{section} -->"
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", text, re.DOTALL)
    if not found:
        msg = f"no section {section}"
        raise ValueError(msg)
    return f"{text[: found.start()]}{begin}{markdown}\n{end}{text[found.end() :]}"
