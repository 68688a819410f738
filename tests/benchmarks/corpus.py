"""Makes the same million messages every time: seeded, with words as Zipf found them."""

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Row: TypeAlias = tuple[str | int | None, ...]

WORDS: Final = 50_000
_SEED: Final = 20_260_101
_BEGIN_MS: Final = 1_700_000_000_000
_STEP_MS: Final = 60_000
_SYLLABLES: Final = tuple(
    consonant + vowel
    for consonant, vowel in itertools.product("bdfghklmnprstvz", "aeiou")
)
_ASKED, _ANSWERED = (3, 15), (15, 55)


@dataclass(frozen=True, slots=True)
class Rows:
    """One conversation as the store keeps it, for each of its tables."""

    conversation: Row
    messages: list[Row]
    changes: list[Row]


INSERTS: Final = {
    "conversation": """insert into conversation(id, created_at, updated_at, title,
        title_source, latest) values (?, ?, ?, ?, 'text', ?)""",
    "message": """insert into message(id, created_at, updated_at, conversation_id, role,
        text, engine, model, reply_to) values (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
    "change": """insert into change(transaction_id, table_name, row_id, after, hlc,
        device_id) values (?, ?, ?, ?, ?, 'bench')""",
}
_LOGGED: Final = [
    "id",
    "created_at",
    "updated_at",
    "conversation_id",
    "role",
    "text",
    "engine",
    "model",
    "reply_to",
]


class Corpus:
    """An endless source of conversations, the same ones from every instance."""

    def __init__(self) -> None:
        self._random = random.Random(_SEED)
        self.words = _vocabulary(self._random)
        ranks = range(1, WORDS + 1)
        self._weights = list(itertools.accumulate(1 / rank for rank in ranks))
        self._now = _BEGIN_MS

    def sentence(self, words: int) -> str:
        """Return so many words, common ones as often as in a language."""
        return " ".join(
            self._random.choices(self.words, cum_weights=self._weights, k=words)
        )

    def conversations(self, count: int, messages: int) -> Iterator[Rows]:
        """Give conversations of so many messages each."""
        for _ in range(count):
            yield self._conversation(messages)

    def _conversation(self, messages: int) -> Rows:
        own, title = self._id(), self.sentence(5).capitalize()
        rows: list[Row] = []
        asked = ""
        for number in range(messages):
            row_id, is_answer = self._id(), number % 2 == 1
            length = self._random.randint(*(_ANSWERED if is_answer else _ASKED))
            role, maker = ("assistant", "bench") if is_answer else ("user", "")
            text = f"{self.sentence(length).capitalize()}."
            head = (row_id, self._now, self._now, own, role, text)
            rows.append((*head, maker, maker, asked if is_answer else ""))
            asked = row_id
        latest = str(rows[-1][0])
        conversation = (own, self._now, self._now, title, latest)
        return Rows(conversation, rows, [self._change(row) for row in rows])

    def _change(self, row: Row) -> Row:
        after = dict(zip(_LOGGED, row, strict=True))
        data = json.dumps(after, ensure_ascii=False, separators=(",", ":"))
        reading = f"{int(str(row[0]).replace('-', '')[:16], 16):016x}-bench"
        return (row[0], "message", row[0], data, reading)

    def _id(self) -> str:
        self._now += self._random.randrange(1, _STEP_MS)
        number = self._now << 80 | 0x7 << 76 | 0b10 << 62
        return str(uuid.UUID(int=number | self._random.getrandbits(62)))


def _vocabulary(source: random.Random) -> list[str]:
    """Return distinct words; the common ones are short, as in a language."""
    found: dict[str, None] = {}
    while len(found) < WORDS:
        longest = 2 + min(len(found) // 2_000, 3)
        syllables = source.choices(_SYLLABLES, k=source.randint(1, longest))
        found["".join(syllables)] = None
    return list(found)
