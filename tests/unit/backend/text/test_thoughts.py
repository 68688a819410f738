"""Thoughts are split off where an answer begins, and nowhere else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.text.thoughts import ThoughtSplitter, split_thoughts

SPLIT: dict[str, tuple[str, str, str]] = {
    "a tag": ("<think>Hm.</think>Four.", "Four.", "Hm."),
    "a tag on lines of its own": ("<think>\nHm.\n</think>\n\nFour.", "Four.", "Hm."),
    "blanks before it": ("\n\n <think>Hm.</think>Four.", "Four.", "Hm."),
    "another tag": ("<thinking>Hm.</thinking>Four.", "Four.", "Hm."),
    "large letters": ("<THINK>Hm.</Think>Four.", "Four.", "Hm."),
    "tags mixed up": ("<think>Hm.</thinking>Four.", "Four.", "Hm."),
    "a thought": ("<thought>Hm.</thought>Four.", "Four.", "Hm."),
    "Seed": ("<seed:think>Hm.</seed:think>Four.", "Four.", "Hm."),
    "Mistral": ("[THINK]Hm.[/THINK]Four.", "Four.", "Hm."),
    "Kimi": ("◁think▷Hm.◁/think▷Four.", "Four.", "Hm."),
    "Gemma": ("<|channel>thought\nHm.<channel|>Four.", "Four.", "Hm."),
    "Cohere": (
        "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Four.<|END_RESPONSE|>",
        "Four.",
        "Hm.",
    ),
    "OpenThinker": (
        "<|begin_of_thought|>Hm.<|end_of_thought|>\n\n"
        "<|begin_of_solution|>Four.<|end_of_solution|>\n",
        "Four.",
        "Hm.",
    ),
    "gpt-oss": (
        "<|channel|>analysis<|message|>Hm.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>Four.<|return|>",
        "Four.",
        "Hm.",
    ),
    "gpt-oss from its start": (
        "<|start|>assistant<|channel|>analysis<|message|>Hm."
        "<|start|>assistant<|channel|>final<|message|>Four.",
        "Four.",
        "Hm.",
    ),
    "gpt-oss without a thought": (
        "<|channel|>final<|message|>Four.<|end|>\n",
        "Four.",
        "",
    ),
    "gpt-oss speaks first": (
        "<|channel|>commentary<|message|>I look.<|end|>"
        "<|start|>assistant<|channel|>analysis<|message|>Hm.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>Four.",
        "I look.\n\nFour.",
        "Hm.",
    ),
    "gpt-oss calls a tool": (
        "<|channel|>commentary to=functions.f <|constrain|>json<|message|>"
        '{"a":1}<|call|>',
        "",
        '{"a":1}',
    ),
    "twice": (
        "<think>Hm.</think>\n<think>So.</think>\nFour.",
        "Four.",
        "Hm.\n\nSo.",
    ),
    "empty": ("<think>\n\n</think>\n\nFour.", "Four.", ""),
    "never closed": ("<think>Hm. Four", "", "Hm. Four"),
    "cut in the closing tag": ("<think>Hm.</thi", "", "Hm.</thi"),
    "the closing tag alone": ("Hm.</think>Four.", "Four.", "Hm."),
    "the closing tag on a line": ("Hm.\nSo.\n</think>\n\nFour.", "Four.", "Hm.\nSo."),
    "the closing tag after a blank": ("Hm. </think>\n\nFour.", "Four.", "Hm."),
    "the closing tag, and nothing": ("Hm.\n</think>", "", "Hm."),
    "the closing tag at once": ("</think>\n\nFour.", "Four.", ""),
    "closed twice": ("<think>Hm.</think>\n</think>\nFour.", "Four.", "Hm."),
    "a word on the tag inside": (
        "<think>They ask about `</think>`. Easy.</think>It closes.",
        "It closes.",
        "They ask about `</think>`. Easy.",
    ),
    "tags in the answer": (
        "<think>Hm.</think>Write <think>a</think> so.",
        "Write <think>a</think> so.",
        "Hm.",
    ),
    "code first in the answer": (
        "<think>Hm.</think>\n\n    <think>a</think>",
        "    <think>a</think>",
        "Hm.",
    ),
}


def as_streamed(pieces: list[str]) -> tuple[str, str]:
    splitter, text, thoughts = ThoughtSplitter(), "", ""
    for parts in [*map(splitter.feed, pieces), splitter.end()]:
        kept = len(text) - parts.moved
        assert kept >= 0
        text, thoughts = (
            text[:kept] + parts.text,
            thoughts + text[kept:] + parts.thoughts,
        )
    return text, thoughts


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize(("answer", "text", "thoughts"), SPLIT.values(), ids=SPLIT)
def test_thoughts_are_split_off(answer: str, text: str, thoughts: str) -> None:
    assert split_thoughts(answer) == (text, thoughts)
    for size in range(1, len(answer) + 1):
        streamed_text, streamed_thoughts = as_streamed(cut(answer, size))
        assert (streamed_text, streamed_thoughts.strip()) == (text, thoughts)


WHOLE: dict[str, str] = {
    "nothing": "",
    "blanks": " \n ",
    "plain words": "Four.\n",
    "a tag in the middle": "Write <think>a</think> for a thought.",
    "a tag in code": "`<think>a</think>` is a thought.",
    "a tag in a block": "```xml\n<think>a</think>\n```\n",
    "a tag in indented code": "    <think>a</think>\n",
    "another tag": "<thinner>a</thinner>",
    "part of a tag": "<thin",
    "a comparison": "<think and you are wrong",
    "a closing tag in code": "The tag `</think>` closes.",
    "a closing tag in a block": "Look:\n\n```\na</think>\nb\n```\n\nDone.",
    "a closing tag in a block of another kind": "~~~~\n~~~\na</think>b\n~~~~",
    "a closing tag in a list": "1. So:\n   ```\n   a\n   </think>\n   ```\n",
    "a closing tag in indented code": "So:\n\n    </think>\n\nDone.",
    "a closing tag in quotes": "Write “</think>” at the end.",
    "a closing tag as a word": "The mark </think> closes a thought.",
    "a closing tag as the last word": "A thought is closed by </think>",
    "both tags as words": "It is <think>\nand then\n</think>\nas always.",
    "a channel in the middle": "So <|channel|>analysis<|message|>a<|end|>b",
    "a channel that is none": "<|channel|>music<|message|>a",
    "an end in the middle": "a<|end|>b",
}


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
def test_the_same_words_elsewhere_stay_text(answer: str) -> None:
    assert split_thoughts(answer) == (answer, "")
    for size in range(1, len(answer) + 1):
        assert as_streamed(cut(answer, size)) == (answer, "")


def test_plain_text_is_given_at_once() -> None:
    splitter = ThoughtSplitter()
    assert splitter.feed("Fo").text == "Fo"
    assert splitter.feed("ur <").text == "ur "
    assert splitter.feed("b>").text == "<b>"


def test_thoughts_are_given_at_once() -> None:
    splitter = ThoughtSplitter()
    splitter.feed("<think>")
    assert splitter.feed("Hm").thoughts == "Hm"
    assert splitter.feed(" so").thoughts == " so"


def test_text_that_was_a_thought_is_told_by_its_length() -> None:
    splitter = ThoughtSplitter()
    assert splitter.feed("Hm. ").text == "Hm. "
    parts = splitter.feed("So.</think>Four.")
    assert (parts.moved, parts.thoughts, parts.text) == (4, "So.", "Four.")


def test_where_the_server_splits_the_text_is_left_alone() -> None:
    for answer in ("<think>a</think>b", "a</think>b", "[THINK]a[/THINK]b"):
        splitter = ThoughtSplitter()
        splitter.trust_server()
        assert splitter.feed(answer).text + splitter.end().text == answer
    splitter = ThoughtSplitter()
    splitter.trust_server()
    assert splitter.feed("</think>\n\nFour.").text == "Four."


_WORDS = st.sampled_from(
    [
        "<think>", "</think>", "<thinking>", "[THINK]", "[/THINK]", "`", "```\n", "\n",
        " ", "a", "<|channel|>", "analysis", "final", "<|message|>", "<|end|>", "</th",
        "<|start|>assistant", "<|return|>", '"', "    ", "İ", "<|begin_of_solution|>",
    ]
)  # fmt: skip


@given(st.lists(_WORDS, max_size=12), st.integers(1, 9))
@example(["`", "a", "</think>", "`", "<think>"], 1)
def test_however_an_answer_is_cut_it_says_the_same(words: list[str], size: int) -> None:
    answer = "".join(words)
    text, thoughts = split_thoughts(answer)
    streamed_text, streamed_thoughts = as_streamed(cut(answer, size))
    assert (streamed_text, streamed_thoughts.strip()) == (text, thoughts.strip())


@given(st.lists(_WORDS, max_size=12))
def test_no_letter_is_lost_or_doubled(words: list[str]) -> None:
    answer = "".join(words)
    text, thoughts = split_thoughts(answer)
    assert (text + thoughts).count("a") <= answer.count("a")
    assert (text + thoughts).count("İ") == answer.count("İ")


HOSTILE: dict[str, str] = {
    "blanks": " " * 100_000,
    "code": "`</think>`" * 10_000,
    "a thought of code": "<think>" + "`</think>`" * 10_000,
    "channels": "<|channel|>analysis<|message|>a<|end|>" * 3_000,
    "ends": "<|channel|>final<|message|>" + "<|end|>a" * 10_000,
    "closing tags": "</think>" * 10_000,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_ends(hostile: str) -> None:
    text, thoughts = as_streamed(cut(hostile, 7))
    assert (text, thoughts.strip()) == split_thoughts(hostile)
