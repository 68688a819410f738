"""Dictionaries of Hunspell with few words."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from qtshell.settings import ShellSettings
from qtshell.window.spelling import Spelling


def write_dictionary(
    folder: Path, language: str, words: Iterable[str], encoding: str = "UTF-8"
) -> Path:
    """Write the two files of a language; return the `.aff`."""
    folder.mkdir(parents=True, exist_ok=True)
    aff = folder / f"{language}.aff"
    aff.write_text(f"SET {encoding}\nTRY esianrtolcdugmphbyfvkwz\n")
    lines = [*words]
    dic = "\n".join([str(len(lines)), *lines, ""])
    aff.with_suffix(".dic").write_bytes(dic.encode(encoding))
    return aff


def spelling_of(data_dir: Path, window: QWidget, *words: str) -> Spelling:
    """Return the spelling of a window in English, which has a few words."""
    settings = ShellSettings(data_dir)
    settings.spelling = "en_US"
    (data_dir / "dictionaries").mkdir(parents=True, exist_ok=True)
    aff = write_dictionary(data_dir / "hunspell", "en_US", ["hello", "world", *words])
    return Spelling(settings, data_dir, window, {"en_US": aff})
