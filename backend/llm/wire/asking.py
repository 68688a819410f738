"""Other ways to ask the same, for servers and templates that refuse the first one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from backend.llm.engine import Role, Turn
from backend.llm.wire.continuing import asked_in_words, is_continuation

_OF_ROLES: Final = re.compile(
    r"\brole|system|template|jinja|alternat|raise_exception|assistant|prefill",
    re.IGNORECASE,
)
_OF_SIGHT: Final = re.compile(
    r"image|vision|visual|picture|multi-?modal|mmproj|content.{0,40}\bstring|"
    r"string.{0,40}\bcontent|expected a string",
    re.IGNORECASE | re.DOTALL,
)
_DENIES: Final = re.compile(
    r"\b(?:not|no|none|only|cannot|unsupported|unknown|expected|must|should|requires?|"
    r"without|invalid)\b|n't\b",
    re.IGNORECASE,
)
_OF_ONE_PICTURE: Final = re.compile(
    r"too (?:large|big|many|small)|exceed|maximum|dimension|decode|corrupt|"
    r"image (?:data|format)|"
    r"(?:invalid|bad|process\w*|load\w*|read\w*) (?:\w+ ){0,2}image",
    re.IGNORECASE,
)
"""What is wrong with a picture says nothing of the model."""
_LONGEST: Final = "max_tokens"
_NEWER_LONGEST: Final = "max_completion_tokens"
_OF_SYSTEM: Final = re.compile(r"\bsystem\b", re.IGNORECASE)


class Way(Struct, frozen=True):
    """One way to ask.

    Attributes:
        is_plain: It has no turn of the system: instructions stand in a question.
        is_bare: Nothing is asked for that is no part of an answer.
        is_silent: Nor is said how to answer.
    """

    turns: Sequence[Turn]
    is_plain: bool = False
    is_bare: bool = False
    is_silent: bool = False


class Ways:
    """The ways to ask for one answer, the most natural one first."""

    def __init__(
        self,
        turns: Sequence[Turn],
        *,
        is_plain: bool = False,
        has_parameters: bool = False,
    ) -> None:
        asked = [turns]
        if is_continuation(turns):
            asked.append(asked_in_words(turns))
        has_system = any(turn.role is Role.SYSTEM for turn in turns)
        plain = [Way(instructions_first(t), is_plain=True) for t in asked if has_system]
        self._left = plain if plain and is_plain else [*map(Way, asked), *plain]
        bare = replace(self._left[0], is_bare=True)
        self._left.append(bare)
        if has_parameters:
            self._left.append(replace(bare, is_silent=True))

    def take(self) -> Way:
        """Return the next way."""
        return self._left.pop(0)

    def after(self, words: str) -> "Way | None":
        """Return the way to try after a refusal in these words; None when none is."""
        plain = [way for way in self._left if way.is_plain]
        if plain and _OF_SYSTEM.search(words):
            self._left = plain
        return self.take() if self._left else None


def speaks_of_roles(words: str) -> bool:
    """Whether a refusal is about who says what in which order."""
    return bool(_OF_ROLES.search(words))


def refuses_pictures(words: str, turns: Sequence[Turn]) -> bool:
    """Whether a refusal of turns with pictures says that the model cannot see."""
    has_pictures = any(turn.pictures for turn in turns)
    return (
        has_pictures
        and bool(_OF_SIGHT.search(words) and _DENIES.search(words))
        and not _OF_ONE_PICTURE.search(words)
    )


class Accepted:
    """What the models of a server take beside the messages, as it was learnt."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}

    def of(self, model: str, wanted: Mapping[str, object]) -> dict[str, object]:
        """Return what a model takes of what is wanted, by the names it knows."""
        known = self._names.get(model, {})
        named = {_name(name, known): value for name, value in wanted.items()}
        return {name: value for name, value in named.items() if name}

    def learn(self, model: str, sent: Mapping[str, object], words: str) -> bool:
        """Learn of a refusal in these words; return whether it named anything sent."""
        said = words.lower()
        if _LONGEST in sent and _NEWER_LONGEST in said:
            # Models of OpenAI that think count their thoughts too, under another name.
            self._names.setdefault(model, {})[_LONGEST] = _NEWER_LONGEST
            return True
        named = (n for n in sent if n in said or n.replace("_", " ") in said)
        refused = next(named, "")
        self.leave_out(model, [refused] if refused else [])
        return bool(refused)

    def leave_out(self, model: str, names: Iterable[str]) -> None:
        """Do not send these to a model again."""
        self._names.setdefault(model, {}).update(dict.fromkeys(names, ""))


def _name(name: str, known: Mapping[str, str]) -> str:
    while name in known:
        name = known[name]
    return name


def instructions_first(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns with the instructions said before the first question."""
    instructions = [turn.text for turn in turns if turn.role is Role.SYSTEM]
    rest = [turn for turn in turns if turn.role is not Role.SYSTEM]
    first = Turn(Role.USER, "")
    if rest and rest[0].role is Role.USER:
        first = rest.pop(0)
        instructions += [first.text] if first.text else []
    said = replace(first, text="\n\n".join(instructions))
    return [said, *rest] if instructions else rest
