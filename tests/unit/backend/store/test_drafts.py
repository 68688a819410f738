"""What is typed is kept until it is sent."""

from backend.store.database import Database
from backend.store.drafts import DraftStore


def test_a_draft_is_kept_per_conversation(database: Database) -> None:
    drafts = DraftStore(database)
    drafts.save("a", "one")
    drafts.save("a", "one two")
    drafts.save("new", "three")
    assert (drafts.get("a"), drafts.get("new"), drafts.get("b")) == (
        "one two",
        "three",
        "",
    )


def test_an_emptied_draft_goes(database: Database) -> None:
    drafts = DraftStore(database)
    drafts.save("a", "one")
    drafts.save("a", "")
    drafts.save("b", "")
    assert drafts.get("a") == ""


def test_what_is_kept_for_later_is_added_once(database: Database) -> None:
    drafts = DraftStore(database)
    for text in ("one", "two ", "one", "two"):
        drafts.add("new", text)
    assert drafts.get("new") == "one\n\ntwo "


def test_a_draft_survives_a_restart(database: Database) -> None:
    DraftStore(database).save("a", "half a \ud83d sentence\0")
    database.close()
    again = Database.open(database.path)
    assert DraftStore(again).get("a") == "half a \ufffd sentence\ufffd"
    again.close()
