"""The process that reads one file: `reader` starts it.

The content of the file comes first on its stdin, then what is asked as a JSON line. It
answers with JSON lines: a head, the sections as they are read, and an end.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, Final

from backend.documents.document import MAX_CHARS, LeftOut, Omission
from backend.documents.limits import (
    CPU_S,
    MEMORY_BYTES,
    UnreadableError,
    damaged,
    too_large,
)
from backend.documents.reading import FileReading
from backend.documents.sniffing import open_reading
from backend.runtime.confinement import confine
from backend.runtime.worker import answer, finish, take_content, take_job
from backend.sqlite.folding import words_of
from backend.text.surrogates import join_halves

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def answers(content: bytes, name: str) -> Iterator[dict[str, Any]]:
    """Yield what is answered of a file, whatever it holds."""
    try:
        reading = open_reading(content, name)
        yield {
            "kind": reading.kind.name,
            "unit": reading.unit.name,
            "total": reading.total,
            "header": reading.header,
            "language": reading.language,
        }
        yield from _parts(reading)
    except UnreadableError as exc:
        yield {"error": str(exc)}
    except MemoryError:
        yield {"error": str(too_large())}
    except Exception:  # noqa: BLE001 its words may be those of the file
        yield {"error": str(damaged())}


def _parts(reading: FileReading) -> Iterator[dict[str, Any]]:
    left_out: list[LeftOut] = []
    chars = words = last = 0
    for part in reading.parts:
        if isinstance(part, LeftOut):
            left_out.append(part)
            continue
        text = _CONTROL.sub("", join_halves(part.text))
        chars += len(text)
        if chars > MAX_CHARS:
            left_out.append(LeftOut(Omission.REST, reading.total - last))
            break
        words += len(words_of(text))
        last = part.last
        yield {"section": asdict(replace(part, text=text))}
    omitted = [asdict(each) | {"why": each.why.name} for each in left_out]
    yield {"left_out": omitted, "words": words}


def main() -> None:
    """Read what is asked for."""
    content = take_content()
    asked = take_job()
    confine(cpu_s=CPU_S, memory_bytes=MEMORY_BYTES)
    for each in answers(content, asked["name"]):
        answer(each)
        sys.stdout.flush()
    finish()


if __name__ == "__main__":
    main()
