"""Quick actions and quick ask through a real sidecar and the scripted model."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from backend.interface.api_types import AnswerPiece, Refusal, decode
from tests.helpers.scripted_model import HELLO, MARKDOWN
from tests.helpers.sidecar import Answer, Sidecar

pytestmark = pytest.mark.sidecar

_FORM = {"content-type": "application/x-www-form-urlencoded"}
OWN = {"name": "Shorten", "kind": "prompt", "prompt": "markdown {clipboard}"}


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Sidecar]:
    with Sidecar.start(tmp_path) as running:
        assert running.wait_for_database() == "connected"
        yield running


@pytest.fixture
def ready(sidecar: Sidecar, scripted_gguf: Path) -> Sidecar:
    """A sidecar with a model."""
    send(sidecar, "POST", "/engines/builtin", path=str(scripted_gguf))
    return sidecar


def send(sidecar: Sidecar, method: str, target: str, /, **form: str) -> Answer:
    body = urlencode(form).encode()
    return sidecar.request(method, target, headers=_FORM, body=body, timeout=30)


def data_of(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.text
    facts: dict[str, Any] = json.loads(answer.body)
    return facts


def names(sidecar: Sidecar) -> list[str]:
    actions = data_of(sidecar.get("/api/v1/actions"))["actions"]
    return [action["name"] for action in actions]


def undo_in(html: str) -> str:
    """Return what Undo, or Redo, posts."""
    found = re.search(r'hx-post="(/changes/[^"]+)"', html)
    assert found, html
    return found[1]


def run(sidecar: Sidecar, action_id: str, **form: str) -> Answer:
    return send(sidecar, "POST", f"/api/v1/actions/{action_id}/run", **form)


def follow(sidecar: Sidecar, message_id: str) -> tuple[str, AnswerPiece]:
    """Return an answer, and how it ended."""
    *_, ended = sidecar.follow(message_id)
    return ended


def test_everybody_begins_with_the_same_actions(sidecar: Sidecar) -> None:
    assert names(sidecar)[:6] == [
        "Explain",
        "Summarise",
        "Translate",
        "Fix Grammar",
        "Save as Note",
        "Clean Text",
    ]


def test_an_action_without_a_model_answers_at_once(sidecar: Sidecar) -> None:
    facts = data_of(run(sidecar, "redact", clipboard="Call 555 010"))
    assert facts["text"] == "Call [number]"
    assert facts["result"] == "copy"


def test_what_cannot_be_run_says_why(sidecar: Sidecar) -> None:
    empty = run(sidecar, "count", clipboard=" ")
    assert empty.status == 422
    assert "Copy some" in json.loads(empty.body)["error"]
    no_model = run(sidecar, "explain", clipboard="x")
    assert no_model.status == 409
    assert "Choose one first" in json.loads(no_model.body)["error"]
    assert run(sidecar, "nothing", clipboard="x").status == 404


def test_an_action_with_a_model_streams_into_a_named_conversation(
    ready: Sidecar,
) -> None:
    facts = data_of(run(ready, "explain", clipboard="Entropy rises."))
    text, _ = follow(ready, facts["message_id"])
    assert text == HELLO
    recent = data_of(ready.get("/api/v1/conversations/recent"))["conversations"]
    assert recent == [
        {"id": facts["conversation_id"], "title": "Explain: Entropy rises"}
    ]


def test_a_result_is_saved_as_a_note(ready: Sidecar) -> None:
    local = data_of(run(ready, "save-note", clipboard="Buy milk"))
    assert local["outcome"] == "Saved as a note."
    send(ready, "POST", "/actions", **OWN, result="note")
    own = data_of(ready.get("/api/v1/actions"))["actions"][-1]["id"]
    with ready.open_events() as events:
        facts = data_of(run(ready, own, clipboard="x"))
        assert next(event.seq for event in events if event.name == "notes")
    text, ended = follow(ready, facts["message_id"])
    assert (text, ended.outcome) == (MARKDOWN, "Saved as a note.")


def test_quick_ask_leaves_the_draft_of_the_window_alone(ready: Sidecar) -> None:
    send(ready, "PUT", "/drafts/new", text="half a thought")
    send(ready, "POST", "/api/v1/quick/draft", text="quick hal")
    assert data_of(ready.get("/api/v1/quick"))["draft"] == "quick hal"
    facts = data_of(send(ready, "POST", "/api/v1/quick", text="hi", submission="s1"))
    again = data_of(send(ready, "POST", "/api/v1/quick", text="hi", submission="s1"))
    assert again == facts
    follow(ready, facts["message_id"])
    assert "half a thought" in ready.get("/drafts/new").text
    assert data_of(ready.get("/api/v1/quick"))["draft"] == ""
    more = send(
        ready,
        "POST",
        "/api/v1/quick",
        text="markdown please",
        conversation=facts["conversation_id"],
    )
    message_id = data_of(more)["message_id"]
    assert follow(ready, message_id)[0] == MARKDOWN
    picture = data_of(ready.get(f"/api/v1/messages/{message_id}/picture"))
    assert picture["size"] == len(MARKDOWN)
    assert "<h1>" in picture["html"]
    assert "<button" not in picture["html"]


def test_while_paused_nothing_answers(ready: Sidecar) -> None:
    facts = data_of(send(ready, "POST", "/api/v1/quick", text="forever"))
    assert data_of(send(ready, "POST", "/api/v1/pause", paused="yes")) == {
        "paused": True
    }
    assert "Stopped" in follow(ready, facts["message_id"])[1].note
    refused = send(ready, "POST", "/api/v1/quick", text="hi")
    assert refused.status == 409
    assert "paused" in json.loads(refused.body)["error"]
    data_of(send(ready, "POST", "/api/v1/pause", paused="no"))
    facts = data_of(send(ready, "POST", "/api/v1/quick", text="hi"))
    assert follow(ready, facts["message_id"])[0] == HELLO


def test_the_page_lists_makes_changes_and_deletes(sidecar: Sidecar) -> None:
    assert "Redact E-mails and Numbers" in sidecar.get("/actions").text
    assert "New quick action" in sidecar.get("/actions/new").text
    made = send(sidecar, "POST", "/actions", **OWN, shortcut="Ctrl+Alt+K")
    assert made.status == 204
    own = data_of(sidecar.get("/api/v1/actions"))["actions"][-1]
    assert (own["name"], own["in_tray"]) == ("Shorten", False)
    path = f"/actions/{own['id']}"
    assert "markdown {clipboard}" in sidecar.get(f"{path}/edit").text
    assert send(sidecar, "PUT", f"{path}/tray", in_tray="yes").status == 204
    taken = send(sidecar, "POST", "/actions", **OWN, shortcut="alt+ctrl+k")
    assert taken.status == 409
    changed = send(sidecar, "PUT", path, **{**OWN, "name": "<Shrink>"})
    assert changed.status == 204
    assert "&lt;Shrink&gt;" in sidecar.get("/actions/list").text
    deleted = send(sidecar, "DELETE", path).text
    assert "<Shrink>" not in names(sidecar)
    before = data_of(sidecar.get("/api/v1/activity"))["seq"]
    undone = send(sidecar, "POST", undo_in(deleted)).text
    assert names(sidecar)[-1] == "<Shrink>"
    # The shell, whose tray and keys show the actions, hears of it.
    assert data_of(sidecar.get("/api/v1/activity"))["seq"] > before
    send(sidecar, "POST", undo_in(undone))
    assert "<Shrink>" not in names(sidecar)


def test_a_changed_action_is_changed_back(sidecar: Sidecar) -> None:
    path = "/actions/explain"
    with sidecar.open_events() as events:
        send(sidecar, "PUT", path, **OWN)
        toast = next(event for event in events if event.name == "toast")
    assert names(sidecar)[0] == "Shorten"
    send(sidecar, "POST", undo_in(toast.data))
    assert names(sidecar)[0] == "Explain"


def test_the_order_is_the_users(sidecar: Sidecar) -> None:
    placed = send(sidecar, "PUT", "/actions/count/place", before="explain")
    assert placed.text.index("Count") < placed.text.index("Explain")
    send(sidecar, "PUT", "/actions/explain/place", before="")
    assert (names(sidecar)[0], names(sidecar)[-1]) == ("Count", "Explain")


def test_a_file_brings_actions_to_another_hearth(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    send(sidecar, "POST", "/actions", **OWN, in_tray="yes")
    exported = sidecar.get("/actions/export")
    assert "attachment" in exported.headers["content-disposition"]
    with Sidecar.start(tmp_path / "other") as other:
        taken = send(other, "POST", "/actions/import", content=exported.text)
        assert taken.status == 204
        assert names(other) == names(sidecar)
        send(other, "POST", "/actions/import", content=exported.text)
        assert names(other) == names(sidecar)
        assert send(other, "POST", "/actions/import", content="{}").status == 422


def test_a_form_that_was_not_saved_is_there_again(sidecar: Sidecar) -> None:
    typed = {**OWN, "name": "Shor", "shortcut": "Ctrl+"}
    assert send(sidecar, "PUT", "/actions/new/draft", **typed).status == 204
    form = sidecar.get("/actions/new").text
    assert 'value="Shor"' in form
    assert "unsaved changes" in form
    assert send(sidecar, "POST", "/actions", **OWN).status == 204
    assert 'value="Shor"' not in sidecar.get("/actions/new").text
    own = data_of(sidecar.get("/api/v1/actions"))["actions"][-1]["id"]
    send(sidecar, "PUT", f"/actions/{own}/draft", **{**OWN, "prompt": "half a tho"})
    assert "half a tho" in sidecar.get(f"/actions/{own}/edit").text
    assert "half a tho" not in sidecar.get("/actions/new").text
    over = sidecar.request("DELETE", f"/actions/{own}/draft")
    assert "markdown {clipboard}" in over.text
    assert "unsaved changes" not in over.text


def test_what_the_shell_sends_is_refused_in_json(sidecar: Sidecar) -> None:
    targets = (
        "/engines/builtin",
        "/engines/nobody/file",
        "/exports",
        "/imports",
        "/backups/folder",
        "/actions/import",
        "/api/v1/actions/nobody/run",
    )
    for target in targets:
        answer = sidecar.request(
            "POST",
            target,
            headers={**_FORM, "accept": "application/json"},
            body=urlencode({"path": "/no/such/file"}).encode(),
        )
        assert answer.status >= 400, target
        assert decode(Refusal, answer.body).error.endswith("."), target
