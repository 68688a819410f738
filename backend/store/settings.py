"""Keeps settings."""

from sqlmodel import col, select

from backend.store.database import Database
from backend.store.models import Setting
from backend.store.text import clean_text


class SettingStore:
    """Reads and changes settings, each a text under a name."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def get(self, key: str, default: str = "") -> str:
        """Return a setting, the default when it was never set."""
        with self._database.read() as session:
            setting = session.get(Setting, key)
            live = setting is not None and setting.deleted_at is None
            return setting.value if setting and live else default

    def set(self, key: str, value: str) -> str:
        """Store a setting; return the transaction id."""
        with self._database.write() as session:
            setting = session.get(Setting, key) or Setting(id=key)
            setting.value = clean_text(value)
            setting.deleted_at = None
            session.add(setting)
            return session.transaction_id

    def all(self) -> dict[str, str]:
        """Return every setting that was set."""
        query = select(Setting).where(col(Setting.deleted_at).is_(None))
        with self._database.read() as session:
            return {row.id: row.value for row in session.exec(query)}
