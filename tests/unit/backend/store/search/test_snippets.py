"""What is shown of a text is what was looked for, and what stands around it."""

import pytest

from backend.store.search.queries import Query
from backend.store.search.snippets import found_in, plain_snippet_of, snippet_of

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


def plain(text: str, query: str) -> str:
    pieces = plain_snippet_of(text, Query.of(query))
    return "".join(f"[{p.text}]" if p.marked else p.text for p in pieces)


@pytest.mark.parametrize(
    ("text", "query", "snippet"),
    [
        ("say **one** and two", "one", "say [one] and two"),
        ("- Milk\n- Bread *note*", "bread", "Milk\n[Bread] note"),
        ("# Fire\n\nis **hot**", '"fire is"', "[Fire\nis] hot"),
        ("**fi**re is hot", "fire", "[fire] is hot"),
        (
            "see [it](https://ember.example)",
            "ember",
            "see [it](https://[ember].example)",
        ),
        ("from **C#** to F", "c#", "from [C]# to F"),
        ("a `b*c*d` e", "d", "a b*c*[d] e"),
        ("**", "**", "[**]"),
        ("", "else", ""),
    ],
)
def test_a_snippet_of_markdown_is_plain(text: str, query: str, snippet: str) -> None:
    assert plain(text, query) == snippet


def test_a_snippet_of_a_long_answer_is_plain() -> None:
    lines = "\n".join(f"- **w{n}** of *{n}*" for n in range(2_000))
    snippet = plain(f"{lines}\n- an **ember** here\n{lines}", "ember w1999")
    assert "an [ember] here" in snippet
    assert not set("*-") & set(snippet)
    assert snippet.startswith("…")
    assert snippet.endswith("…")


def test_each_form_of_what_was_found_is_told_once() -> None:
    text = "**Ёлка** and елка, ЁЛКА; елка. A hot\n**fire**"
    assert found_in(text, Query.of("елка ")) == ["Ёлка", "елка", "ЁЛКА"]
    assert found_in(text, Query.of('"hot fire"')) == ["hot fire"]
    assert found_in("a → b", Query.of("→")) == ["→"]
    assert found_in(text, Query.of("else")) == []
