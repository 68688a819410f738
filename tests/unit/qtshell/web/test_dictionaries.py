"""Which dictionaries there are, which are used, and the user's own words among them."""

import errno
import os
from pathlib import Path

import pytest

from qtshell.web.dictionaries import (
    chosen_languages,
    convert_into,
    gather,
    hunspell_pairs,
    keep_words,
    known_languages,
    own_folder,
)
from qtshell.web.word_list import dictionary_of

# As qwebengine_convert_dict 6.4.2 writes these four words.
CONVERTED = (
    "42446963020000002000 00003b0000000549c52656e52e479f87d89130fe3cd3"
    "3200000038000000390000003a0000000a0a4146203000000000 00e468006b07"
    "710f7719400 0656c6c6f004000697474656e0040007565737469 6f6e0040006f"
    "726c6400"
)
WORDS = ["hello", "world", "kitten", "question"]


def test_words_are_written_as_the_converter_of_qt_writes_them() -> None:
    assert dictionary_of(reversed(WORDS)) == bytes.fromhex(CONVERTED.replace(" ", ""))


def test_a_word_within_another_and_many_letters_have_their_places() -> None:
    letters = [chr(ord("a") + n) * 2 for n in range(26)]
    written = dictionary_of([*letters, "aab", "éa", ""])
    assert written[0x3B] == 0xC0
    assert b"\xe2\x00\x00b\x02\x00\x00\x00\x00" in written


def test_dictionaries_of_the_system_are_linked_and_gone_with_it(tmp_path: Path) -> None:
    data, system = tmp_path / "data", tmp_path / "system"
    assert gather(data, [system], ()) is None
    assert not data.exists()
    system.mkdir()
    (system / "de_DE.bdic").write_bytes(b"de")
    (system / "fr.aff").touch()
    assert gather(data, [system], ()) == own_folder(data)
    assert gather(data, [system], ()) == own_folder(data)
    (own_folder(data) / "nl.bdic").write_bytes(b"nl")
    keep_words(own_folder(data), WORDS)
    assert known_languages(own_folder(data)) == ["de_DE", "nl"]
    (system / "de_DE.bdic").unlink()
    gather(data, [system], ())
    assert known_languages(own_folder(data)) == ["nl"]


def test_words_that_cannot_be_written_leave_those_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_words(tmp_path, WORDS)
    [before] = tmp_path.iterdir()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep_words(tmp_path, [*WORDS, "fifth"])
    assert before.read_bytes() == dictionary_of(WORDS)
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.parametrize(
    ("kept", "desktop", "chosen"),
    [
        (None, ["de-DE", "en-US"], ["de_DE", "en-US"]),
        (None, ["DE-de"], ["de_DE"]),
        (None, ["ja-JP"], []),
        ("", ["de-DE"], []),
        ("en-US gone", ["de-DE"], ["en-US"]),
    ],
)
def test_the_languages_are_those_chosen_or_of_the_desktop(
    kept: str | None, desktop: list[str], chosen: list[str]
) -> None:
    known = ["de_AT", "de_DE", "en-US"]
    assert chosen_languages(kept, known, desktop) == chosen


def test_those_of_hunspell_are_converted_and_gone_or_made_anew_with_them(
    tmp_path: Path,
) -> None:
    data, system = tmp_path / "data", tmp_path / "hunspell"
    system.mkdir()
    for name in ("de_DE.aff", "de_DE.dic", "hyph_de.dic", "lost.aff", "ar.aff"):
        (system / name).write_text("SET UTF-8\n")
    (system / "ar.aff").write_text("IGNORE x\n")
    (system / "ar.dic").touch()
    pairs = hunspell_pairs([system, tmp_path / "none"])
    assert pairs == {"de_DE": system / "de_DE.aff", "ar": system / "ar.aff"}
    own = gather(data, (), [system])
    assert own == own_folder(data)
    assert known_languages(own) == []
    assert convert_into(own, pairs["de_DE"])
    assert not convert_into(own, pairs["ar"]), "Chromium would read it wrongly"
    assert known_languages(own) == ["de_DE"]
    gather(data, (), [system])
    assert known_languages(own) == ["de_DE"]
    os.utime(system / "de_DE.dic", (2**32, 2**32))
    gather(data, (), [system])
    assert known_languages(own) == []
    os.utime(system / "de_DE.dic", (1, 1))
    assert convert_into(own, pairs["de_DE"])
    (system / "de_DE.dic").unlink()
    gather(data, (), [system])
    assert known_languages(own) == []
