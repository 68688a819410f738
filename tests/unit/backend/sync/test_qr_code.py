"""A picture of a code: the same text, without words of markup, and named."""

from xml.etree import ElementTree as ET

from backend.sync.pairing import full_code, new_code
from backend.sync.qr_code import qr_code


def test_the_longest_code_is_drawn_and_named() -> None:
    code = full_code(new_code(), "https://name-of-somebody.turso.io", "t" * 900)
    drawn = ET.fromstring(qr_code(code, 'The "code"'))
    assert drawn.get("aria-label") == 'The "code"'
    assert drawn.get("viewBox")
    assert len(list(drawn)) == 2


def test_a_code_that_is_too_long_for_a_picture_has_none() -> None:
    assert qr_code("t" * 9000, "Code") == ""
