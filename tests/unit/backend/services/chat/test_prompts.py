"""What is sent begins with a question, alternates, and says all that was said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.engine import Role, Turn
from backend.services.chat.prompts import (
    KEPT_SHARE,
    OPENING,
    Prompt,
    PromptMessage,
    Room,
    left_out_sentence,
    prompt_of,
)

MESSAGES = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from(["", "  \n", "one", "zwei", "三", "🙂🙂"])
    ),
    max_size=30,
)


def said(*data: tuple[bool, str]) -> list[PromptMessage]:
    """Return messages with ids and texts of their own."""
    return [
        PromptMessage(
            str(i), is_question=is_question, text=f"{text}{i}" if text.strip() else ""
        )
        for i, (is_question, text) in enumerate(data)
    ]


def question(text: str) -> PromptMessage:
    return PromptMessage(text, is_question=True, text=text)


def answer(text: str) -> PromptMessage:
    return PromptMessage(text, is_question=False, text=text)


@given(MESSAGES, st.sampled_from(["", "Be brief."]), st.booleans())
def test_turns_alternate_and_nothing_that_was_said_is_missing(
    items: list[tuple[bool, str]], instructions: str, goes_on: bool
) -> None:
    messages = [*said(*items), question("and now?")]
    prompt = prompt_of(messages, instructions)
    turns = (prompt.going_on("So far") if goes_on else prompt).turns()
    if instructions:
        assert turns.pop(0) == Turn(Role.SYSTEM, instructions)
    roles = [turn.role for turn in turns]
    assert roles[::2] == [Role.USER] * len(roles[::2])
    assert roles[1::2] == [Role.ASSISTANT] * len(roles[1::2])
    assert roles[-1] is (Role.ASSISTANT if goes_on else Role.USER)
    for role, is_question in ((Role.USER, True), (Role.ASSISTANT, False)):
        sent = "\n".join(turn.text for turn in turns if turn.role is role)
        for message in messages:
            assert message.is_question is not is_question or message.text in sent


@given(MESSAGES, st.integers(0, 200))
def test_what_is_left_out_is_the_oldest_and_counted(
    items: list[tuple[bool, str]], size: int
) -> None:
    messages = [*said(*items), question("and now?")]
    whole = prompt_of(messages)
    fitting = whole.fitting(size)
    assert fitting.pairs == whole.pairs[len(whole.pairs) - len(fitting.pairs) :]
    assert fitting.size <= size or len(fitting.pairs) == 1
    shown = [message for message in messages if message.text.strip()]
    kept = sum(pair.messages for pair in fitting.pairs)
    assert fitting.left_out + kept == len(shown)


def test_a_question_without_an_answer_becomes_one_with_the_next() -> None:
    prompt = prompt_of([question("One?"), answer(""), question("Two?")])
    assert prompt.turns() == [Turn(Role.USER, "One?\n\nTwo?")]


def test_a_conversation_that_begins_with_an_answer_keeps_it() -> None:
    prompt = prompt_of([answer("Hello!"), question("Who are you?")])
    assert prompt.turns() == [
        Turn(Role.USER, OPENING),
        Turn(Role.ASSISTANT, "Hello!"),
        Turn(Role.USER, "Who are you?"),
    ]


def test_thinking_without_a_word_is_gone_on_with_in_the_question() -> None:
    prompt = prompt_of([question("Why?")])
    (turn,) = prompt.going_on("", "First, hm").turns()
    assert turn.role is Role.USER
    assert turn.text.startswith("Why?")
    assert "First, hm" in turn.text
    assert prompt.going_on("", "  ") == prompt


def test_each_shortening_takes_a_pair_until_one_is_left() -> None:
    prompt: Prompt | None = prompt_of(
        [*(question("q" * 90), answer("a" * 90)) * 8, question("last")]
    )
    sizes = []
    while prompt is not None:
        sizes.append(prompt.size)
        assert prompt.turns()[-1].text == "last"
        prompt = prompt.shortened()
    assert sizes[-1] == len("last")
    assert all(b <= a * KEPT_SHARE or b == 4 for a, b in pairwise(sizes))


def test_the_beginning_stays_the_same_while_there_is_room() -> None:
    def talk(count: int) -> Prompt:
        pairs = [(question(f"q{i:04}"), answer(f"a{i:04}")) for i in range(count)]
        return prompt_of([*(said for pair in pairs for said in pair), question("last")])

    refused = talk(10)
    shorter = refused.shortened()
    assert shorter is not None
    room = Room(refused.size, shorter.pairs[0].id)
    firsts = [room.fit(talk(count)).pairs[0].id for count in range(8, 14)]
    assert firsts[:2] == ["q0000", "q0000"]
    assert set(firsts[2:5]) == {shorter.pairs[0].id}
    assert all(room.fit(talk(count)).size < room.refused for count in range(50))


@pytest.mark.parametrize(
    ("count", "beginning"),
    [(0, ""), (1, "The oldest message was"), (1200, "The 1,200 oldest messages were")],
)
def test_what_is_left_out_is_said(count: int, beginning: str) -> None:
    assert left_out_sentence(count).startswith(beginning)
    assert bool(left_out_sentence(count)) is bool(count)
