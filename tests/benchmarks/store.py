"""Measures the store on a million messages beside the bare sqlite3 of the library.

The peer runs the very statements the store has sent, recorded from it, on a file of its
own with the same rows: the ratio is the cost of everything the store adds.
"""

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event

from backend.store.conversations import ConversationStore
from backend.store.database import _PRAGMAS, Database
from backend.store.messages import MessageStore
from backend.store.search.search import SearchStore
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.stalls import stalls_during_check
from tests.benchmarks.store_files import StoreFiles, store_files
from tests.benchmarks.tables import MS, Line, Series, Table

SEARCH_MS: Final = 20.0
QUICK_MS: Final = 2.0
RATIO: Final = 1.3
_PEER: Final = "sqlite3"
_ENCRYPTED: Final = "encrypted"
_PHRASES: Final = 30
_OPENED: Final = 200
_LISTED: Final = 200
_COMMITS: Final = 200

Statement = tuple[str, Any]


class Subject:
    """The stores over one database, with the statements they send."""

    def __init__(self, database: Database) -> None:
        self.conversations = ConversationStore(database)
        self.messages = MessageStore(database)
        self.searches = SearchStore(database)
        self._sent: list[Statement] = []
        event.listen(database._engine, "before_cursor_execute", self._keep)

    def taken(self) -> list[Statement]:
        """Return the statements sent since this was last asked."""
        sent, self._sent = self._sent, []
        return sent

    def _keep(self, *data: Any) -> None:  # noqa: ANN401 SQLAlchemy's signature
        _connection, _cursor, statement, parameters, *_ = data
        self._sent.append((statement, parameters))


@dataclass(frozen=True, slots=True)
class Bench:
    """The three databases, open."""

    plain: Subject
    encrypted: Subject
    peer: sqlite3.Connection

    @classmethod
    @contextmanager
    def open(cls, files: StoreFiles) -> Iterator["Bench"]:
        """Open them for a block."""
        with ExitStack() as stack:
            plain = Database.open(files.plain)
            stack.callback(plain.close)
            encrypted = Database.open(files.encrypted, files.key)
            stack.callback(encrypted.close)
            peer = sqlite3.connect(files.twin, isolation_level=None)
            stack.enter_context(closing(peer))
            # The library's own build does not call FTS5 safe in triggers.
            for pragma in (*_PRAGMAS, "trusted_schema=on"):
                peer.execute(f"pragma {pragma}")
            yield cls(Subject(plain), Subject(encrypted), peer)

    def measure(
        self,
        what: str,
        handlers: Sequence[Callable[[Subject], object]],
        *,
        aim: float,
        begin: str = "begin",
    ) -> list[Line]:
        """Do each deed on all three, in turn, and return the lines of the table."""
        plain, secret, bare = Series("plain"), Series(_ENCRYPTED), Series(_PEER)
        for handler in handlers:
            self.plain.taken()
            plain.values.append(timed(lambda: handler(self.plain)))  # noqa: B023 called at once
            sent = self.plain.taken()
            secret.values.append(timed(lambda: handler(self.encrypted)))  # noqa: B023 called at once
            bare.values.append(timed(lambda: self._replay(sent, begin)))  # noqa: B023 called at once
        return [
            Line(
                what=what,
                unit=MS,
                hearth=plain,
                peer=bare,
                aim=aim,
                ratio_aim=RATIO,
            ),
            Line(
                what=f"{what}, encrypted", unit=MS, hearth=secret, peer=plain, aim=aim
            ),
        ]

    def _replay(self, sent: Iterable[Statement], begin: str) -> None:
        self.peer.execute(begin)
        for statement, parameters in sent:
            run = self.peer.executemany if _is_many(parameters) else self.peer.execute
            run(statement, parameters).fetchall()
        self.peer.execute("commit")


def _is_many(parameters: object) -> bool:
    return isinstance(parameters, list)


def timed(handler: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    begun = time.perf_counter_ns()
    handler()
    return (time.perf_counter_ns() - begun) / 1e6


def measure() -> Table:
    """Measure everything about the store."""
    files = store_files()
    with Bench.open(files) as bench:
        lines = [
            *_search(bench),
            *_read(bench),
            *_commit(bench),
        ]
    sys.stderr.write("store: integrity check beside working threads\n")
    lines.append(stalls_during_check(files.plain))
    return Table("Store: 1,000,000 messages in 10,000 conversations", lines)


def typed(words: str) -> list[str]:
    """Return what is in the search field while words are typed, from two letters on."""
    return [words[:end] for end in range(2, len(words) + 1)]


def _search(bench: Bench) -> list[Line]:
    corpus, source = Corpus(), random.Random(2)
    phrases = [corpus.sentence(source.randint(1, 3)) for _ in range(_PHRASES)]
    queries = [query for phrase in phrases for query in typed(phrase)]
    handlers = [_searching(query) for query in queries]
    # Once unmeasured: the file is in the system's cache then, as in daily use.
    bench.measure("", handlers, aim=SEARCH_MS)
    return bench.measure("search as you type", handlers, aim=SEARCH_MS)


def _searching(query: str) -> Callable[[Subject], object]:
    return lambda subject: subject.searches.search(query)


def _read(bench: Bench) -> list[Line]:
    source = random.Random(3)
    some = bench.peer.execute("select id from conversation").fetchall()
    ids = [str(row[0]) for row in source.choices(some, k=_OPENED)]

    def opening(row_id: str) -> Callable[[Subject], object]:
        return lambda subject: subject.messages.of_conversation(row_id)

    opens = [opening(row_id) for row_id in ids]
    lists = [lambda subject: subject.conversations.page()] * _LISTED
    bench.measure("", opens, aim=QUICK_MS)
    return [
        *bench.measure("open a conversation (100 messages)", opens, aim=SEARCH_MS),
        *bench.measure("newest 50 conversations", lists, aim=QUICK_MS),
    ]


def _commit(bench: Bench) -> list[Line]:
    source = random.Random(4)
    newest = bench.peer.execute("select id from conversation limit 500").fetchall()
    ids = [str(row[0]) for row in source.choices(newest, k=_COMMITS)]

    def storing(row_id: str) -> Callable[[Subject], object]:
        return lambda subject: subject.messages.add_exchange(
            row_id, "What is the capital of Kenya?", engine_name="", model=""
        )

    handlers = [storing(row_id) for row_id in ids]
    what = "commit of one message, durable"
    return bench.measure(what, handlers, aim=QUICK_MS, begin="begin immediate")
