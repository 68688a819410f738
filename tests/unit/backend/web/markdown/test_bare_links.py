"""Bare addresses become links, without what is around them."""

import pytest

from backend.web.markdown.markdown import render
from tests.helpers.elements import Elements


def links(text: str) -> list[tuple[str, str]]:
    """Return what is shown of each link, and where it leads."""
    html = "".join(block.html for block in render(text))
    elements = Elements(html)
    hrefs = [
        data["href"] for tag, data in elements.found if tag == "a" and "href" in data
    ]
    return list(zip(elements.linked, map(str, hrefs), strict=True))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://example.com", "https://example.com"),
        ("see https://example.com/a_b_c.", "https://example.com/a_b_c"),
        ("(https://example.com)", "https://example.com"),
        ("(see https://example.com/a_(b))", "https://example.com/a_(b)"),
        ("https://example.com/?q=1&r=2!", "https://example.com/?q=1&r=2"),
        ("https://example.com/a, then", "https://example.com/a"),
        ("<br>https://example.com/a<br>", "https://example.com/a"),
        ('"https://example.com/a"', "https://example.com/a"),
        ("“https://example.com/a”", "https://example.com/a"),
        ("**https://example.com/a**", "https://example.com/a"),
        ("HTTPS://EXAMPLE.COM/A", "HTTPS://EXAMPLE.COM/A"),
        ("http://localhost:8080/x", "http://localhost:8080/x"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("请看https://example.com/a。", "https://example.com/a"),
        ("请看 https://example.com/a这里", "https://example.com/a"),
        ("\uff08https://example.com/a\uff09", "https://example.com/a"),
        ("https://пример.рф/путь", "https://пример.рф/путь"),
        ("| a |\n|---|\n| https://example.com/a |", "https://example.com/a"),
        ("- https://example.com/a;", "https://example.com/a"),
        ("https://example.com/a…", "https://example.com/a"),
        ("https://example.com/a?x&hl;", "https://example.com/a?x"),
        (r"https://example.com/a\_b", "https://example.com/a_b"),
    ],
)
def test_an_address_is_a_link(text: str, shown: str) -> None:
    ((label, href),) = links(text)
    assert label == shown
    assert href.lower().startswith(("http://", "https://"))


def test_www_leads_to_the_web_and_an_address_of_mail_to_mail() -> None:
    assert links("www.example.com/a.") == [
        ("www.example.com/a", "http://www.example.com/a")
    ]
    assert links("to a.b@example.com.") == [
        ("a.b@example.com", "mailto:a.b@example.com")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "http:/x",
        "http:x",
        "https://",
        "https://...",
        "http://<host>/",
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "www.",
        "www.x",
        "awww.example.com",
        "xhttps://example.com",
        "`https://example.com`",
        "```\nhttps://example.com\n```",
        "$https://example^2$",
        "@name",
        "a@b",
        "example.com",
        "https://a_b.c_d",
    ],
)
def test_what_is_no_address_stays_text(text: str) -> None:
    assert links(text) == []


def test_a_link_in_a_link_is_one() -> None:
    text = "[https://a.example](https://b.example) <https://c.example>"
    assert [href for _, href in links(text)] == [
        "https://b.example",
        "https://c.example",
    ]
