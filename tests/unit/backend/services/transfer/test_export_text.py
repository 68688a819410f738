"""What users and models wrote does no harm where an export puts it."""

import json
import unicodedata

import pytest
from markdown_it import MarkdownIt

from backend.importing.markup import fenced
from backend.services.transfer.export_text import closed, escaped, file_name

OPEN = {
    "a fence": "Try:\n```python\nprint(1)",
    "a long fence": "````\n```\ninside\n```",
    "tildes": "~~~ sh\n``` \nx",
    "the second of two": "```\na\n```\n\n```\nb",
    "a fence in a list": "1. Run\n   ```sh\n   cmd",
    "a fence in a quotation": "> ```\n> cmd",
    "an indented fence": "   ```\nx",
    "no fence but code": "a\n\n    ```\n    x",
    "a comment": "See <!-- this\n\n<!-- and\nthis",
    "a script": "<script>\nx",
    "a preformatted text": "<pre>\n\nx",
    "nothing": "Only words, `code` and a <tag>.",
}


@pytest.mark.parametrize("case", OPEN)
def test_what_follows_a_message_is_never_inside_of_it(case: str) -> None:
    text = OPEN[case]
    shown = closed(text)
    assert shown.startswith(text)
    parsed = MarkdownIt("commonmark", {"html": True}).parse(
        f"{shown}\n\n## You\n\nNext"
    )
    kinds = [(token.type, token.level, token.content) for token in parsed[-6:]]
    assert ("heading_open", 0, "") in kinds
    assert ("inline", 1, "You") in kinds
    assert ("inline", 1, "Next") in kinds


@pytest.mark.parametrize(
    "text",
    ["", "Words.", "```\ncode\n```", "<details>\nx\n</details>", "a ``` b", "~5 <3"],
)
def test_what_is_closed_stays_as_it_is(text: str) -> None:
    assert closed(text) == text


def test_a_fold_left_open_is_closed() -> None:
    shown = closed("<details>\n<summary>s</summary>\n\n```\n</details>")
    assert shown.endswith("\n```\n\n</details>")
    assert closed("`<details>`") == "`<details>`"


@pytest.mark.parametrize("inside", ["</details>", "```\nx", "`````", "<!-- x", "~~~"])
def test_reasoning_stays_in_its_block(inside: str) -> None:
    block = fenced(f"a\n{inside}\nb", "text")
    (only,) = MarkdownIt("commonmark").parse(block)
    assert only.content == f"a\n{inside}\nb\n"


NAMES = {
    "turned": ("\u202etxet.exe", "txet.exe"),
    "isolated": ("a\u2066b\u2069c", "a b c"),
    "marks": ("a\u200eb\u061cc", "a b c"),
    "a line separator": ("a\u2028b\u2029c", "a b c"),
    "C1": ("a\x85b\x9bc", "a b c"),
    "nothing seen": ("\u200b\ufeff\u2060", "Untitled"),
    "joined": ("👨\u200d👩 می\u200cشود", "👨\u200d👩 می\u200cشود"),
    "a half letter": ("a\ud800b", "a b"),
    "reserved": ("con", "Untitled"),
    "a path": ("../a:b", "a b"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_reads_as_what_it_is(case: str) -> None:
    title, expected = NAMES[case]
    assert file_name(title, "Untitled") == expected


def test_a_name_is_cut_where_a_letter_ends() -> None:
    name = file_name("ä" * 200, "Untitled")
    assert name == "ä" * 60


def test_a_title_is_one_line_for_readers_of_yaml() -> None:
    title = 'a\x85b\u2028c\u202e"d" 👨\u200d👩'
    shown = escaped(json.dumps(title, ensure_ascii=False))
    assert json.loads(shown) == title
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Zl", "Zp"}
