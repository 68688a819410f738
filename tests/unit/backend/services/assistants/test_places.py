"""Instructions have their places filled once, and say which of them are not."""

from datetime import datetime

import pytest

from backend.services.assistants.places import fill, unfilled

NOW = datetime(2026, 3, 7, 9, 5)  # noqa: DTZ001 a wall clock, as a person reads it


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{date}, {time}", "7 March 2026, 09:05"),
        ("I am {name}; you are {model}.", "I am {time}; you are m/{date}."),
        ("{clipboard} {Date} { date } {} {unknown", None),
        ('{"date": 1, "a": {"time": 2}}', None),
        ("\\frac{date_}{x}", None),
        ("{{date}}", "{7 March 2026}"),
    ],
)
def test_each_known_place_is_filled_once(text: str, filled: str | None) -> None:
    said = fill(text, now=NOW, name="{time}", model="m/{date}")
    assert said == (text if filled is None else filled)


def test_a_name_that_is_not_known_stays_and_is_said() -> None:
    assert fill("I am {name}.", now=NOW, name="", model="m") == "I am {name}."
    assert "Settings" in unfilled("I am {name}.", "")
    assert unfilled("I am {name} on {date}.", "Ada") == ""


def test_what_stays_as_it_is_is_named_once() -> None:
    said = unfilled("{clipboard} {Date} {clipboard} {city}", "")
    assert "{clipboard}, {Date} and {city}: they are sent as written" in said
    assert "{city}: it is sent as written" in unfilled("{city}", "")
