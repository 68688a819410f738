"""Dictionaries of Hunspell are written as Qt's converter writes them."""

from pathlib import Path

import pytest

from qtshell.web.hunspell import UnknownDictionaryError, convert

KINDS = {
    "letters": ("", "A", "AB", "B", "n*A"),
    "long": ("FLAG long\n", "Aa", "AaBb", "Bb", "(nn)*(Aa)"),
    "num": ("FLAG num\n", "1001", "1001,7", "7", "(9)*(1001)"),
}


def write(folder: Path, aff: str, dic: str, encoding: str = "utf-8") -> bytes:
    paths = folder / "x.aff", folder / "x.dic"
    for path, text in zip(paths, (aff, dic), strict=True):
        path.write_bytes(text.encode(encoding))
    return convert(*paths)


@pytest.mark.parametrize("kind", KINDS)
def test_flags_of_every_kind_become_the_same(kind: str, tmp_path: Path) -> None:
    head, one, both, other, rule = KINDS[kind]
    aff = f"""SET UTF-8
{head}
# a remark
REP 1
REP f ph
COMPOUNDRULE 1
COMPOUNDRULE {rule}
ONLYINCOMPOUND {other}
PFX {one} Y 1
PFX {one} 0 re .
SFX {other} N 2
SFX {other} y ies/{one} [^aeiou]y  is:plural
SFX {other} 0 s [aeiou]y
"""
    dic = f"3\nparty/{both}\tpo:noun\nday/{other} po:noun\n7\na\\/b\n/\n"
    made = write(tmp_path, aff, dic)
    assert b"AF 3\0AF 0\0AF 01\0AF 1\0\0" in made
    assert b"SFX 1 y ies/" in made
    assert b"f\0ph\0\0" in made
    assert b"remark" not in made
    assert b"noun" not in made


def test_letters_of_other_encodings_are_read_and_aliases_meant(tmp_path: Path) -> None:
    aff = "SET ISO8859-15\nAF 2\nAF A\nAF AB\nSFX A Y 1\nSFX A 0 \u00e9 .\n"
    made = write(tmp_path, aff, "1\nfianc/2\n", "iso8859-15")
    assert "\u00e9".encode() in made
    assert b"AF 1\0AF 01\0\0" in made


@pytest.mark.parametrize(
    ("aff", "why"),
    [
        ("SET UTF-8\nIGNORE x\n", "IGNORE"),
        ("SET klingon\n", "letters"),
        ("FLAG num\n" + "".join(f"SFX {n} Y 0\n" for n in range(300)), "flags"),
    ],
    ids=["ignore", "letters", "flags"],
)
def test_what_chromium_cannot_have_is_said(aff: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownDictionaryError, match=why):
        write(tmp_path, aff, "1\na\n")
