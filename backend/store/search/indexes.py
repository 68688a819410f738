"""Keeps the index of attached documents, and words out of indexes that are no more.

The text of a document is in its file; the index has its words alone, by section. Each
step commits by itself: whenever the process dies, the next start goes on.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from backend.attachments.files import FileKey
from backend.documents.document import Document, DocumentSection, document_of
from backend.errors import NotFoundError
from backend.sqlite.folding import indexed
from backend.sqlite.schema import DOCUMENT_INDEX, FULL_TEXT, SECTION_BITS
from backend.store.change_log import StoreSession
from backend.store.database import Database

_PAGES_PER_STEP: Final = 64
_SECTIONS_PER_STEP: Final = 32
_KEPT_DOCUMENTS: Final = 8
_WAITING: Final = """
    select a.text_file, a.file_key, a.name from attachment a
    where a.text_file <> '' and not exists(select 1 from indexed_document d
        where d.text_file = a.text_file and d.is_whole <> 0)
    group by a.text_file order by max(a.id) desc
"""
_STALE: Final = """
    select text_file from indexed_document
    where text_file not in (select text_file from attachment)
"""
_BEGIN: Final = """
    insert into indexed_document(text_file) select ?1
    where exists(select 1 from attachment where text_file = ?1)
    on conflict do nothing
"""
_KNOWN: Final = "select number, sections from indexed_document where text_file = ?"
_ADD: Final = "insert into document_fts(rowid, text) values (?, ?)"
_GO_ON: Final = """
    update indexed_document set sections = ?, is_whole = ? where number = ?
"""
_DROP: Final = "delete from document_fts where rowid >= ? and rowid < ?"
_LEAVE: Final = "insert or replace into sync_state(key, value) values ('words', ?)"
_LEFT: Final = "select value from sync_state where key = 'words'"
_WIPED: Final = "delete from sync_state where key = 'words' and value = ?"


class DocumentIndex:
    """Puts the documents of questions into the index; methods block."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database
        self._lost: set[str] = set()
        self.read = lru_cache(_KEPT_DOCUMENTS)(self._read)

    def settle(self) -> None:
        """Take out what no question names: a killed process may leave it."""
        with self._database.write() as session:
            stale = [name for (name,) in session.run(_STALE, ())]
            drop_indexed(session, stale)
        if stale:
            wipe(self._database, DOCUMENT_INDEX)
        if are_words_left(self._database):
            wipe_words(self._database)

    def add_some(self) -> bool:
        """Put a few sections into the index; return whether there was anything."""
        with self._database.read() as session:
            waiting = session.connection().exec_driver_sql(_WAITING).all()
        for text_file, key, name in waiting:
            document = None
            if text_file in self._lost and self._has_come(text_file):
                # Another computer had it.
                self._lost.remove(text_file)
                self.read.cache_clear()
            if text_file not in self._lost:
                document = self.read(text_file, key)
            if document is not None:
                self._add(text_file, name, document.sections)
                return True
            self._lost.add(text_file)
        return False

    def _add(
        self, text_file: str, name: str, sections: Sequence[DocumentSection]
    ) -> None:
        with self._database.write() as session:
            session.run(_BEGIN, (text_file,))
            known = session.run(_KNOWN, (text_file,)).one_or_none()
            if known is None:  # deleted for good meanwhile
                return
            number, done = known
            some = sections[done : done + _SECTIONS_PER_STEP]
            words = [_words_of(section) for section in some]
            if words and not done:
                words[0] = f"{name}\n{words[0]}"
            rows = [
                (place_in(number, at), indexed(each) or each)
                for at, each in enumerate(words, done)
            ]
            if rows:
                session.run(_ADD, rows)
            done += len(rows)
            session.run(_GO_ON, (done, int(done == len(sections)), number))

    def _has_come(self, text_file: str) -> bool:
        return (self._database.files.folder / text_file).exists()

    def _read(self, text_file: str, key: str) -> Document | None:
        try:
            content = self._database.files.read(FileKey(text_file, key))
        except NotFoundError:  # it is said where the document is shown
            return None
        return document_of(content.decode(errors="replace"))


def place_in(number: int, section: int) -> int:
    """Return the key of a section of a document in the index."""
    return (number << SECTION_BITS) + section


def drop_indexed(session: StoreSession, text_files: Iterable[str]) -> None:
    """Take documents out of the index."""
    for name in text_files:
        for number, _ in session.run(_KNOWN, (name,)).all():
            session.run(_DROP, (place_in(number, 0), place_in(number + 1, 0)))
            session.run("delete from indexed_document where number = ?", (number,))


def _words_of(section: DocumentSection) -> str:
    return f"{section.title}\n{section.text}" if section.title else section.text


def leave_words(session: StoreSession) -> None:
    """Keep that indexes hold words of what goes for good, until they are wiped."""
    session.run(_LEAVE, (session.transaction_id,))


def are_words_left(database: Database) -> bool:
    """Return whether indexes hold words of what went for good."""
    with database.read() as session:
        return session.connection().exec_driver_sql(_LEFT).first() is not None


def wipe_words(database: Database) -> None:
    """Let words of what went for good be nowhere: in no index, nor in what was written.

    Whoever dies before the end of it goes on at the next start.
    """
    with database.read() as session:
        left = session.connection().exec_driver_sql(_LEFT).scalar()
    for index in (*FULL_TEXT, DOCUMENT_INDEX):
        wipe(database, index)
    with database.write() as session:
        session.run(_WIPED, (left,))
    database.checkpoint()


def wipe(database: Database, index: str) -> None:
    """Merge an index into one piece, in which removed words are no more.

    In small steps with a transaction each, so that no statement takes long and
    others can write in between.
    """
    pages, merged = -_PAGES_PER_STEP, True
    while merged:
        with database.write() as session:
            run = session.connection().exec_driver_sql
            before = run("select total_changes()").scalar_one()
            run(f"insert into {index}({index}, rank) values('merge', {pages})")
            after = run("select total_changes()").scalar_one()
            # FTS5 says so: fewer than two changes mean there was nothing to do.
            merged = after - before >= 2  # noqa: PLR2004 as FTS5 says
        pages = _PAGES_PER_STEP
