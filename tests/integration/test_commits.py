"""Every kind of change, however it is made, is heard by every page and by the shell."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.ids import new_id
from tests.helpers.export_samples import chatgpt
from tests.helpers.sidecar import Answer
from tests.helpers.talk import Talk, open_talk, say

pytestmark = pytest.mark.sidecar

HEARD_S = 30
FORM = {"content-type": "application/x-www-form-urlencoded", "hx-request": "true"}


class Other:
    """What another page, or the JSON side, does; and what an open page hears of it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.seq = 0

    def send(self, method: str, route: str, /, **form: str) -> Answer:
        """Send a request as htmx does."""
        body = urlencode(form).encode()
        answer = self._talk.sidecar.request(method, route, headers=FORM, body=body)
        assert answer.status < 400, answer.text
        return answer

    def begin(self, text: str) -> tuple[str, str]:
        """Ask in a new conversation; return it and the answer, which has ended."""
        data = json.loads(self.send("POST", "/api/v1/ask", text=text).body)
        self._talk.wait(data["message_id"])
        self._talk.rest()
        return data["conversation_id"], data["message_id"]

    def note(self, text: str) -> str:
        """Keep a note."""
        return str(json.loads(self.send("POST", "/api/v1/notes", text=text).body)["id"])

    def undo(self, answer: Answer) -> Answer:
        """Choose Undo."""
        found = re.search(r'hx-post="(/changes/[^"]+)"', answer.text)
        assert found, answer.text
        return self.send("POST", found[1])

    def listen(self) -> None:
        """Let the page have heard of all that was done before."""
        mark = self._seq()
        self.send("POST", "/actions", name=new_id(), kind="prompt", prompt="x")
        with self._talk.sidecar.open_events(since=mark) as events:
            # What was gathered before goes out together with it.
            next(event for event in events if event.name == "actions")
        self.seq = self._seq()

    def hear(self, *wanted: str) -> None:
        """Wait until the page heard these, and never that all is to be loaded."""
        left = set(wanted)
        # A stream that is open is never silent: only its end ends the waiting.
        late = threading.Timer(HEARD_S, self._talk.sidecar.process.kill)
        late.start()
        with self._talk.sidecar.open_events(since=self.seq) as events:
            while left:
                event = next(events, None)
                assert event, left
                assert event.name != "resync"
                left.discard(event.name)
                if event.name == "messages":
                    left.discard(json.loads(event.data)["part"])
        late.cancel()

    def shell_seq(self, since: int = 0) -> int:
        """Return what the shell knows of changes; after one, if it knows the latest."""
        path = f"/api/v1/activity?since={since}&wait={5 if since else 0}"
        return int(json.loads(self._talk.sidecar.get(path).body)["seq"])

    def events(self) -> int:
        """Return how many events there were since the page listens."""
        return self._seq() - self.seq

    def _seq(self) -> int:
        found = re.search(r"/events\?since=(\d+)", self._talk.sidecar.get("/").text)
        assert found
        return int(found[1])


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with open_talk(tmp_path_factory.mktemp("commits"), say("A word.")) as talk:
        yield talk


@pytest.fixture
def other(talk: Talk) -> Other:
    return Other(talk)


def test_messages_are_heard_whoever_asks(other: Other) -> None:
    conversation, _ = other.begin("One")
    other.listen()
    path = f"/conversations/{conversation}/messages"
    sent = other.send("POST", path, text="Two")
    assert "<article" not in sent.text
    other.hear("added", "conversations", "ended")
    other._talk.rest()
    other.listen()
    other.send("POST", "/api/v1/quick", text="Three", conversation=conversation)
    other.hear("added", "conversations", "ended")


def test_editing_deleting_and_undoing_messages_is_heard(
    other: Other, talk: Talk
) -> None:
    conversation, answer = other.begin("Who?")
    (question,) = re.findall(
        r'class="message question" id="message-([^"]+)"', talk.page(conversation)
    )
    other.listen()
    edited = other.send("PUT", f"/messages/{question}", text="What?")
    other.hear("whole")
    other.listen()
    other.undo(edited)
    other.hear("whole")
    other.listen()
    deleted = other.send("DELETE", f"/messages/{question}")
    other.hear("removed", "trash")
    other.listen()
    other.undo(deleted)
    other.hear("log", "trash")
    other.send("DELETE", f"/messages/{answer}")
    other.listen()
    other.send("POST", f"/trash/message/{answer}/restore")
    other.hear("log", "trash")
    other.listen()
    talk.play = say("Another.")
    retried = other.send("POST", f"/messages/{answer}/retry")
    other.hear("log", "conversations")
    talk.rest()
    other.listen()
    other.undo(retried)
    other.hear("log", "removed")


