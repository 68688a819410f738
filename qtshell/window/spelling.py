"""Lets the user choose the languages in which spelling is checked."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout

from qtshell.settings import ShellSettings
from qtshell.web.dictionaries import (
    OWN_WORDS,
    chosen_languages,
    convert_into,
    hunspell_pairs,
    keep_words,
    known_languages,
    own_folder,
    pairs_of,
)

log = logging.getLogger("hearth.web")

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from qtshell.web.view import WebView

_NONE: Final = (
    "There are no dictionaries on this computer.\n\nInstall one, for example the "
    "package hunspell-de-de, or put dictionaries (.bdic) into {}. Then restart Hearth."
)


class Spelling(QObject):
    """Checks spelling in the languages the user chose, or in those of the desktop.

    Signals:
        converted: The language of a dictionary, and whether it can be used.
        changed: Other languages are chosen, or a word was added.
    """

    converted = Signal(str, bool)
    changed = Signal()

    def __init__(
        self,
        settings: ShellSettings,
        data_dir: Path,
        window: "QWidget",
        pairs: Mapping[str, Path] | None = None,
    ) -> None:
        """Check in a window.

        Args:
            settings: Has the choice.
            data_dir: Has the dictionaries.
            window: Where it is asked for the languages.
            pairs: Hunspell's dictionaries; None for those of the system.
        """
        super().__init__(window)
        self._settings = settings
        self._own = own_folder(data_dir)
        ready = known_languages(self._own)
        pairs = hunspell_pairs() if pairs is None else pairs
        self._hunspell = dict(pairs)
        self._pairs = {name: aff for name, aff in pairs.items() if name not in ready}
        self._known = sorted({*ready, *self._pairs})
        self._window = window
        self._waiting: set[str] = set()
        self._view: WebView | None = None
        self.converted.connect(self._on_converted)

    @property
    def languages(self) -> list[str]:
        """Those that are checked."""
        desktop = QLocale.system().uiLanguages()
        return chosen_languages(self._settings.spelling, self._known, desktop)

    @property
    def affixes(self) -> list[Path]:
        """Hunspell's dictionaries of the languages that are checked."""
        return pairs_of(self.languages, self._hunspell)

    @property
    def own_words(self) -> list[str]:
        """The words the user added."""
        return self._settings.own_words

    def set_view(self, view: "WebView") -> None:
        """Check what is typed into this page."""
        self._view = view
        view.word_added.connect(self.add_word)
        self._check(self.languages)

    def choose(self) -> None:
        """Ask for the languages."""
        dialog = SpellingDialog(self._known, self.languages, self._own, self._window)
        dialog.on_choice = self._keep
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, languages: Sequence[str]) -> None:
        self._settings.spelling = " ".join(languages)
        self._check(languages)
        self.changed.emit()

    def _check(self, languages: Sequence[str]) -> None:
        """Check in languages; those that are converted first follow."""
        wanted = [language for language in languages if language in self._pairs]
        for language in wanted:
            convert = partial(self._convert, language, self._pairs.pop(language))
            self._waiting.add(language)
            threading.Thread(target=convert, name="dictionary", daemon=True).start()
        languages = [one for one in languages if one not in self._waiting]
        if self._view:
            own = [OWN_WORDS] if languages and self._settings.own_words else []
            self._view.check_spelling([*languages, *own])

    def _convert(self, language: str, aff: Path) -> None:
        self.converted.emit(language, convert_into(self._own, aff))

    def _on_converted(self, language: str, is_usable: bool) -> None:  # noqa: FBT001 a slot
        self._waiting.discard(language)
        if not is_usable:
            self._known.remove(language)
        self._check(self.languages)

    def add_word(self, word: str) -> None:
        """Know the word from now on; Chromium reads a dictionary when it is new."""
        words = sorted({*self._settings.own_words, word})
        try:
            keep_words(self._own, words)
        except OSError as exc:
            log.warning("the word could not be kept: %s", exc)
            return
        self._settings.own_words = words
        self._check([])
        self._check(self.languages)
        self.changed.emit()


class SpellingDialog(QDialog):
    """A box for each language there is a dictionary for; each acts at once.

    Attributes:
        on_choice: Is told the languages after each change.
    """

    def __init__(
        self,
        known: Sequence[str],
        chosen: Sequence[str],
        own: Path,
        parent: "QWidget | None" = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("spelling")
        self.setWindowTitle("Spelling")
        self.on_choice: Callable[[list[str]], None] = lambda _: None
        column = QVBoxLayout(self)
        words = "Check spelling in:" if known else _NONE.format(own)
        column.addWidget(QLabel(words, wordWrap=True))
        self._boxes = {language: QCheckBox(name_of(language)) for language in known}
        for language, box in self._boxes.items():
            box.setChecked(language in chosen)
            box.toggled.connect(self._on_box_toggled)
            column.addWidget(box)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _on_box_toggled(self) -> None:
        self.on_choice([name for name, box in self._boxes.items() if box.isChecked()])


def name_of(language: str) -> str:
    """Return what a language calls itself, with its country."""
    locale = QLocale(language.replace("-", "_"))
    if locale.language() in (QLocale.Language.C, QLocale.Language.AnyLanguage):
        return language
    return f"{locale.nativeLanguageName()} ({locale.nativeTerritoryName()})"
