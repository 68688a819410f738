"""What cannot be a request or an answer is refused before it does harm."""

from collections.abc import Callable
from urllib.parse import unquote, unquote_plus

import pytest

from backend.errors import InvalidInputError
from backend.web.http import Response
from backend.web.server import InvalidHeaderError, _decode, _to_robyn


@pytest.mark.parametrize("value", ["%00", "a%00b", "\0", "%ff", "%c3%28"])
@pytest.mark.parametrize("unquote_once", [unquote, unquote_plus], ids=["path", "query"])
def test_an_address_that_is_no_text_is_refused(
    value: str, unquote_once: Callable[..., str]
) -> None:
    with pytest.raises(InvalidInputError):
        _decode(value, unquote_once)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nset-cookie: x", "ü", "a\0"])
def test_a_header_with_a_line_break_is_not_sent(value: str) -> None:
    with pytest.raises(InvalidHeaderError):
        _to_robyn(Response(headers={"x-name": value}), "nonce")
