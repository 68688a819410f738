"""Settings are texts under names."""

from backend.store.database import Database
from backend.store.settings import SettingStore


def test_a_setting_is_the_last_that_was_set(database: Database) -> None:
    settings = SettingStore(database)
    assert settings.get("theme", "system") == "system"
    settings.set("theme", "dark")
    settings.set("theme", "light")
    assert settings.get("theme", "system") == "light"
    assert settings.all() == {"theme": "light"}
