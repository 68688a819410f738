"""Marks what is misspelt in the question of quick ask, and offers what is meant."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from qtshell.quick.spell_checker import SpellChecker
from qtshell.quick.style import colours
from qtshell.quick.words import words_in
from qtshell.window.spelling import Spelling

_MAX_CHARS: Final = 10_000
"""A longer line, which was pasted, is not looked through at every key."""


class SpellingMarks(QSyntaxHighlighter):
    """Underlines words that are wrong, but not the one that is being typed."""

    def __init__(self, edit: QPlainTextEdit, checker: SpellChecker) -> None:
        super().__init__(edit.document())
        self._edit = edit
        self._checker = checker
        self._last_block = 0
        checker.learnt.connect(self.rehighlight)
        edit.cursorPositionChanged.connect(self._on_edit_cursor_position_changed)

    def highlightBlock(self, text: str) -> None:
        """Mark the words of one line."""
        if len(text) > _MAX_CHARS:
            return
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(colours().danger)
        typed_at = self._typed_at()
        for start, end, word in words_in(text):
            if end != typed_at and self._checker.is_wrong(word):
                self.setFormat(start, end - start, look)

    def _typed_at(self) -> int:
        """Return where in the line the next letter goes; -1 where it does not."""
        cursor = self._edit.textCursor()
        is_here = cursor.blockNumber() == self.currentBlock().blockNumber()
        return cursor.positionInBlock() if is_here else -1

    def _on_edit_cursor_position_changed(self) -> None:
        now = self._edit.textCursor().block()
        before = self.document().findBlockByNumber(self._last_block)
        self._last_block = now.blockNumber()
        for block in {one.blockNumber(): one for one in (before, now)}.values():
            if block.isValid():
                self.rehighlightBlock(block)


class QuestionSpelling(QObject):
    """Checks what is typed in the languages of the page's spelling."""

    def __init__(self, edit: QPlainTextEdit, spelling: Spelling) -> None:
        super().__init__(edit)
        self._edit = edit
        self._spelling = spelling
        self.checker = SpellChecker(self)
        self.marks = SpellingMarks(edit, self.checker)
        self._asked: tuple[QTextCursor, QPoint] | None = None
        self.checker.suggested.connect(self._on_checker_suggested)
        spelling.changed.connect(self._on_spelling_changed)
        edit.installEventFilter(self)
        edit.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        edit.customContextMenuRequested.connect(self._on_edit_menu_requested)
        self._on_spelling_changed()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the theme."""
        if event.type() is QEvent.Type.PaletteChange:
            self.marks.rehighlight()
        return super().eventFilter(watched, event)

    def _on_spelling_changed(self) -> None:
        self.checker.use(self._spelling.affixes, self._spelling.own_words)

    def _on_edit_menu_requested(self, place: QPoint) -> None:
        """Open the menu; over a wrong word as soon as it is known what is meant."""
        self._asked = None
        word = self._wrong_word_at(self._edit.cursorForPosition(place))
        if word is None:
            menu = self._edit.createStandardContextMenu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self._edit.viewport().mapToGlobal(place))
        else:
            below = self._edit.cursorRect(word).bottomLeft()
            self._asked = word, self._edit.viewport().mapToGlobal(below)
            self.checker.suggest(word.selectedText())

    def _wrong_word_at(self, cursor: QTextCursor) -> QTextCursor | None:
        at, block = cursor.positionInBlock(), cursor.block()
        for start, end, word in words_in(block.text()):
            if start <= at <= end and self.checker.is_wrong(word):
                cursor.setPosition(block.position() + start)
                cursor.setPosition(
                    block.position() + end, QTextCursor.MoveMode.KeepAnchor
                )
                return cursor
        return None

    def _on_checker_suggested(self, word: str, meant: list[str]) -> None:
        if self._asked is None or self._asked[0].selectedText() != word:
            return
        (cursor, where), self._asked = self._asked, None
        menu = self._edit.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        first = menu.actions()[0]
        for each in meant:
            action = menu.addAction(each.replace("&", "&&"))
            action.triggered.connect(lambda _=False, text=each: cursor.insertText(text))
            menu.insertAction(first, action)
        add = menu.addAction("Add to Dictionary")
        add.triggered.connect(lambda: self._spelling.add_word(word))
        menu.insertAction(first, add)
        menu.insertSeparator(first)
        menu.popup(where)