def test_a_mark_is_shown_leads_back_and_goes_with_its_note(
    other: Other, talk: Talk
) -> None:
    conversation, answer = other.begin("Which?")
    other.listen()
    marked = other.send("POST", f"/messages/{answer}/note", text="of it")
    other.hear("whole", "notes")
    link = f"/messages/{answer}/note"
    assert f'hx-get="{link}"' in talk.page(conversation)
    note = talk.sidecar.get(link).headers["location"]
    back = f"/conversations/{conversation}?around={answer}"
    assert back in talk.sidecar.get(note).text
    assert "of it" in talk.sidecar.get(note).text
    talk.send(f"/messages/{answer}/retry")
    talk.rest()
    assert f'id="message-{answer}"' in talk.sidecar.get(back).text
    other.listen()
    other.send("DELETE", note)
    other.hear("whole")
    assert f'hx-get="{link}"' not in talk.page(conversation)
    other.listen()
    other.send("POST", "/trash" + note.replace("notes", "note") + "/restore")
    other.hear("whole")
    other.send("DELETE", f"/messages/{answer}")
    assert "is no longer there" in talk.sidecar.get(note).text
    other.undo(marked)
    assert talk.sidecar.get(link).status == 404


def test_a_title_and_a_deleted_conversation_are_heard_also_by_the_shell(
    other: Other,
) -> None:
    conversation, _ = other.begin("Name me")
    other.listen()
    seq = other.shell_seq()
    other.send("PUT", f"/conversations/{conversation}/title", title="Named")
    assert other.shell_seq(seq) > seq
    other.hear("conversations", "toast")
    other.listen()
    seq = other.shell_seq()
    deleted = other.send("DELETE", f"/conversations/{conversation}")
    assert other.shell_seq(seq) > seq
    other.hear("conversations", "trash")
    other.listen()
    other.undo(deleted)
    other.hear("conversations", "trash")
    other.send("DELETE", f"/conversations/{conversation}")
    other.listen()
    other.send("DELETE", f"/trash/conversation/{conversation}")
    other.hear("trash", "conversations")


def test_notes_are_heard_when_they_are_kept_written_restored_and_purged(
    other: Other,
) -> None:
    other.listen()
    note = other.note("First")
    other.hear("notes")
    other.listen()
    other.send("PUT", f"/notes/{note}", body="Second")
    other.send("GET", "/notes/list")
    other.hear("notes")
    versions = other.send("GET", f"/history/note/{note}").text
    (first, *_) = sorted(map(int, re.findall(rf"/history/note/{note}/(\d+)", versions)))
    other.listen()
    other.send("POST", f"/history/note/{note}/{first}/restore")
    other.hear("notes")
    other.send("DELETE", f"/notes/{note}")
    other.listen()
    other.send("DELETE", f"/trash/note/{note}")
    other.hear("trash")


def test_actions_are_heard_also_by_the_shell(other: Other) -> None:
    other.listen()
    seq = other.shell_seq()
    other.send("PUT", "/actions/explain/tray", in_tray="yes")
    other.send("PUT", "/actions/explain/tray")
    assert other.shell_seq(seq) > seq
    other.hear("actions")
    other.listen()
    other.send("POST", "/api/v1/actions/shortcuts", explain=new_id())
    other.hear("actions")


def test_an_import_and_taking_it_back_are_heard_in_few_events(
    other: Other, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([chatgpt(n) for n in range(200)]), "utf-8")
    other.send("POST", "/imports", path=str(path))
    found = None
    while found is None:
        state = other.send("GET", "/imports/state").text
        assert "failed" not in state
        found = re.search(r"/imports/([0-9a-f-]+)/begin", state)
    other.listen()
    other.send("POST", f"/imports/{found[1]}/begin")
    other.hear("conversations", "log")
    while "Imported from" not in other.send("GET", "/imports/state").text:
        pass
    assert other.events() < 100
    other.listen()
    other.send("POST", f"/imports/{found[1]}/undo")
    other.hear("conversations", "trash")
