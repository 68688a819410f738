"""What is shown of a text is what was looked for, and what stands around it."""

import pytest

from backend.store.queries import Query
from backend.store.snippets import snippet_of

LONG = " ".join(f"w{n}" for n in range(400))


def shown(text: str, query: str) -> str:
    pieces = snippet_of(text, Query.of(query))
    return "".join(f"[{p.text}]" if p.marked else p.text for p in pieces)


@pytest.mark.parametrize(
    ("text", "query", "snippet"),
    [
        ("Fire is hot", "fire", "[Fire] is hot"),
        ("re\u0301sume\u0301 of a life", "resume", "[résumé] of a life"),
        ("a soft\u00adhyphen here", "softhyphen", "a [soft\u00adhyphen] here"),
        ("the ofﬁce is", "office", "the [ofﬁce] is"),
        ("the ofﬁce is", "off", "the [ofﬁce] is"),
        ("مُحَمَّدٌ هنا", "محمد", "[مُحَمَّدٌ] هنا"),
        ("ภาษาไทยดี", "ไทย", "ภาษา[ไทย]ดี"),
        ("भाषा है", "भाषा", "[भाषा] है"),
        ("well 🎉🎉 done", "🎉", "well [🎉][🎉] done"),
        ("from C# to F#", "f#", "from C# to [F]#"),
        ("a → b", "→", "a [→] b"),
        ("→", "→", "[→]"),
        ("5 % of it", "5 %", "[5] % of it"),
        ("nothing of it", "else", "nothing of it"),
        ("", "else", ""),
    ],
)
def test_a_short_text_is_shown_whole(text: str, query: str, snippet: str) -> None:
    assert shown(text, query) == snippet


@pytest.mark.parametrize("at", [0, 1, 7, 200, 392, 399])
def test_of_a_long_text_the_words_around_are_shown(at: int) -> None:
    snippet = shown(LONG, f'"w{at}" ')
    assert f"[w{at}]" in snippet
    assert snippet.startswith("…") is (at > 5)
    assert snippet.endswith("…") is (at < 389)
    words = snippet.strip("…").replace("[", "").replace("]", "").split()
    assert len(words) == 16
    assert " ".join(words) in LONG


def test_the_place_that_shows_most_of_it_is_chosen() -> None:
    text = f"ember {LONG} ember and ash {LONG}"
    snippet = shown(text[-1900 - len("ember and ash") :], "ember ash")
    assert "[ember] and [ash]" in snippet


def test_a_very_long_text_is_shown_in_part() -> None:
    text = f"{'слово ' * 200_000}ёлка {'слово ' * 10}"
    snippet = shown(text, "елка")
    assert "[ёлка]" in snippet
    assert len(snippet) < 300
