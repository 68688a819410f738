"""Gathers the dictionaries that Chromium checks spelling with.

Chromium reads dictionaries of one folder, each in a file named for its language. The
wheels of Qt bring none: those of the system are linked into a folder of the data
folder, beside what the user puts there and the user's own words. Where the system has
those of Hunspell alone, the ones that are wanted are converted.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from backend.sqlite.files import write_whole
from qtshell.web.hunspell import UnknownDictionaryError, convert
from qtshell.web.word_list import dictionary_of

log = logging.getLogger("hearth.web")

OWN_WORDS: Final = "own-words"
"""The dictionary of words the user added."""
_SUFFIX: Final = ".bdic"
_SYSTEM: Final = (
    Path("/usr/share/hunspell-bdic"),
    Path("/usr/share/qt6/qtwebengine_dictionaries"),
    Path("/app/share/qtwebengine_dictionaries"),
)


_HUNSPELL: Final = (
    Path("/usr/share/hunspell"),
    Path("/usr/share/myspell/dicts"),
    Path("/app/share/hunspell"),
)
_CONVERTED: Final = "converted"


def own_folder(data_dir: Path) -> Path:
    """Return where the dictionaries of a data folder are."""
    return data_dir / "dictionaries"


def gather(
    data_dir: Path,
    system: Iterable[Path] = _SYSTEM,
    hunspell: Sequence[Path] = _HUNSPELL,
) -> Path | None:
    """Link the dictionaries of the system; return the folder if there are any."""
    own = own_folder(data_dir)
    pairs = hunspell_pairs(hunspell)
    try:
        _forget_gone(own, pairs)
        for file in (one for folder in system for one in folder.glob(f"*{_SUFFIX}")):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
            link = own / file.name
            if not link.exists():
                link.symlink_to(file)
        if pairs:
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        log.warning("dictionaries are left out: %s", exc)
    return own if known_languages(own) or (pairs and own.exists()) else None


def hunspell_pairs(folders: Iterable[Path] = _HUNSPELL) -> dict[str, Path]:
    """Return the languages of Hunspell's dictionaries, each with its `.aff`."""
    found = (aff for folder in folders for aff in sorted(folder.glob("*.aff")))
    return {aff.stem: aff for aff in found if aff.with_suffix(".dic").exists()}


def convert_into(own: Path, aff: Path) -> bool:
    """Convert a dictionary of Hunspell; return whether it can be used."""
    made = own / _CONVERTED / f"{aff.stem}{_SUFFIX}"
    link = own / made.name
    try:
        made.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(made, convert(aff, aff.with_suffix(".dic")))
        if not link.exists():
            link.symlink_to(made.relative_to(own))
    except (UnknownDictionaryError, OSError) as exc:
        log.warning("the dictionary %s is left out: %s", aff.stem, exc)
        return False
    return True


def _forget_gone(own: Path, pairs: Mapping[str, Path]) -> None:
    """Remove what was made or linked of dictionaries that are gone, or changed."""
    for file in (own / _CONVERTED).glob(f"*{_SUFFIX}"):
        if not _is_fresh(file, pairs.get(file.stem)):
            file.unlink()
    for file in own.glob(f"*{_SUFFIX}"):
        if not file.exists():
            file.unlink()


def _is_fresh(converted: Path, aff: Path | None) -> bool:
    if aff is None:
        return False
    files = (aff, aff.with_suffix(".dic"))
    changed = max(file.stat().st_mtime for file in files)
    return converted.stat().st_mtime >= changed


def keep_words(folder: Path, words: Iterable[str]) -> None:
    """Write the dictionary of the user's own words.

    Raises:
        OSError: It cannot be written.
    """
    write_whole(folder / f"{OWN_WORDS}{_SUFFIX}", dictionary_of(words))


def known_languages(folder: Path) -> list[str]:
    """Return the languages there are dictionaries for."""
    names = {file.stem for file in folder.glob(f"*{_SUFFIX}")}
    return sorted(names - {OWN_WORDS})


def chosen_languages(
    kept: str | None, known: Sequence[str], desktop: Iterable[str]
) -> list[str]:
    """Return which languages are checked.

    Args:
        kept: What the user chose, separated by spaces; None for no choice yet.
        known: Those there are dictionaries for.
        desktop: Those of the desktop, the most wanted first.
    """
    if kept is not None:
        return [language for language in known if language in kept.split()]
    by_name = {_plain(language): language for language in reversed(known)}
    found = (by_name.get(_plain(language)) for language in desktop)
    return list(dict.fromkeys(filter(None, found)))


def pairs_of(languages: Iterable[str], pairs: Mapping[str, Path]) -> list[Path]:
    """Return the dictionaries of Hunspell for languages that have one.

    A language may be known by a dictionary of Chromium, which is called otherwise.
    """
    by_name = {_plain(language): aff for language, aff in pairs.items()}
    found = (by_name.get(_plain(language)) for language in languages)
    return list(filter(None, found))


def _plain(language: str) -> str:
    return language.replace("_", "-").lower()
