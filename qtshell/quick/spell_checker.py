"""Checks words in a thread of its own, with the dictionaries of Hunspell."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from PySide6.QtCore import QLocale, QObject, QTimer, Signal

from qtshell.quick.words import script_of
from qtshell.web.hunspell_library import HunspellDictionary, load_library

log = logging.getLogger("hearth.quick")

_MAX_KNOWN: Final = 20_000


class SpellChecker(QObject):
    """Knows which words are wrong; those it has not seen are looked up beside.

    Dictionaries are read when the first word is asked for, so that who types nothing
    has none in memory.

    Signals:
        learnt: More words were looked up.
        suggested: A word, and what could be meant.
    """

    learnt = Signal()
    suggested = Signal(str, object)
    _looked_up = Signal(int, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._affixes: Sequence[Path] = ()
        self._own_words = frozenset[str]()
        self._wrong: dict[str, bool] = {}
        self._asked: set[str] = set()
        self._choice = 0
        self._jobs: SimpleQueue[Callable[[], None]] | None = None
        self._dictionaries: list[tuple[str, HunspellDictionary]] = []
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._on_ask_timeout)
        self._looked_up.connect(self._on_looked_up)

    def use(self, affixes: Sequence[Path], own_words: Iterable[str]) -> None:
        """Check in these languages from now on, and take these words for right."""
        self._affixes, self._own_words = list(affixes), frozenset(own_words)
        self._wrong.clear()
        self._asked.clear()
        self._choice += 1
        if self._jobs is not None:
            self._jobs.put(partial(self._read, self._affixes))
        self.learnt.emit()

    def is_wrong(self, word: str) -> bool:
        """Whether a word is known to be wrong; `learnt` tells of those looked up."""
        if not self._affixes or word in self._own_words:
            return False
        wrong = self._wrong.get(word)
        if wrong is None and word not in self._asked:
            self._asked.add(word)
            self._ask.start()
        return bool(wrong)

    def suggest(self, word: str) -> None:
        """Look for what could be meant."""
        self._put(lambda: self.suggested.emit(word, self._suggestions(word)))

    def _on_ask_timeout(self) -> None:
        words, choice = [*self._asked], self._choice
        self._asked.clear()
        self._put(lambda: self._look_up(choice, words))

    def _on_looked_up(self, choice: int, found: dict[str, bool]) -> None:
        if choice != self._choice:
            return
        if len(self._wrong) > _MAX_KNOWN:
            self._wrong.clear()
        self._wrong |= found
        self.learnt.emit()

    def _put(self, job: Callable[[], None]) -> None:
        if self._jobs is None:
            self._jobs = SimpleQueue()
            self._jobs.put(partial(self._read, self._affixes))
            jobs = self._jobs
            self.destroyed.connect(lambda: jobs.put(_end))
            thread = threading.Thread(
                target=_work, args=(jobs,), name="spelling", daemon=True
            )
            thread.start()
        self._jobs.put(job)

    # What follows runs in the thread.

    def _read(self, affixes: Sequence[Path]) -> None:
        for _, dictionary in self._dictionaries:
            dictionary.close()
        self._dictionaries = []
        library = load_library()
        if library is None:
            log.info("no spelling in quick ask: the system has no libhunspell")
            return
        for aff in affixes:
            script = _script_name(aff.stem)
            self._dictionaries.append((script, HunspellDictionary(library, aff)))

    def _look_up(self, choice: int, words: Iterable[str]) -> None:
        found = {word: self._is_unknown(word) for word in words}
        self._looked_up.emit(choice, found)

    def _is_unknown(self, word: str) -> bool:
        """Whether no language that is written so has a word, and there is one."""
        fit = self._fitting(word)
        return bool(fit) and not any(one.knows(word) for one in fit)

    def _suggestions(self, word: str) -> list[str]:
        found = (one.suggestions(word) for one in self._fitting(word))
        return list(dict.fromkeys(word for words in found for word in words))

    def _fitting(self, word: str) -> list[HunspellDictionary]:
        script = script_of(word)
        return [one for name, one in self._dictionaries if name == script]


class _EndError(Exception):
    """The thread is to end."""


def _end() -> None:
    raise _EndError


def _work(jobs: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        try:
            jobs.get()()
        except (_EndError, RuntimeError):  # who asked is gone
            return


def _script_name(language: str) -> str:
    """Return how Unicode calls the letters of a language."""
    script = QLocale(language.replace("-", "_")).script()
    return script.name.removesuffix("Script").upper()
