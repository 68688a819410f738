"""Reads the dictionaries of Hunspell, which most systems have, for Chromium.

A pair of files: `.dic` has words and letters (flags) behind them, `.aff` says what a
flag adds. Chromium knows flags of one byte only: those of other kinds are given one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qtshell.web.word_list import Affixes, dictionary_with

_BYTES: Final = bytes(n for n in range(0x30, 0x100) if chr(n) not in "/#\x7f\x85\xa0")
_FLAGGED: Final = frozenset(
    {
        *("CIRCUMFIX", "COMPOUNDBEGIN", "COMPOUNDEND", "COMPOUNDFLAG"),
        *("COMPOUNDFORBIDFLAG", "COMPOUNDLAST", "COMPOUNDMIDDLE"),
        *("COMPOUNDPERMITFLAG", "COMPOUNDROOT", "FORBIDDENWORD", "FORCEUCASE"),
        *("KEEPCASE", "LEMMA_PRESENT", "NEEDAFFIX", "NOSUGGEST", "ONLYINCOMPOUND"),
        *("PSEUDOROOT", "SUBSTANDARD", "WARN"),
    }
)
"""The commands that name a flag."""
_LEFT_OUT: Final = frozenset({"SET", "FLAG", "AM", "NAME", "HOME", "VERSION"})
_UNKNOWN: Final = frozenset({"IGNORE", "COMPLEXPREFIXES"})
"""Chromium stores words otherwise than these want."""
_WORD: Final = re.compile(r"(?P<word>(?:\\/|[^/\t]|^/)+)(?:/(?P<flags>[^\s]*))?")
_ABOUT: Final = re.compile(r"\s+[a-z]{2}:.*|\t.*")


class UnknownDictionaryError(Exception):
    """It cannot be read; the text says why."""


@dataclass(slots=True)
class _Flags:
    """The flags of a dictionary, as bytes.

    Attributes:
        kind: How they are written: one letter, two letters ("long"), or "num".
        aliases: What stands for a number instead of flags.
    """

    kind: str = ""
    aliases: list[str] = field(default_factory=list)
    groups: dict[bytes, int] = field(default_factory=dict)
    _known: dict[str, int] = field(default_factory=dict)

    def byte(self, flag: str) -> bytes:
        """Return the byte of one flag."""
        number = self._known.setdefault(flag, len(self._known))
        if number >= len(_BYTES):
            raise UnknownDictionaryError("it has too many flags")
        return _BYTES[number : number + 1]

    def bytes_of(self, written: str) -> bytes:
        """Return the bytes of flags that stand together."""
        match self.kind:
            case "long":
                flags = [written[n : n + 2] for n in range(0, len(written), 2)]
            case "num":
                flags = written.split(",")
            case _:
                flags = [*written]
        return b"".join(self.byte(flag) for flag in flags if flag)

    def group(self, written: str) -> int:
        """Return the number of flags that stand together; 0 for none."""
        if self.aliases and written.isdigit():
            at = int(written) - 1
            written = self.aliases[at] if 0 <= at < len(self.aliases) else ""
        flags = self.bytes_of(written)
        return self.groups.setdefault(flags, len(self.groups) + 1) if flags else 0

    def rule(self, pattern: str) -> bytes:
        """Return a rule of compounds: flags, stars and question marks."""
        single = self.kind not in {"long", "num"}
        pieces = [*pattern] if single else re.findall(r"\([^)]*\)|[*?]", pattern)
        signs = {"*", "?"} | ({"(", ")"} if single else set())
        return b"".join(
            one.encode() if one in signs else self.byte(one.strip("()"))
            for one in pieces
        )


def convert(aff: Path, dic: Path) -> bytes:
    """Return a pair of files as Chromium reads it.

    Raises:
        UnknownDictionaryError: It is of a kind that Chromium does not know.
        OSError: It cannot be read.
    """
    raw = aff.read_bytes()
    encoding = _encoding_of(raw)
    try:
        lines = [*_clean(raw.decode(encoding).splitlines())]
        entries = dic.read_bytes().decode(encoding).splitlines()
    except (UnicodeDecodeError, LookupError) as exc:
        raise UnknownDictionaryError("its letters cannot be read") from exc
    flags = _Flags(kind=_first(lines, "FLAG"))
    flags.aliases = [one[3:].split()[0] for one in lines if one[:3] == "AF "][1:]
    rules = [*_rules(lines, flags)]
    others = [*_others(lines, flags)]
    words = _words(entries, flags)
    replaced = [one.split() for one in lines if one.startswith("REP ")]
    pairs = (one[1:3] for one in replaced if len(one) > 2)  # noqa: PLR2004 from and to
    replacements = [part.replace("_", " ").encode() for pair in pairs for part in pair]
    return dictionary_with(words, Affixes([*flags.groups], rules, replacements, others))


def _encoding_of(raw: bytes) -> str:
    found = re.search(rb"(?m)^SET\s+(\S+)", raw)
    name = found[1].decode("ascii", "replace").lower() if found else "iso8859-1"
    return {"utf-8": "utf-8-sig"}.get(name, name.removeprefix("microsoft-"))


def _clean(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if (kept := line.strip()) and not kept.startswith("#"):
            if kept.split()[0] in _UNKNOWN:
                raise UnknownDictionaryError(f"it uses {kept.split()[0]}")
            yield kept


def _first(lines: Iterable[str], command: str) -> str:
    found = (line.split() for line in lines)
    return next((one[1] for one in found if one[0] == command and len(one) > 1), "")


def _rules(lines: Iterable[str], flags: _Flags) -> Iterator[bytes]:
    """Yield what flags add: for each a head with the count, and so many lines."""
    left = 0
    for line in lines:
        if not line.startswith(("SFX ", "PFX ", "SFX\t", "PFX\t")):
            continue
        kind, flag, *rest = line.split()
        if not left:
            crosses, count = (*rest, "N", "0")[:2]
            left = int(count) if count.isdigit() else 0
            tail = f"{crosses} {count}"
        else:
            left -= 1
            strip, added, condition = (*rest, "0", ".", ".")[:3]
            added, slash, more = added.partition("/")
            added += f"/{flags.group(more)}" if slash and more else ""
            tail = f"{strip} {added} {condition}"
        yield kind.encode() + b" " + flags.byte(flag) + b" " + tail.encode()


def _others(lines: Iterable[str], flags: _Flags) -> Iterator[bytes]:
    for line in lines:
        command, *rest = line.split()
        if command in _LEFT_OUT | {"SFX", "PFX", "REP", "AF"}:
            continue
        if command in _FLAGGED and rest:
            yield command.encode() + b" " + flags.bytes_of(rest[0])
        elif command == "COMPOUNDRULE" and rest and not rest[0].isdigit():
            yield command.encode() + b" " + flags.rule(rest[0])
        else:
            yield line.encode()


def _words(lines: Iterable[str], flags: _Flags) -> dict[bytes, tuple[int, ...]]:
    """Return each word with its groups of flags; the first line is their number."""
    found: dict[bytes, set[int]] = {}
    for number, line in enumerate(lines):
        written = _WORD.match(_ABOUT.sub("", line.strip()))
        if written and not (number == 0 and written["word"].isdigit()):
            word = written["word"].replace("\\/", "/").encode()
            found.setdefault(word, set()).add(flags.group(written["flags"] or ""))
    return {word: tuple(sorted(ids, reverse=True)) for word, ids in found.items()}
