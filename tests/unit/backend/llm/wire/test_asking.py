"""A server that refuses how it is asked is asked in another way."""

import asyncio
import json

import pytest

from backend.errors import EngineFault
from backend.llm.engine import Delta, Role, Turn, TurnPicture
from backend.llm.wire.asking import Ways, instructions_first, refuses_pictures
from backend.llm.wire.chat_request import ollama_request
from backend.llm.wire.continuing import CONTINUE_PROMPT
from tests.helpers.asking import ASK, PARTIAL, answer_of, ask, engine_at
from tests.helpers.model_server import (
    HEAD,
    FakeModelServer,
    Script,
    alternating,
    event,
    in_turn,
    refuse,
    reset_after,
    stream,
    without_system_role,
)

BRIEF = Turn(Role.SYSTEM, "Be brief.")
FOLDED = Turn(Role.USER, "Be brief.\n\nHello?")

CONTINUED: dict[str, tuple[Script, str]] = {
    "goes on": (lambda e: e.say(" on", " the mat."), " on the mat."),
    "repeats": (lambda e: e.say("The c", "at sat on", " the mat."), " on the mat."),
    "starts alike": (lambda e: e.say("The", " mat"), "The mat"),
    "ends alike": (lambda e: e.say("The"), "The"),
    "has nothing to add": (lambda e: e.say(), ""),
    "thinks, then repeats": (
        stream(
            event({"reasoning": "Hm."}),
            event({"content": "The cat"}),
            event({"reasoning": "So."}),
            event({"content": " sat on."}, "stop"),
        ),
        " on.",
    ),
    "thinks in tags, then repeats": (
        lambda e: e.say("<think>Hm.</think>", "The cat", " sat on."),
        " on.",
    ),
    "closes a thought, then repeats": (
        lambda e: e.say("Hm.", "</think>\n\n", "The cat", " sat on."),
        " on.",
    ),
    "thinks as it answered, then repeats": (
        lambda e: e.say("The", " c", "</think>", "The cat", " sat on."),
        " on.",
    ),
}


@pytest.mark.parametrize(("script", "new"), CONTINUED.values(), ids=CONTINUED)
def test_a_continued_answer_gets_only_what_is_new(script: Script, new: str) -> None:
    text, error, server = ask(script, turns=PARTIAL)
    assert (text, error) == (new, None)
    assert server.requests[0].messages[-1]["role"] == "assistant"


def test_a_thought_only_means_that_the_answer_was_whole_or_told() -> None:
    text, error, _ = ask(stream(event({"reasoning": "Hm."}, "stop")), turns=PARTIAL)
    assert text == ""
    assert error is not None
    assert error.fault is EngineFault.THOUGHTS_ONLY


def test_a_server_that_refuses_to_go_on_is_asked_in_words() -> None:
    refusal = refuse(400, {"message": "the last message must be from the user"})
    text, error, server = ask(refusal, lambda e: e.say(" on it."), turns=PARTIAL)
    assert (text, error) == (" on it.", None)
    assert server.requests[1].messages[-1] == {
        "role": "user",
        "content": CONTINUE_PROMPT,
    }


def test_a_continuation_that_breaks_keeps_what_was_held_back() -> None:
    text, error, _ = ask(reset_after(HEAD, event({"content": "The"})), turns=PARTIAL)
    assert text == "The"
    assert error is not None
    assert "Continue" in str(error), "there is a word to go on with"


def test_an_answer_that_never_began_is_asked_for_anew() -> None:
    turns = (*ASK, Turn(Role.ASSISTANT, "\n"))
    text, error, server = ask(lambda e: e.say("Hi"), turns=turns)
    assert (text, error) == ("Hi", None)
    assert [message["role"] for message in server.requests[0].messages] == ["user"]


def test_instructions_stand_before_the_first_question() -> None:
    rest = (Turn(Role.ASSISTANT, "Hi"), Turn(Role.USER, "And?"))
    assert instructions_first((BRIEF, *ASK, *rest)) == [FOLDED, *rest]
    assert instructions_first(ASK) == list(ASK)
    assert instructions_first((BRIEF,)) == [Turn(Role.USER, "Be brief.")]
    assert instructions_first((BRIEF, *rest))[0] == Turn(Role.USER, "Be brief.")


NO_SYSTEM: dict[str, Script] = {
    "llama.cpp": without_system_role,
    "alternating": alternating,
    "in the stream": in_turn(
        stream(b'error: {"message":"Error rendering prompt with jinja template"}\n\n'),
        lambda e: e.say("Hi"),
    ),
    "without a word why": in_turn(lambda e: e.answer(400, ""), lambda e: e.say("Hi")),
}


@pytest.mark.parametrize("script", NO_SYSTEM.values(), ids=NO_SYSTEM)
def test_a_template_without_a_system_role_gets_instructions_in_the_question(
    script: Script,
) -> None:
    text, error, server = ask(script, turns=(BRIEF, *ASK))
    assert (text, error) == ("Hi", None)
    assert server.requests[-1].messages == [
        {"role": "user", "content": "Be brief.\n\nHello?"}
    ]
    assert len(server.requests) == 2


def test_a_template_without_a_system_role_is_remembered_for_its_model() -> None:
    async def main(server: FakeModelServer) -> None:
        engine = engine_at(server.url)
        for model in ("m", "m", "other"):
            got = [delta async for delta in engine.stream(model, (BRIEF, *ASK))]
            assert got == [Delta("Hi")]
        await engine.close()

    with FakeModelServer(without_system_role) as server:
        asyncio.run(main(server))
    first_roles = [request.messages[0]["role"] for request in server.requests]
    assert first_roles == ["system", "user", "user", "system", "user"]


def test_going_on_and_instructions_are_refused_together() -> None:
    text, error, server = ask(alternating, turns=(BRIEF, *PARTIAL))
    assert (text, error) == ("Hi", None)
    assert [message["role"] for message in server.requests[-1].messages] == [
        "user",
        "assistant",
        "user",
    ]


def test_a_refusal_of_every_way_is_told_in_the_first_words() -> None:
    refusals = [refuse(400, {"message": f"no {number}"}) for number in range(9)]
    _, error, server = ask(refusals[0], *refusals[1:], turns=(BRIEF, *PARTIAL))
    assert error is not None
    assert "(no 0)" in str(error)
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    "script",
    [
        refuse(400, {"message": "maximum context length is 9"}),
        refuse(401, {"message": "no"}),
        refuse(404, {"message": "model m not found"}),
        refuse(500, {"message": "CUDA"}),
    ],
    ids=["too long", "key", "model", "bug"],
)
def test_what_no_other_way_can_help_is_asked_once(script: Script) -> None:
    _, error, server = ask(script, turns=(BRIEF, *PARTIAL))
    assert error is not None
    assert len(server.requests) == 1


def test_a_refusal_that_speaks_of_the_system_skips_the_other_ways() -> None:
    ways = Ways((BRIEF, *PARTIAL))
    assert ways.take().turns == (BRIEF, *PARTIAL)
    way = ways.after("System role not supported")
    assert way is not None
    assert way.is_plain
    plain = Ways(PARTIAL)
    plain.take()
    assert plain.after("System role not supported") is not None


def test_reasoning_is_kept_when_text_is_held_back() -> None:
    script = stream(
        event({"reasoning": "Hm."}), event({"content": "The cat sat"}, "stop")
    )
    with FakeModelServer(script) as server:
        got, error = asyncio.run(answer_of(server.url, PARTIAL))
    assert error is None
    assert got == [Delta(reasoning="Hm.")]


SEEN = [Turn(Role.USER, "What is it?", (TurnPicture("image/png", b"pixels"),))]


@pytest.mark.parametrize(
    "words",
    [
        "image input is not supported - hint: you may need to provide the mmproj",
        "No endpoints found that support image input",
        "messages[0]: unknown variant `image_url`, expected `text`",
        "messages.0.content: Input should be a valid string",
        "This model does not support vision",
        "Invalid content type. image_url is only supported by certain models.",
        "m is not a multimodal model",
    ],
)
def test_a_refusal_of_pictures_is_known_by_its_words(words: str) -> None:
    assert refuses_pictures(words, SEEN)
    assert not refuses_pictures(words, [Turn(Role.USER, "What is it?")])


@pytest.mark.parametrize(
    "words",
    [
        "image exceeds the maximum of 5 MB, it must be smaller",
        "Failed to decode image: it is not valid",
        "invalid image format, only PNG is read",
        "the system role is not supported by this model",
        "out of memory",
    ],
)
def test_what_is_wrong_with_one_picture_says_nothing_of_the_model(words: str) -> None:
    assert not refuses_pictures(words, SEEN)


def test_instructions_first_keep_the_pictures() -> None:
    (turn,) = instructions_first([Turn(Role.SYSTEM, "Be brief."), *SEEN])
    assert turn == Turn(Role.USER, "Be brief.\n\nWhat is it?", SEEN[0].pictures)


def test_ollama_is_sent_pictures_its_own_way() -> None:
    asked = ollama_request("http://127.0.0.1:11434/v1", "m", SEEN, {}, 4096)
    (message,) = json.loads(asked.body)["messages"]
    assert message == {"role": "user", "content": "What is it?", "images": ["cGl4ZWxz"]}
